"""`stepdown status`, `agents`, `step-down`, `restore`, `postmortem`, `verify`."""

from typing import Annotated

import typer

from bot.cli.context import NO, AgentKey, As, AsJson, Incident, act, number, open_offline, show, stop

app = typer.Typer()


@app.command()
def status(as_json: AsJson = False) -> None:
    """List the open incidents."""
    with open_offline() as desk:
        show(desk.commands.queries.incidents(), as_json)


@app.command()
def agents(
    agent: Annotated[str | None, typer.Argument(help="One agent; all of them when left out.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show every agent with its rung and its numbers, or one agent with its ladder and people."""
    with open_offline() as desk:
        show(desk.commands.queries.agent(agent) if agent else desk.commands.queries.fleet(), as_json)


@app.command("step-down")
def step_down(
    agent: AgentKey,
    rung: Annotated[str | None, typer.Argument(help="The rung; one down when left out.")] = None,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    minutes: Annotated[int | None, typer.Option(help="Ask for the restore after so many minutes.")] = None,
    workflow: Annotated[str, typer.Option(help="Only this workflow.")] = "",
    who: As = "",
) -> None:
    """Lower an agent's rung, now. The running bot publishes it within a second."""
    act(who, lambda desk, actor: desk.commands.autonomy.step_down(actor, agent, rung, reason, minutes, workflow))


@app.command()
def pin(
    agent: AgentKey,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    workflow: Annotated[str, typer.Option(help="Only this workflow.")] = "",
    who: As = "",
) -> None:
    """Keep an agent on its present rung, whatever a new fleet file says. Two people may restore it."""
    act(who, lambda desk, actor: desk.commands.autonomy.pin(actor, agent, reason, workflow))


@app.command()
def restore(
    agent: AgentKey,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    workflow: Annotated[str, typer.Option(help="Only this workflow.")] = "",
    plan: Annotated[bool, typer.Option("--plan", help="Ask for several restores at once.")] = False,
    to: Annotated[str, typer.Option(help="Where a plan ends; the normal rung when left out.")] = "",
    wait: Annotated[int, typer.Option(help="Good minutes between two restores of a plan.")] = 10,
    who: As = "",
) -> None:
    """Ask to restore an agent by one rung, or by a plan. A second person approves it: `stepdown incident approve`."""
    if not plan:
        act(who, lambda desk, actor: desk.commands.autonomy.ask_restore(actor, agent, reason, workflow))
        return
    act(who, lambda desk, actor: desk.commands.autonomy.ask_plan(actor, agent, reason, to, wait, workflow))


@app.command("stop-plan")
def stop_plan(agent: AgentKey, reason: Annotated[str, typer.Option(help="Why.")] = "", who: As = "") -> None:
    """Stop a restore plan where it is. The rung stays."""
    act(who, lambda desk, actor: desk.commands.autonomy.stop_plan(actor, agent, reason))


@app.command()
def postmortem(incident: Incident, who: As = "") -> None:
    """Draft the postmortem now. The running bot writes and posts it."""
    act(who, lambda desk, actor: desk.commands.lifecycle.postmortem(actor, number(incident)))


@app.command()
def verify() -> None:
    """Check what is stored: every timeline is whole, every row agrees with its entries, nothing is orphaned."""
    with open_offline() as desk:
        broken = desk.verify()
    if broken:
        stop("\n".join(broken), NO)
    print("Every timeline is whole, and everything fits together.")
