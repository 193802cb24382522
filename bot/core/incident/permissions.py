"""Who may do what (`product.md` section 7). Down is easy, up is hard.

Each function returns "" when the act is allowed, else a sentence that says why not and who could. A person's standing
is `Actor.responder`: True, False, or None when the lookup failed. With None, lowering and acknowledging are allowed and
everything that loosens or closes is refused.
"""

from bot.core.incident.incident import CLOSED, Incident, IncidentState
from bot.core.model.fleet import Agent
from bot.core.model.people import Actor, same_person
from bot.core.model.rungs import Ladder
from bot.core.recovery.recovery_clock import RecoveryClock
from bot.core.runbooks.runbook import owed

RESTORE_EVERY = 10
"""Good minutes after one restore before the next may be asked for (`product.md` section 7)."""


def _who_could(agent: Agent) -> str:
    people = [agent.owner, agent.deputy, agent.manager]
    return ", ".join(dict.fromkeys(key for key in people if key))


def may_respond(actor: Actor, agent: Agent) -> str:
    """Acknowledge, step down, walk the runbook, note: anybody on call, also when the lookup failed."""
    if actor.responder is False and actor.surface != "bot":
        return f"{actor.name} is not among the responders of {agent.key}. {_who_could(agent)} could."
    return ""


def may_close(actor: Actor, agent: Agent) -> str:
    """Resolve, cancel, reopen: a known responder."""
    if actor.responder is None:
        return f"Stepdown could not check who you are just now, so it closes nothing. {_who_could(agent)} could."
    return may_respond(actor, agent)


def may_restore(actor: Actor, agent: Agent, incident: Incident, asked_by: Actor | None = None) -> str:
    """Raise a rung: the owner or the lead, and a second person, both proven. Refused while the lookup fails.

    Who approves what somebody unproven asked for takes the asking over (`takes_over`), and raises nothing.
    """
    if actor.surface == "bot":
        return "Stepdown alone never raises a rung."
    if actor.responder is None:
        return "Stepdown could not check who you are just now, so it will not raise a rung. Lowering still works."
    if refusal := may_respond(actor, agent):
        return refusal
    return "" if asked_by is None else _second_person(actor, agent, incident, asked_by)


def _second_person(actor: Actor, agent: Agent, incident: Incident, asked_by: Actor) -> str:
    """Why this person is not the second one behind a restore; "" where they are, or take the asking over."""
    if same_person(actor, asked_by):
        return f"You asked for this restore. A second person must approve it: {_who_could(agent)} could."
    if not actor.proven:
        return (
            f"Raising a rung takes a person who is proven, and {actor.name} is only named. Approve it in Slack, or "
            "with a personal token (stepdown token person:SLACK_ID, then STEPDOWN_PERSONAL_TOKEN)."
        )
    if not asked_by.proven:
        return ""
    in_charge = {agent.owner, agent.deputy, incident.roles.get("lead", "")} - {""}
    if not {actor.key, asked_by.key} & in_charge:
        return f"A restore takes the owner, the deputy or the lead, and a second person. {_who_could(agent)} could."
    return ""


def takes_over(actor: Actor, asked_by: Actor) -> bool:
    """Whether an approval only makes the asking this person's own: two proven people are behind every raise."""
    return actor.proven and not asked_by.proven


def restore_barred(incident: Incident, ladder: Ladder, clock: RecoveryClock | None) -> str:
    """What evidence is missing before one rung up may be asked for; "" when there is enough."""
    rungs = incident.rungs
    if rungs.normal not in ladder.names():
        return f"{rungs.normal}, the normal rung when this incident opened, is not on the ladder any more."
    if ladder.depth(ladder.or_bottom(rungs.rung)) <= ladder.depth(rungs.normal):
        return f"{incident.agent} is on its normal rung, {rungs.normal}, already."
    if rungs.restore_to:
        return f"A restore to {rungs.restore_to} already waits for a second person."
    if rungs.plan is not None and rungs.plan.walking:
        return (
            f"The restore plan of {rungs.plan.people} is walking. Stop it first: /autonomy {incident.agent} stop-plan"
        )
    held = clock is not None and clock.state == "held"
    if incident.state is IncidentState.RECOVERED and (incident.kind != "blind" or held):
        return ""
    minutes = clock.minutes if clock is not None else 0
    if rungs.raised_at is not None and incident.state is IncidentState.RECOVERING:
        if minutes >= RESTORE_EVERY:
            return ""
        said = clock.sentence if clock else ""
        return f"{minutes} of {RESTORE_EVERY} good minutes since the last restore. {said}".strip()
    said = clock.sentence if clock is not None else "Recovery is not judged yet."
    return f"{incident.agent} has not recovered yet: {said}"


def resolve_barred(incident: Incident) -> tuple[str, ...]:
    """What is still owed before a resolve without override."""
    if incident.state in CLOSED:
        return (f"It is {incident.state} already.",)
    barred: list[str] = []
    if incident.state is not IncidentState.RECOVERED:
        barred.append(f"it is {incident.state}, not recovered")
    barred += [f"step not settled: {step.title} ({step.phase})" for step in owed(incident.plan, incident.marks)]
    rungs = incident.rungs
    if rungs.rung != rungs.normal:
        barred.append(f"{incident.agent} is on {rungs.rung}, not {rungs.normal}: restore it, or say why it stays there")
    return tuple(barred)
