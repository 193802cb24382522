"""`stepdown actions`: what an agent did behind its gateways, and what is to be undone."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.context import WRONG, AgentKey, AsJson, open_offline, stop

if TYPE_CHECKING:
    from datetime import timedelta

app = typer.Typer()
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV, with room for a tick and a name in each line.")]


@app.command()
def actions(
    agent: AgentKey,
    last: Annotated[str, typer.Option("--last", help="How far back: 30m, 8h, 2d.")] = "24h",
    every: Annotated[bool, typer.Option("--all", help="Reads, denied and held calls too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 100_000,
    in_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """List the writes that reached an agent's tools, or may have: what cannot be undone first.

    Only what went through a gateway is in the ledger; what the agent did past it nobody saw.
    """
    import json

    from bot.core.enforcement.undo_list import as_csv, as_rows, heading, undo_list
    from bot.core.formatting.json_view import json_view
    from bot.core.formatting.terminal_text import visible
    from bot.runtime.clock import RealClock

    span = _span(last)
    with open_offline(agent) as desk:
        now = RealClock().now()
        found = desk.store.actions(agent, now - span, now, writes_only=not every, limit=limit)
    listed = list(found) if every else undo_list(found)
    if as_json:
        print(json.dumps([json_view(one) for one in listed], indent=2))
    elif in_csv:
        print(as_csv(listed), end="")
    else:
        print(heading(agent, listed, last, cut=len(found) == limit, every=every))
        for row in as_rows(listed):
            print(visible("  ".join(row)))


def _span(text: str) -> "timedelta":
    from datetime import timedelta

    from bot.core.formatting import durations

    try:
        return timedelta(seconds=durations.seconds(text))
    except ValueError as error:
        stop(f"--last: {error}", WRONG)
