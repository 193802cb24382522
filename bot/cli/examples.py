"""`stepdown examples`: what comes with the program, copied to where it can be changed."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.context import NO, stop

app = typer.Typer()


@app.command()
def examples(folder: Annotated[Path, typer.Argument(help="Where they go; nothing is written over.")] = Path()) -> None:
    """Copy the example fleet file and settings, the runbooks and playbooks, and the example agents into a folder."""
    from bot import shipped

    try:
        for name in shipped.NAMES:
            for source, target in _copies(shipped.path(name), folder / name):
                print(_copy(source, target))
    except OSError as error:
        stop(f"{error.filename or folder}: cannot be written: {error.strerror or error}", NO)
    print("Next: copy fleet.example.yaml to fleet.yaml and .env.example to .env, fill them in, and run stepdown check.")


def _copies(source: Path, target: Path) -> Iterator[tuple[Path, Path]]:
    if source.is_file():
        yield source, target
        return
    for found in sorted(source.rglob("*")):
        if found.is_file() and "__pycache__" not in found.parts:
            yield found, target / found.relative_to(source)


def _copy(source: Path, target: Path) -> str:
    if target.exists():
        return f"{target}: is there already, left as it is"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return f"{target}"
