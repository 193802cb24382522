"""`stepdown db ...`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.context import NO, UNREACHABLE, WRONG, AsJson, settings_now, stop

db_app = typer.Typer(no_args_is_help=True, help="Back up, upgrade, copy or look at the database.")


@db_app.command("backup")
def db_backup(file: Annotated[Path, typer.Argument(help="Where the copy goes; nothing is written over.")]) -> None:
    """Copy a SQLite database while the bot runs: whole, of one moment, checked."""
    from bot.store import StoreError
    from bot.store.tools.backup import back_up

    try:
        size = back_up(settings_now().database_url, file)
    except StoreError as error:
        stop(str(error), UNREACHABLE)
    print(f"{file}: {size / 1e6:.1f} MB")


@db_app.command("upgrade")
def db_upgrade() -> None:
    """Bring the database to this version's schema. Run it once for each new version, before the bot."""
    from bot.store import StoreError
    from bot.store.tools.upgrade import upgrade

    try:
        print(f"schema {upgrade(settings_now().database_url)}")
    except StoreError as error:
        stop(str(error), UNREACHABLE)


@db_app.command("status")
def db_status(as_json: AsJson = False) -> None:
    """The schema, who runs on it, and what waits to be sent. Exits with 1 where the schema is not this version's."""
    from dataclasses import asdict

    from bot.store import StoreError
    from bot.store.tools.status import look

    try:
        found = look(settings_now().database_url)
    except StoreError as error:
        stop(str(error), UNREACHABLE)
    if as_json:
        print(json.dumps(asdict(found) | {"current": found.current}, indent=2))
    else:
        print("\n".join(found.lines()))
    if not found.current:
        raise typer.Exit(NO)


@db_app.command("copy")
def db_copy(
    source: Annotated[str, typer.Argument(help="The database to read, such as sqlite:///stepdown.db.")],
    target: Annotated[str, typer.Argument(help="An empty database with this version's schema.")],
    as_json: AsJson = False,
) -> None:
    """Copy everything from one database to another, of either engine, whole or not at all. Stop the bot first."""
    from bot.ports.database_url import database_url
    from bot.store import StoreError
    from bot.store.tools.copying import copy

    for role, url in (("source", source), ("target", target)):
        try:
            database_url(url)
        except ValueError as error:
            stop(f"The {role} {error}.", WRONG)
    try:
        counts = copy(source, target)
    except StoreError as error:
        stop(str(error), UNREACHABLE)
    if as_json:
        print(json.dumps(dict(counts), indent=2))
        return
    print("\n".join(f"{name:12} {count:>12,}" for name, count in counts.items()))
    print("Every row is there, and every timeline is whole.")
