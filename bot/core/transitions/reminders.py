"""Nudges: reminders of what is owed (`slack.md`, "Nudges"). Time lives in rows: what is owed makes timers.

An *occasion* is one thing that is owed at present: nobody leads, no update for 30 min, a step over its time box, a rung
not restored after recovery, a postmortem undone. Each is reminded of five times at most; a new occasion counts from
zero. While people work on the incident a reminder goes to its channel at once; what can wait (restore, postmortem)
waits for the person's working hours (`hours.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.core.incident import events as ev
from bot.core.incident.effects import DirectCard, EditCard, Effect, PostCard, TakeDown
from bot.core.incident.incident import Incident, IncidentState, Nudge, Timer
from bot.core.model.calendar import after_working_days
from bot.core.runbooks.runbook import next_step
from bot.core.transitions.transition import Transition, apply

MOST: Final = 5
UPDATE_EVERY: Final = timedelta(minutes=30)
NO_LEAD: Final = timedelta(minutes=2)
LEAD_AGAIN: Final = timedelta(minutes=5)
NOT_RESTORED: Final = timedelta(minutes=15)
RESTORE_AGAIN: Final = timedelta(minutes=30)
POSTMORTEM_DAYS: Final = 3
SHORTEST_BOX: Final = 10
"""Minutes between two reminders of the same step."""
CAN_WAIT: Final = frozenset({"restore", "postmortem"})
WORKING: Final = frozenset({IncidentState.RESPONDING, IncidentState.CONTAINED, IncidentState.RECOVERING})


@dataclass(frozen=True, slots=True)
class ReminderCause:
    """Something owed: `about` tells it from others of its kind, `due` the first reminder, `every` the next ones."""

    about: str
    due: datetime
    every: timedelta


def occasion(incident: Incident, kind: ev.NudgeKind) -> ReminderCause | None:
    """What is owed of this kind now; None where nothing is."""
    return _OCCASIONS[kind](incident)


def timers(incident: Incident) -> tuple[Timer, ...]:
    """The reminders that the incident's present state makes."""
    found = ((kind, occasion(incident, kind)) for kind in _OCCASIONS)
    planned = (_timer(incident, kind, owed) for kind, owed in found if owed is not None)
    return tuple(timer for timer in planned if timer is not None)


def settled(before: Incident, after: Incident) -> tuple[Effect, ...]:
    """Edits of reminders of what is no longer owed: their buttons go."""
    stamp = f"v{after.version}"
    return tuple(
        EditCard(after.id, nudge.card, stamp)
        for kind, nudge in before.nudges.items()
        if nudge.card and not nudge.person and _owes(before, kind, nudge) and not _owes(after, kind, nudge)
    )


def _owes(incident: Incident, kind: str, nudge: Nudge) -> bool:
    owed = next((find(incident) for name, find in _OCCASIONS.items() if name == kind), None)
    return owed is not None and owed.about == nudge.about


def update_due(incident: Incident) -> datetime | None:
    """When people are to be told next how it stands; None where nobody waits for that."""
    owed = _no_update(incident)
    return owed.due if owed else None


def kind_of(token: str) -> ev.NudgeKind | None:
    """Which nudge a timer is for, None for a timer of another kind."""
    word = token.split("/")[1] if token.startswith("nudge/") else ""
    return next((kind for kind in _OCCASIONS if kind == word), None)


def can_wait(incident: Incident, kind: ev.NudgeKind) -> bool:
    """Whether the reminder waits for the person's hours. Nothing of an open SEV1 does."""
    return kind in CAN_WAIT and not (incident.open and incident.severity == "SEV1")


def person_of(incident: Incident, kind: ev.NudgeKind) -> str:
    """Key of the person who is reminded."""
    on_it = incident.roles.get("lead") or incident.acked_by or incident.roster.owner
    return incident.roles.get("communications", on_it) if kind == "update" else on_it


def _timer(incident: Incident, kind: ev.NudgeKind, owed: ReminderCause) -> Timer | None:
    known = incident.nudges.get(kind)
    nudge = known if known and known.about == owed.about else Nudge(owed.about)
    if nudge.count >= MOST:
        return None
    due = owed.due if nudge.last_at is None else nudge.last_at + owed.every
    due = max(due, nudge.held_until) if nudge.held_until else due
    return Timer("nudge", f"nudge/{kind}/{owed.about}/{nudge.count}/{int(due.timestamp())}", due)


def _no_lead(incident: Incident) -> ReminderCause | None:
    if incident.state not in WORKING or incident.acked_at is None or "lead" in incident.roles:
        return None
    return ReminderCause(f"ack-{int(incident.acked_at.timestamp())}", incident.acked_at + NO_LEAD, LEAD_AGAIN)


def _no_update(incident: Incident) -> ReminderCause | None:
    if incident.state not in WORKING or incident.acked_at is None:
        return None
    last = max(incident.acked_at, incident.updated_at or incident.acked_at)
    return ReminderCause(f"at-{int(last.timestamp())}", last + UPDATE_EVERY, UPDATE_EVERY)


def _over_time(incident: Incident) -> ReminderCause | None:
    step = next_step(incident.plan, incident.marks) if incident.state in WORKING else None
    if step is None or not step.timebox or incident.acked_at is None or step.id in incident.marks:
        return None
    if step.phase == "recovery" and incident.state is IncidentState.RECOVERING:
        return None
    began = max([incident.acked_at, *(mark.at for mark in incident.marks.values())])
    return ReminderCause(
        step.id, began + timedelta(minutes=step.timebox), timedelta(minutes=max(step.timebox, SHORTEST_BOX))
    )


def _not_restored(incident: Incident) -> ReminderCause | None:
    rungs = incident.rungs
    walking = rungs.plan is not None and rungs.plan.walking
    held = incident.state is IncidentState.RECOVERED and rungs.rung != rungs.normal
    owed = held and not rungs.restore_to and not walking
    if not owed or incident.recovered_at is None:
        return None
    about = f"held-{int(incident.recovered_at.timestamp())}"
    return ReminderCause(about, incident.recovered_at + NOT_RESTORED, RESTORE_AGAIN)


def _no_postmortem(incident: Incident) -> ReminderCause | None:
    if (
        incident.state is not IncidentState.RESOLVED
        or incident.resolved_at is None
        or incident.postmortem_done_at is not None
    ):
        return None
    due = after_working_days(incident.resolved_at, POSTMORTEM_DAYS)
    return ReminderCause(f"closed-{int(incident.resolved_at.timestamp())}", due, timedelta(days=1))


_OCCASIONS: Final[Mapping[ev.NudgeKind, Callable[[Incident], ReminderCause | None]]] = {
    "lead": _no_lead,
    "update": _no_update,
    "step": _over_time,
    "restore": _not_restored,
    "postmortem": _no_postmortem,
}


@apply.register
def nudged(event: ev.Nudged, incident: Incident) -> Transition:
    """A reminder goes out: to the channel while people work in it, else to the person. The one before it goes away.

    An earlier one that has not been posted yet is not posted any more.
    """
    count = _known(incident, event.nudge, event.about).count + 1
    person = person_of(incident, event.nudge)
    card = card_name(event.nudge, f"v{incident.version + 1}")
    shown: Effect = PostCard(incident.id, card, mention=person)
    if event.nudge == "postmortem" or not incident.channel:
        shown = DirectCard(incident.id, card, person)
    nudge = Nudge(event.about, count, event.at, card=card, person=person if shown.kind == "direct_card" else "")
    after = replace(incident, nudges={**incident.nudges, event.nudge: nudge})
    text = f"Reminder {count} of {MOST} to {person}: {WORDS[event.nudge]}."
    stem = card_name(event.nudge, "")
    drop = tuple(f"inc-{incident.id}/{way}/{stem}" for way in ("card", "direct"))
    return Transition(after, text, (shown, *_replaced(incident, event.nudge, nudge)), drop=drop)


def _replaced(incident: Incident, kind: ev.NudgeKind, by: Nudge) -> tuple[Effect, ...]:
    """What takes the last reminder of this kind away, where it stands in the same place."""
    last = incident.nudges.get(kind)
    if last is None or not last.card or last.person != by.person:
        return ()
    return (TakeDown(incident.id, last.card, by.card, by.person),)


@apply.register
def nudge_held(event: ev.NudgeHeld, incident: Incident) -> Transition:
    """The reminder waits and does not count."""
    held = replace(_known(incident, event.nudge, event.about), held_until=event.until)
    after = replace(incident, nudges={**incident.nudges, event.nudge: held})
    who = f"{event.actor.name} snoozed the" if event.actor.surface != "bot" else "The"
    return Transition(after, f"{who} reminder ({WORDS[event.nudge]}) until {event.until:%Y-%m-%d %H:%M} UTC.")


def card_name(kind: ev.NudgeKind, stamp: str) -> str:
    """`nudge-lead-v12`."""
    return f"nudge-{kind}-{stamp}"


def _known(incident: Incident, kind: ev.NudgeKind, about: str) -> Nudge:
    known = incident.nudges.get(kind)
    return known if known and known.about == about else Nudge(about)


WORDS: Final[Mapping[ev.NudgeKind, str]] = {
    "lead": "nobody leads",
    "update": "no update for 30 min",
    "step": "a step is over its time",
    "restore": "the rung is not restored",
    "postmortem": "the postmortem is not done",
}
