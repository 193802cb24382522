"""`stepdown approvals`, `approve`, `deny`: writes that wait for people, also when Slack is down."""

from typing import Annotated

import typer

from bot.cli.context import As, AsJson, act, open_offline, show

app = typer.Typer()
ApprovalId = Annotated[str, typer.Argument(help="Its id, as `stepdown approvals` has it.")]


@app.command()
def approvals(
    agent: Annotated[str, typer.Argument(help="Of one agent; all of them when left out.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, those due first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the writes that wait for a person, the one that is due first first."""
    with open_offline(agent) as desk:
        show(desk.commands.approvals.pending(agent, limit), as_json)


@app.command()
def approve(approval: ApprovalId, who: As = "") -> None:
    """Let a write pass that waits. Takes a person who is proven: STEPDOWN_PERSONAL_TOKEN."""
    act(who, lambda desk, actor: desk.commands.approvals.approve(actor, approval))


@app.command()
def deny(approval: ApprovalId, reason: Annotated[str, typer.Option(help="Why.")] = "", who: As = "") -> None:
    """Do not let a write pass that waits."""
    act(who, lambda desk, actor: desk.commands.approvals.deny(actor, approval, reason))
