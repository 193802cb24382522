"""`stepdown status`, `agents`, `step-down`, `restore`, `postmortem`, `verify`."""

from typing import Annotated

import typer

from bot.cli.context import NO, As, AsJson, Incident, act, number, open_offline, show, stop

app = typer.Typer()


@app.command()
def status(as_json: AsJson = False) -> None:
    """Open incidents."""
    with open_offline() as desk:
        show(desk.commands.queries.incidents(), as_json)


@app.command()
def agents(agent: Annotated[str | None, typer.Argument(help="One agent.")] = None, as_json: AsJson = False) -> None:
    """Agents with their rungs and numbers, or one of them."""
    with open_offline() as desk:
        show(desk.commands.queries.agent(agent) if agent else desk.commands.queries.fleet(), as_json)


@app.command("step-down")
def step_down(
    agent: str,
    rung: Annotated[str | None, typer.Argument(help="The rung; one down when left out.")] = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    minutes: Annotated[int | None, typer.Option(help="Ask for the restore after so many minutes.")] = None,
    workflow: Annotated[str, typer.Option(help="Only this workflow.")] = "",
    who: As = "",
) -> None:
    """Lower an agent's rung, now. The running bot publishes it within a second."""
    act(who, lambda desk, actor: desk.commands.autonomy.step_down(actor, agent, rung, reason, minutes, workflow))


@app.command()
def restore(agent: str, reason: Annotated[str, typer.Option(help="Why.")] = "", who: As = "") -> None:
    """Ask for one rung up. A second person approves it (`stepdown incident approve`)."""
    act(who, lambda desk, actor: desk.commands.autonomy.ask_restore(actor, agent, reason))


@app.command()
def postmortem(incident: Incident, who: As = "") -> None:
    """Draft the postmortem now; the running bot writes and posts it."""
    act(who, lambda desk, actor: desk.commands.lifecycle.postmortem(actor, number(incident)))


@app.command()
def verify() -> None:
    """Check that everything stored fits together: hash chains, rows against their entries, nothing orphaned."""
    with open_offline() as desk:
        broken = desk.verify()
    if broken:
        stop("\n".join(broken), NO)
    print("Every timeline is whole, and everything fits together.")
