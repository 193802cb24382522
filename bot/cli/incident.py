"""`stepdown incident ...`: act on an incident, also when Slack is down."""

from typing import Annotated

import typer

from bot.cli.context import WRONG, As, AsJson, Incident, act, number, open_offline, show, stop

incident_app = typer.Typer(no_args_is_help=True, help="Act on an incident, also when Slack is down.")


@incident_app.command("ack")
def ack(incident: Incident, who: As = "") -> None:
    """Acknowledge: paging stops everywhere."""
    act(who, lambda desk, actor: desk.commands.paging.acknowledge(actor, number(incident)))


@incident_app.command("pass")
def pass_on(incident: Incident, reason: Annotated[str, typer.Option()] = "", who: As = "") -> None:
    """Can't take it: page the next person at once."""
    act(who, lambda desk, actor: desk.commands.paging.pass_on(actor, number(incident), reason))


@incident_app.command("contain")
def contain(incident: Incident, reason: str, who: As = "") -> None:
    """Declare the agent contained by other means."""
    act(who, lambda desk, actor: desk.commands.lifecycle.contain(actor, number(incident), reason))


@incident_app.command("approve")
def approve(incident: Incident, who: As = "") -> None:
    """Approve a restore that somebody else asked for."""
    act(who, lambda desk, actor: desk.commands.autonomy.approve_restore(actor, number(incident)))


@incident_app.command("step")
def step(
    incident: Incident,
    step_id: str,
    outcome: Annotated[str, typer.Argument(help="done, skipped, not-applicable or blocked.")] = "done",
    note: Annotated[str, typer.Option()] = "",
    who: As = "",
) -> None:
    """Mark a runbook step."""
    outcomes = ("done", "skipped", "not-applicable", "blocked")
    if outcome not in outcomes:
        stop(f"{outcome!r} is not an outcome. There are: {', '.join(outcomes)}.", WRONG)
    act(who, lambda desk, actor: desk.commands.lifecycle.mark_step(actor, number(incident), step_id, outcome, note))  # type: ignore[arg-type]


@incident_app.command("resolve")
def resolve(
    incident: Incident,
    reason: Annotated[str, typer.Option()] = "",
    override: Annotated[str, typer.Option(help="Why it is closed although something is owed.")] = "",
    left_on: Annotated[str, typer.Option(help="Why the agent stays on a lower rung.")] = "",
    who: As = "",
) -> None:
    """Close it."""
    act(who, lambda desk, actor: desk.commands.lifecycle.resolve(actor, number(incident), reason, override, left_on))


@incident_app.command("cancel")
def cancel(incident: Incident, reason: str, who: As = "") -> None:
    """A false alarm."""
    act(who, lambda desk, actor: desk.commands.lifecycle.cancel(actor, number(incident), reason))


@incident_app.command("note")
def note(incident: Incident, text: str, who: As = "") -> None:
    """Write a line into the timeline."""
    act(who, lambda desk, actor: desk.commands.teamwork.note(actor, number(incident), text))


@incident_app.command("show")
def show_incident(incident: Incident, as_json: AsJson = False) -> None:
    """One incident."""
    with open_offline() as desk:
        show(desk.commands.queries.status(number(incident)), as_json)


@incident_app.command("timeline")
def show_timeline(incident: Incident, limit: int = 50, as_json: AsJson = False) -> None:
    """The timeline of one incident."""
    with open_offline() as desk:
        show(desk.commands.queries.timeline(number(incident), limit), as_json)


@incident_app.command("evidence")
def evidence(incident: Incident, as_json: AsJson = False) -> None:
    """Look at the evidence now: likely causes, and the playbook that fits."""
    with open_offline() as desk:
        show(desk.commands.causes.evidence(number(incident)), as_json)


@incident_app.command("cause")
def cause(
    incident: Incident,
    what: Annotated[str, typer.Argument(help="A number of `evidence`, or agent, tool, code, prompt, model, ...")],
    note: Annotated[str, typer.Option(help="What makes you sure.")] = "",
    who: As = "",
) -> None:
    """Say what is behind it, or confirm the bot's guess."""
    act(who, lambda desk, actor: desk.commands.causes.attribute(actor, number(incident), what, note))


@incident_app.command("rule-out")
def rule_out(incident: Incident, what: str, why: str, who: As = "") -> None:
    """Rule a cause out, with the reason."""
    act(who, lambda desk, actor: desk.commands.causes.rule_out(actor, number(incident), what, why))


@incident_app.command("adopt")
def adopt(
    incident: Incident,
    playbook: Annotated[str, typer.Argument(help="The playbook; the best match when left out.")] = "",
    who: As = "",
) -> None:
    """Walk the runbook of a playbook."""
    act(who, lambda desk, actor: desk.commands.causes.adopt(actor, number(incident), playbook))
