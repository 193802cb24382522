"""One event's effect on an incident, before it is numbered and checked; and what several of them share."""

from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch

from bot.core.incident.effects import DrawCharts, EditCard, Effect, GatherEvidence, PostCard
from bot.core.incident.incident import IllegalMove, Incident
from bot.core.runbooks.runbook import Phase


@dataclass(frozen=True, slots=True)
class Transition:
    """What one event changes, before it is numbered and checked."""

    incident: Incident
    text: str
    effects: tuple[Effect, ...] = ()
    drop: tuple[str, ...] = ()
    also: tuple[tuple[str, str], ...] = ()
    """Lines derived from the event: (kind, text)."""
    happened: datetime | None = None
    """When it happened, where that was before it was written down (a message taken over from the chat)."""


def topic(incident: Incident) -> str:
    """The channel topic: severity, state, rung. Each change is a line in the channel, so it is short.

    Who owns the agent is added when it is set, by the name that the fleet file has then.
    """
    return f"{incident.severity} · {incident.state} · {incident.agent} on {incident.rungs.rung}"


def edits(incident: Incident, *cards: str) -> tuple[Effect, ...]:
    """Edits that bring these cards up to date with the version that the present event makes."""
    stamp = f"v{incident.version + 1}"
    return tuple(EditCard(incident.id, card, stamp) for card in cards)


def ask_ended(incident: Incident) -> tuple[Effect, ...]:
    """The card of a restore that waited for its second person, where the present event ends that."""
    return edits(incident, incident.rungs.restore_card) if incident.rungs.restore_to else ()


def charts(incident: Incident) -> tuple[Effect, ...]:
    """New charts, for the present event changed what they show; an incident without SLIs has none."""
    return (DrawCharts(incident.id, f"v{incident.version + 1}"),) if incident.breaches else ()


def lay_out(incident: Incident, phase: Phase) -> tuple[Effect, ...]:
    """Post a phase of the runbook, and gather what its sources say."""
    return (PostCard(incident.id, f"phase-{phase}"), *gather(incident, phase))


def gather(incident: Incident, phase: Phase) -> tuple[Effect, ...]:
    """Ask the sources that a phase names, where it names any."""
    named = any(what.startswith("source:") for step in incident.plan.of(phase) for what in step.evidence)
    return (GatherEvidence(incident.id, phase, f"v{incident.version + 1}"),) if named else ()


@singledispatch
def apply(event: object, incident: Incident) -> Transition:
    """What the event changes: one function an event class, registered in the `moves_*` files beside this one."""
    raise IllegalMove(f"Nothing is known of {type(event).__name__} for {incident.number}.")
