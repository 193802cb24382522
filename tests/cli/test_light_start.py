"""What a command does not need it does not load: `--help` at 2 am, and `check` in every commit, start at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.example_environment import EXAMPLE_ENVIRONMENT

HEAVY = (
    *("alembic", "apprise", "fastapi", "google.protobuf", "matplotlib", "numpy", "prometheus_client", "psycopg"),
    *("slack_bolt", "slack_sdk", "sqlalchemy", "sqlmodel", "uvicorn", "bot.store", "bot.slack", "bot.web"),
)
"""Each takes a tenth of a second or more, or has no business beside what needs neither a database nor a network."""
READERS = ("httpx", "jinja2", "jmespath", "pydantic", "ruamel.yaml", "yaml", "bot.config", "bot.engine", "bot.runbooks")
"""What reads and checks files."""
LOADED = """
import sys
from bot.__main__ import main
sys.argv = ["stepdown", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    code = end.code
sys.stderr.write("\\n".join(["", *sys.modules]))
sys.exit(code)
"""


def loaded(folder: Path, *words: str) -> set[str]:
    """The modules that a command has loaded when it ends well."""
    command = [sys.executable, "-c", LOADED, *words]
    done = subprocess.run(command, cwd=folder, env=EXAMPLE_ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert done.stdout, "it said nothing, so it may have done nothing"
    return set(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "needless"),
    [
        ("--version", (*HEAVY, *READERS, "rich")),
        ("--help", (*HEAVY, *READERS)),
        ("incident --help", (*HEAVY, *(set(READERS) - {"pydantic"}))),  # Typer takes pydantic for its types
        ("check fleet.example.yaml", HEAVY),
        ("schema", HEAVY),
        ("tabletop list", HEAVY),
        ("token agent:refunds", HEAVY[:-1]),
        ("examples", HEAVY),
    ],
)
def test_a_command_loads_what_it_needs(words: str, needless: tuple[str, ...], tmp_path: Path, repository: Path) -> None:
    place = tmp_path if words == "examples" else repository
    found = loaded(place, *words.split())
    assert "typer" in found
    assert not [name for name in needless if name in found]


def test_a_module_that_is_loaded_would_be_seen(repository: Path) -> None:
    assert "bot.config" in loaded(repository, "check", "fleet.example.yaml")
