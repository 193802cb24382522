"""What the bot finds behind an incident, what people say it was, and the runbook they take up for it."""

from dataclasses import replace

from bot.core.incident import events as ev
from bot.core.incident.effects import Effect, PostCard, Say
from bot.core.incident.incident import CLOSED, IllegalMove, Incident, NamedCause
from bot.core.model.cause import CAUSE_WORDS
from bot.core.runbooks.runbook import PHASES, Plan, Step
from bot.core.transitions.transition import Transition, apply, edits

CARD = "causes"
"""The card of causes: posted once, then edited."""


@apply.register
def assessed(event: ev.Assessed, incident: Incident) -> Transition:
    """The bot's opinion. It is shown and kept; only a person's word is a cause."""
    found = replace(incident, assessment=event.assessment)
    effects: tuple[Effect, ...] = edits(incident, CARD, "incident")
    if incident.assessment is None:
        effects = (PostCard(incident.id, CARD), *edits(incident, "incident"))
    best = next(iter(event.assessment.matches), None)
    fits = f" Playbook: {best.title}." if best is not None else ""
    known = {change.id for change in incident.assessment.changes} if incident.assessment else set()
    fresh = [change for change in event.assessment.changes if change.id not in known]
    also = tuple(("changed", f"{change.at:%H:%M} UTC: {change.words}") for change in fresh)
    return Transition(found, f"{event.assessment.sentence}.{fits}".replace("..", "."), effects, also=also)


@apply.register
def attributed(event: ev.Attributed, incident: Incident) -> Transition:
    """A person's word. One that rules out what was confirmed takes that back."""
    if event.actor.surface == "bot":
        raise IllegalMove("A cause is confirmed or ruled out by a person.")
    if event.verdict == "ruled-out" and not event.note.strip():
        raise IllegalMove("Ruling a cause out takes a reason: what speaks against it?")
    words = event.words or CAUSE_WORDS[event.cause]
    named = NamedCause(event.cause, event.subject, words, event.note, event.actor.key, event.at)
    same = (event.cause, event.subject)
    out = tuple(one for one in incident.ruled_out if (one.kind, one.subject) != same)
    note = f": {event.note}" if event.note else ""
    if event.verdict == "ruled-out":
        kept = incident.cause if incident.cause and (incident.cause.kind, incident.cause.subject) != same else None
        after, text = replace(incident, cause=kept, ruled_out=(*out, named)), f"Ruled out: {words}{note}"
    else:
        head = "Cause confirmed" if event.verdict == "confirmed" else "Cause"
        after, text = replace(incident, cause=named, ruled_out=out), f"{head}: {words}{note}"
    said: tuple[Effect, ...] = ()
    if incident.state not in CLOSED:
        said = (Say(incident.id, f"cause-v{incident.version + 1}", f"{event.actor.name}: {text}"),)
    return Transition(after, text, (*said, *edits(incident, CARD, "incident")))


@apply.register
def runbook_adopted(event: ev.RunbookAdopted, incident: Incident) -> Transition:
    """Walk another runbook. Steps that were marked stay, at the head of their phase, so that nothing done is lost."""
    if incident.plan.name == event.plan.name:
        raise IllegalMove(f"The runbook {event.plan.name} is the one in use already.")
    plan = _with_marked(event.plan, incident)
    effects = edits(incident, *(f"phase-{phase}" for phase in PHASES), "incident", "resolve", CARD)
    text = f"Runbook {event.plan.title!r} is walked from here on (before: {incident.plan.title!r})."
    say = Say(incident.id, f"runbook-v{incident.version + 1}", f"{event.actor.name}: {text}")
    return Transition(replace(incident, plan=plan, playbook=event.playbook), text, (say, *effects))


def _with_marked(plan: Plan, incident: Incident) -> Plan:
    fresh = {step.id for step in plan.steps}
    kept = [step for step in incident.plan.steps if step.id in incident.marks and step.id not in fresh]
    steps: list[Step] = []
    for phase in PHASES:
        steps += [step for step in kept if step.phase == phase]
        steps += plan.of(phase)
    return replace(plan, steps=tuple(steps))
