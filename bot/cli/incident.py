"""`stepdown incident ...`: act on an incident, also when Slack is down."""

from typing import Annotated

import typer

from bot.cli.context import WRONG, AgentKey, As, AsJson, Incident, act, acting, number, open_offline, show, stop

incident_app = typer.Typer(no_args_is_help=True, help="Act on an incident, with or without Slack.")


@incident_app.command("declare")
def declare(
    agent: AgentKey,
    title: Annotated[str, typer.Argument(help="What is wrong, in a few words.")],
    who: As = "",
) -> None:
    """Open an incident by hand. The running bot pages the owner at once."""
    act(who, lambda desk, actor: desk.commands.lifecycle.declare(actor, agent, title))


@incident_app.command("ack")
def ack(incident: Incident, who: As = "") -> None:
    """Take the page. Paging stops everywhere."""
    act(who, lambda desk, actor: desk.commands.paging.acknowledge(actor, number(incident)))


@incident_app.command("pass")
def pass_on(incident: Incident, reason: Annotated[str, typer.Option(help="Why.")] = "", who: As = "") -> None:
    """Say that you cannot take it. The next person is paged at once."""
    act(who, lambda desk, actor: desk.commands.paging.pass_on(actor, number(incident), reason))


@incident_app.command("contain")
def contain(incident: Incident, reason: Annotated[str, typer.Argument(help="By what means.")], who: As = "") -> None:
    """Say that the agent is contained by other means than a lower rung."""
    act(who, lambda desk, actor: desk.commands.lifecycle.contain(actor, number(incident), reason))


@incident_app.command("approve")
def approve(incident: Incident, who: As = "") -> None:
    """Approve a restore that somebody else asked for."""
    act(who, lambda desk, actor: desk.commands.autonomy.approve_restore(actor, number(incident)))


@incident_app.command("step")
def step(
    incident: Incident,
    step_id: Annotated[str, typer.Argument(help="The step's id, as the runbook and `incident show` have it.")],
    outcome: Annotated[str, typer.Argument(help="done, skipped, not-applicable or blocked.")] = "done",
    note: Annotated[str, typer.Option(help="What was found, or why it is skipped or blocked.")] = "",
    who: As = "",
) -> None:
    """Mark a step of the runbook as done, skipped, not applicable or blocked."""
    from typing import get_args

    from bot.core.runbooks.runbook import Outcome

    named: dict[str, Outcome] = {known: known for known in get_args(Outcome)}
    if outcome not in named:
        stop(f"{outcome!r} is not an outcome. There are: {', '.join(named)}.", WRONG)
    act(
        who,
        lambda desk, actor: desk.commands.lifecycle.mark_step(actor, number(incident), step_id, named[outcome], note),
    )


@incident_app.command("resolve")
def resolve(
    incident: Incident,
    reason: Annotated[str, typer.Option(help="What ended it.")] = "",
    override: Annotated[str, typer.Option(help="Why it is closed although something is owed.")] = "",
    left_on: Annotated[str, typer.Option(help="Why the agent stays on a lower rung.")] = "",
    who: As = "",
) -> None:
    """Close a recovered incident. Refused, with what is still owed, unless --override says why."""
    act(who, lambda desk, actor: desk.commands.lifecycle.resolve(actor, number(incident), reason, override, left_on))


@incident_app.command("cancel")
def cancel(incident: Incident, reason: Annotated[str, typer.Argument(help="Why it is none.")], who: As = "") -> None:
    """Close it as a false alarm."""
    act(who, lambda desk, actor: desk.commands.lifecycle.cancel(actor, number(incident), reason))


@incident_app.command("note")
def note(incident: Incident, text: Annotated[str, typer.Argument(help="The line.")], who: As = "") -> None:
    """Write a line into the timeline."""
    act(who, lambda desk, actor: desk.commands.teamwork.note(actor, number(incident), text))


@incident_app.command("show")
def show_incident(incident: Incident, as_json: AsJson = False) -> None:
    """Show one incident: its numbers, its rung, who has it and what is next."""
    with open_offline() as desk:
        show(desk.commands.queries.status(number(incident)), as_json)


@incident_app.command("timeline")
def show_timeline(
    incident: Incident,
    limit: Annotated[int, typer.Option(min=1, help="At most so many entries, the newest.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the newest entries of an incident's timeline, oldest first."""
    with open_offline() as desk:
        show(desk.commands.queries.timeline(number(incident), limit), as_json)


@incident_app.command("evidence")
def evidence(incident: Incident, who: As = "", as_json: AsJson = False) -> None:
    """Look at the evidence now: likely causes, and the playbook that fits. With --as, the timeline says who looked."""
    from bot.core.model.people import BOT

    with open_offline() as desk:
        actor = acting(desk, who) if who else BOT
        show(desk.commands.causes.evidence(number(incident), actor), as_json)


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
def rule_out(
    incident: Incident,
    what: Annotated[str, typer.Argument(help="A number of `evidence`, or agent, tool, code, prompt, model, ...")],
    why: Annotated[str, typer.Argument(help="What speaks against it.")],
    who: As = "",
) -> None:
    """Rule a cause out, with the reason."""
    act(who, lambda desk, actor: desk.commands.causes.rule_out(actor, number(incident), what, why))


@incident_app.command("adopt")
def adopt(
    incident: Incident,
    playbook: Annotated[str, typer.Argument(help="The playbook; the best match when left out.")] = "",
    who: As = "",
) -> None:
    """Walk the runbook of a playbook, in the place of the agent's own."""
    act(who, lambda desk, actor: desk.commands.causes.adopt(actor, number(incident), playbook))
