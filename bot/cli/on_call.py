"""`stepdown cover`, `uncover`, `covers`, `canary`: who has the pager, and whether a page would arrive."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.context import NO, UNREACHABLE, WRONG, As, AsJson, act, open_offline, show, stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.runtime.offline import OfflineCommands

app = typer.Typer()
PATIENCE = 30.0
"""Seconds to wait for the running bot to send a test page."""


@app.command()
def cover(
    person: Annotated[str, typer.Argument(help="Whose pager is handed over: a key, a name, or me.")],
    by: Annotated[str, typer.Argument(help="Who has it meanwhile.")],
    until: Annotated[str, typer.Argument(help="09:00 where the person lives, '2026-03-02 09:00', or 8h.")],
    who: As = "",
) -> None:
    """Hand a pager over until a time. It ends by itself; incidents that are open already keep their people."""
    act(who, lambda desk, actor: desk.commands.overrides.cover(actor, person, by, until))


@app.command()
def uncover(person: Annotated[str, typer.Argument(help="Whose pager is taken back.")] = "me", who: As = "") -> None:
    """Take a pager back before its time."""
    act(who, lambda desk, actor: desk.commands.overrides.end_cover(actor, person))


@app.command()
def covers(as_json: AsJson = False) -> None:
    """Say who covers for whom now."""
    with open_offline() as desk:
        show(desk.commands.overrides.covers(), as_json)


@app.command()
def canary(
    person: Annotated[str, typer.Argument(help="Whom to page: a key of people in the fleet file.")],
) -> None:
    """Send a test page to a person, now, by every way they have. The running bot sends it within a second or two."""
    with open_offline() as desk:
        if person not in desk.fleet.people:
            stop(f"There is nobody {person!r}. There are: {', '.join(desk.fleet.people)}.", WRONG)
        keys = desk.test_page(person)
        if not keys:
            stop(f"{person} cannot be paged by any way.", NO)
        _await(desk, keys)


@app.command()
def export(
    file: Annotated[str, typer.Argument(help="Where it goes; - is standard output.")] = "-",
) -> None:
    """Write everything that is stored, as JSON lines."""
    import sys
    from pathlib import Path

    from bot.cli.output import SECRETS
    from bot.core.formatting.plurals import plural

    with open_offline() as desk:
        if file == "-":
            sys.stdout.writelines(f"{line}\n" for line in desk.export())
            return
        with Path(file).open("x", encoding="utf-8") as out:
            count = sum(1 for line in desk.export() if out.write(f"{SECRETS(line)}\n"))
    print(f"{file}: {plural(count, 'line')}")


def _await(desk: "OfflineCommands", keys: "Sequence[str]") -> None:
    """Print how each way went; exits with 1 where one failed, with 3 where no bot sends."""
    import time

    over = time.monotonic() + PATIENCE
    waiting = list(keys)
    bad = False
    while waiting and time.monotonic() < over:
        time.sleep(0.2)
        for key in list(waiting):
            found = desk.store.outcome(key)
            if found is not None and found.state not in ("pending", "sending"):
                waiting.remove(key)
                bad = bad or found.state != "sent"
                print(f"{key.rsplit('/', 1)[-1]}: {found.state}{f' ({found.why})' if found.why else ''}")
    if waiting:
        stop(f"Not sent within {PATIENCE:.0f} s: {', '.join(key.rsplit('/', 1)[-1] for key in waiting)}.", UNREACHABLE)
    if bad:
        raise typer.Exit(NO)
