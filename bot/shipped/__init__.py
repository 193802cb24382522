"""Where the files that come with the program are: runbooks, playbooks and examples.

In the repository they stand at the top, where people look for them; a wheel has a copy of them in this package
(`setup.py` puts it there). This is the only place that knows of both.
"""

from importlib.resources import files
from pathlib import Path

__all__ = ["NAMES", "path"]

NAMES = ("runbooks", "playbooks", "examples", "fleet.example.yaml", ".env.example")
"""What comes with the program. `setup.py` reads the same names."""


def path(name: str) -> Path:
    """The file or folder of this name. Raises FileNotFoundError that says where it was looked for."""
    package = Path(str(files(__package__)))
    places = (package / name, package.parents[1] / name)
    for place in places:
        if place.exists():
            return place
    raise FileNotFoundError(f"{name} did not come with this installation; looked for {places[0]} and {places[1]}")
