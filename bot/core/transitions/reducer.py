"""What each event does: (incident, event) -> Decision. Pure; the tables of `incident` say what is legal.

`advance` is also the fold that rebuilds an incident from its entries: folding the events of the timeline in order gives
the stored row, because an event carries everything and nothing is looked up here.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.incident import events as ev
from bot.core.incident.effects import DrawCharts, EditCard, Effect, OpenChannel, PostCard, SetTopic
from bot.core.incident.incident import (
    Decision,
    IllegalMove,
    Incident,
    IncidentState,
    Timer,
    check_move,
)
from bot.core.incident.incident_rungs import IncidentRungs
from bot.core.incident.timeline import Entry
from bot.core.model.people import BOT, Actor
from bot.core.model.samples import minute_of
from bot.core.paging import escalation
from bot.core.transitions import alerts, autonomy, causes, lifecycle, notes, reminders, restore_plans, roles
from bot.core.transitions import paging as moves_paging
from bot.core.transitions.step_settling import settle
from bot.core.transitions.transition import Transition, apply, topic

_REGISTERED = (alerts, autonomy, causes, lifecycle, notes, moves_paging, roles, reminders, restore_plans)
"""Importing these files registers their moves with `change.apply`."""

_HUMAN_SURFACES = frozenset({"slack", "cli", "web"})


def advance(incident: Incident | None, event: ev.Event) -> Decision:
    """Apply one event. Raises IllegalMove, and then nothing has changed."""
    if isinstance(event, ev.Opened):
        if incident is not None:
            raise IllegalMove(f"{incident.number} is open already.")
        return _number(_open(event), event, before=None)
    if incident is None:
        raise IllegalMove("There is no such incident.")
    change = apply(event, incident)
    check_move(incident.state, event.kind, change.incident.state)
    return _number(change, event, before=incident)


def replay(events: Iterable[ev.Event]) -> Incident:
    """Rebuild an incident from its events. Raises IllegalMove where they do not fit one another."""
    incident: Incident | None = None
    for event in events:
        incident = advance(incident, event).incident
    if incident is None:
        raise IllegalMove("No events: there is no incident.")
    return incident


def _number(change: Transition, event: ev.Event, before: Incident | None) -> Decision:
    """Add entries and version, keep the acknowledgement alive while people act, and edit what shows the state."""
    lines = [Entry(change.happened or event.at, event.actor, event.kind, change.text, event)]
    lines += [Entry(event.at, event.actor, kind, text) for kind, text in change.also]
    settling = settle(change.incident, event.at)
    lines += [Entry(event.at, BOT, kind, text) for kind, text in settling.lines]
    after = _reminded(_keep_alive(settling.incident, _acting(event), event.at))
    after = replace(after, version=after.version + 1, entries=after.entries + len(lines))
    effects = (*change.effects, *settling.effects)
    if before is not None:
        effects = (*effects, *reminders.settled(before, after))
    if before is not None and (before.state, before.severity) != (after.state, after.severity):
        effects = (*effects, *_restate(after))
    if before is not None and after.channel and topic(before) != topic(after):
        effects = (*effects, SetTopic(after.id, f"v{after.version}", topic(after)))
    return Decision(after, tuple(lines), effects, change.drop)


def _acting(event: ev.Event) -> Actor:
    """Who is at work: a restore by plan is in two people's names, and neither of them may be awake."""
    return BOT if isinstance(event, ev.RungRaised) and event.by_plan else event.actor


def _keep_alive(incident: Incident, actor: Actor, at: datetime) -> Incident:
    """A human act on an acknowledged incident renews the promise that somebody works on it."""
    timers = tuple(timer for timer in incident.timers if timer.kind not in ("ack-reminder", "ack-lapse"))
    fresh = incident.active_at is None or actor.surface in _HUMAN_SURFACES
    active = at if fresh else incident.active_at or at
    if not incident.acked_by:
        return replace(incident, timers=timers)
    if incident.state not in (IncidentState.RESPONDING, IncidentState.CONTAINED):
        return replace(incident, active_at=active, timers=timers)
    stamp = int(active.timestamp())
    reminder = Timer("ack-reminder", f"reminder-{stamp}", active + timedelta(minutes=incident.policy.ack_reminder))
    lapse = Timer("ack-lapse", f"lapse-{stamp}", active + timedelta(minutes=incident.policy.ack_lapse))
    reminded = not any(t.token == reminder.token for t in incident.timers) and not fresh
    kept = (lapse,) if reminded else (reminder, lapse)
    return replace(incident, active_at=active, timers=(*timers, *kept))


def _reminded(incident: Incident) -> Incident:
    """What is owed now makes the reminders; those of what is no longer owed go."""
    kept = tuple(timer for timer in incident.timers if timer.kind != "nudge")
    return replace(incident, timers=(*kept, *reminders.timers(incident)))


def _restate(incident: Incident) -> tuple[Effect, ...]:
    """What shows the state: pinned card and announcement; the topic, which names the rung as well, goes by itself."""
    stamp = f"v{incident.version}"
    return tuple(EditCard(incident.id, card, stamp) for card in ("incident", "announcement"))


def _open(event: ev.Opened) -> Transition:
    breaches = event.breaches
    incident = Incident(
        id=event.incident_id,
        agent=event.agent,
        kind=event.incident_kind,
        title=event.title,
        state=IncidentState.PAGING,
        severity=event.severity,
        opened_at=event.at,
        roster=event.roster,
        policy=event.policy,
        plan=event.plan,
        rungs=IncidentRungs(event.rung, event.normal_rung, before=event.rung),
        breaches=breaches,
        suggestion=event.suggestion,
        agent_channel=event.agent_channel,
        pages=event.pages,
        exercise=event.exercise,
        received_at=event.received_at,
        hold_from=min((breach.first_bad for breach in breaches), default=minute_of(event.at)),
    )
    why = "; ".join(dict.fromkeys(breach.why for breach in breaches)) or event.title
    room: tuple[Effect, ...] = (
        OpenChannel(incident.id, channel_name(incident), topic(incident), _invited(event.roster)),
        PostCard(incident.id, "announcement", room="agent"),
    )
    drawn: tuple[Effect, ...] = (DrawCharts(incident.id, "open"),) if breaches else ()
    text = f"{incident.number} opened on {event.agent}: {why}"
    if not event.pages:
        return Transition(incident, f"{text} (posted, nobody is paged)", (*room, *drawn))
    paging = escalation.begin(incident, event.at, "")
    also = tuple(("paged", words) for words in paging.words)
    return Transition(paging.incident, text, (*paging.effects, *room, *drawn), also=also)


def channel_name(incident: Incident) -> str:
    """`inc-0042-refunds`; at most 80 characters, lower case."""
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in incident.agent.lower())
    return f"inc-{incident.id:04d}-{safe}"[:80]


def _invited(roster: ev.Roster) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for key in (roster.owner, roster.deputy) if key))
