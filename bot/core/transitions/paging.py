"""What paging does to an incident: acknowledgements, passing on, outcomes of pages, deadlines."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.formatting import durations
from bot.core.formatting.plurals import plural
from bot.core.incident import events as ev
from bot.core.incident.effects import Bookmark, EditCard, Effect, PostCard, Say, SetTopic
from bot.core.incident.incident import IllegalMove, Incident, IncidentState, Timer
from bot.core.paging import escalation
from bot.core.runbooks.runbook import PHASES
from bot.core.transitions.restore_plans import plan_ended
from bot.core.transitions.transition import Transition, apply, edits, lay_out, topic


@apply.register
def acknowledged(event: ev.Acknowledged, incident: Incident) -> Transition:
    """Stop every pending page and let the person who took it be seen everywhere."""
    calm = escalation.stop(incident)
    state = incident.state
    if state is IncidentState.PAGING:
        state = _after_ack(incident)
    calm = replace(calm, state=state, acked_by=event.actor.key, acked_at=event.at, active_at=event.at)
    effects: tuple[Effect, ...] = edits(incident, "pages", "page")
    if "lead" not in incident.roles:
        ask = f"{event.actor.name} acknowledged. Who leads? Take it with /incident role lead, or say who does."
        effects = (*effects, Say(incident.id, f"acked-v{incident.version + 1}", ask, question=True))
    return Transition(calm, f"Acknowledged by {event.actor.name}.", effects, drop=(f"inc-{incident.id}/page/",))


def _after_ack(incident: Incident) -> IncidentState:
    if not incident.by_clock and incident.recovered_at is not None:
        return IncidentState.RECOVERED
    return IncidentState.CONTAINED if incident.contained_at is not None else IncidentState.RESPONDING


@apply.register
def passed_on(event: ev.PassedOn, incident: Incident) -> Transition:
    """Move to the next person at once; whoever had acknowledged gives it back."""
    reason = f": {event.reason}" if event.reason else ""
    text = f"{event.actor.name} can't take it{reason}."
    mine = event.actor.key == incident.acked_by
    if incident.state is IncidentState.PAGING:
        why = f"{event.actor.name} can't take {incident.agent}."
        moved = escalation.advance(escalation.decline(incident, event.actor.key), event.at, why)
        return _paged(moved, text, drop=_pages_of(incident, event.actor.key))
    if mine and incident.state in (IncidentState.RESPONDING, IncidentState.CONTAINED):
        return _given_back(event, incident, text)
    instead = escalation.after(incident, event.actor.key) if mine else ""
    if instead:
        return _paged(escalation.page_now(incident, (instead,), text), text)
    return Transition(incident, f"{text} It is acknowledged by {incident.acked_by} already.")


def _given_back(event: ev.PassedOn, incident: Incident, text: str) -> Transition:
    """Nobody has it any more: paging starts again, without the person who gave it back."""
    free = replace(incident, state=IncidentState.PAGING, acked_by="", acked_at=None, active_at=None)
    why = f"{event.actor.name} had {incident.agent} and can't go on."
    moved = escalation.begin(free, event.at, why, declined=(event.actor.key,))
    return _paged(moved, f"{text} Paging starts again.", *edits(incident, "pages", "page"))


def _paged(moved: escalation.Paging, text: str, *effects: Effect, drop: tuple[str, ...] = ()) -> Transition:
    also = tuple(("paged", words) for words in moved.words)
    return Transition(moved.incident, text, (*moved.effects, *effects), drop=drop, also=also)


@apply.register
def paging_began(event: ev.PagingBegan, incident: Incident) -> Transition:
    """Wake somebody after all."""
    if incident.pages or incident.state is not IncidentState.PAGING:
        raise IllegalMove(f"{incident.number} pages already, or somebody has it.")
    moved = escalation.begin(replace(incident, pages=True), event.at, event.why)
    return _paged(moved, f"Paging begins: {event.why}", *edits(incident, "incident", "announcement"))


def _pages_of(incident: Incident, person: str) -> tuple[str, ...]:
    return tuple(key for key in incident.escalation.awaiting if f"/{person}/" in key)


@apply.register
def page_asked(event: ev.PageAsked, incident: Incident) -> Transition:
    """Page one more person beside the policy."""
    moved = escalation.page_now(incident, (event.person,), event.why)
    also = tuple(("paged", words) for words in moved.words)
    return Transition(moved.incident, f"{event.actor.name} pages {event.person}.", moved.effects, also=also)


@apply.register
def page_settled(event: ev.PageSettled, incident: Incident) -> Transition:
    """Write down how a page went, and move on when it reached nobody."""
    took = f" {event.latency_ms / 1000:.1f} s after the sample" if event.latency_ms is not None else ""
    detail = f" ({event.detail})" if event.detail else ""
    text = f"Page to {event.person} by {event.way}: {event.outcome}{took}{detail}."
    over = () if event.outcome != "sent" else edits(incident, "pages")
    if not incident.open:
        return Transition(incident, text, over)
    answered = bool(incident.acked_by) and event.page_key not in incident.escalation.beside
    moved = escalation.settled(incident, event)
    also = tuple(("paged", words) for words in moved.words)
    return Transition(moved.incident, text, (*moved.effects, *(over if answered else ())), also=also)


@apply.register
def channel_ready(event: ev.ChannelReady, incident: Incident) -> Transition:
    """Fill the new channel: the pinned card first, then the mention, then the first phase."""
    incident = replace(incident, channel=event.channel)
    cards: list[Effect] = [PostCard(incident.id, "incident", pin=True)]
    if incident.pages:
        owed = incident.escalation.paged
        cards.append(PostCard(incident.id, "page", mention=owed[0] if owed else incident.roster.owner))
    if incident.plan.of(PHASES[0]):
        cards += lay_out(incident, PHASES[0])
    if incident.rungs.epoch:
        cards.append(PostCard(incident.id, f"autonomy-{incident.rungs.epoch}"))
    stamp = f"v{incident.version + 1}"
    cards += [SetTopic(incident.id, stamp, topic(incident)), EditCard(incident.id, "announcement", stamp)]
    cards.append(Bookmark(incident.id, incident.agent, "announcement"))
    if incident.plan.of(PHASES[0]):
        cards.append(Bookmark(incident.id, "Runbook", f"phase-{PHASES[0]}"))
    return Transition(incident, f"Channel {event.name} is ready.", tuple(cards))


@apply.register
def timer_due(event: ev.TimerDue, incident: Incident) -> Transition:
    """A deadline passed. A token that the incident no longer knows is stale and changes nothing."""
    if not any(timer.token == event.token for timer in incident.timers):
        return Transition(incident, f"A stale {event.timer} deadline was ignored.")
    rest = tuple(timer for timer in incident.timers if timer.token != event.token)
    return _TIMERS[event.timer](event, replace(incident, timers=rest))


@apply.register
def clock_set_back(event: ev.ClockSetBack, incident: Incident) -> Transition:
    """What was due in two minutes stays due in two minutes. Reminders are made anew from what is owed."""
    by = timedelta(seconds=event.seconds)
    active = incident.active_at - by if incident.active_at is not None else None
    timers = tuple(_earlier(timer, by, active) for timer in incident.timers)
    text = f"The machine's clock was set back by {durations.words(round(event.seconds))}; deadlines moved with it."
    return Transition(replace(incident, timers=timers, active_at=active), text)


def _earlier(timer: Timer, by: timedelta, active: datetime | None) -> Timer:
    """A deadline that moved. Those of an acknowledgement are known by when somebody was last active."""
    stem = {"ack-reminder": "reminder", "ack-lapse": "lapse"}.get(timer.kind, "")
    token = f"{stem}-{int(active.timestamp())}" if stem and active is not None else timer.token
    return replace(timer, due_at=timer.due_at - by, token=token)


def _escalate(event: ev.TimerDue, incident: Incident) -> Transition:
    if incident.state is not IncidentState.PAGING:
        return Transition(incident, "The escalation is over: somebody answered.")
    moved = escalation.advance(incident, event.at)
    also = tuple(("paged", words) for words in moved.words)
    return Transition(moved.incident, "Nobody answered in time.", moved.effects, also=also)


def _remind(event: ev.TimerDue, incident: Incident) -> Transition:
    left = incident.policy.ack_lapse - incident.policy.ack_reminder
    text = f"Nothing has happened for {incident.policy.ack_reminder:g} min. Paging starts again in {left:g} min."
    say = Say(incident.id, event.token, f"{text} Any step, note or button keeps it yours.", mention=incident.acked_by)
    return Transition(incident, text, (say,))


def _lapse(event: ev.TimerDue, incident: Incident) -> Transition:
    who = incident.acked_by
    silent = incident.policy.ack_lapse
    incident = replace(incident, state=IncidentState.PAGING, acked_by="", acked_at=None, active_at=None)
    moved = escalation.begin(incident, event.at, f"No sign of work on {incident.agent} for {silent:g} min.")
    also = tuple(("paged", words) for words in moved.words)
    text = f"{who} acknowledged, but nothing happened for {silent:g} min: paging again."
    effects = (*moved.effects, *edits(incident, "pages", "page"))
    return Transition(moved.incident, text, effects, also=also)


def _unconfirmed(_: ev.TimerDue, incident: Incident) -> Transition:
    rungs = incident.rungs
    if rungs.state not in ("requested", "seen"):
        return Transition(incident, "The step down was confirmed in time.")
    seen = f"{rungs.seen} of {plural(rungs.instances, 'instance')}" if rungs.instances else "no instance of it answered"
    text = f"NOT CONFIRMED: {incident.agent} has not shown that it is on {rungs.rung} ({seen})."
    incident = replace(incident, rungs=replace(rungs, state="not-confirmed"))
    moved = escalation.page_holder(incident, text)
    then = f"{text} Step down further, or stop it by hand."
    loud = Say(incident.id, f"unconfirmed-{rungs.epoch}", then, question=True)
    cards = (f"autonomy-{rungs.epoch}", "direct", "page", "incident", "announcement")
    effects = (loud, *moved.effects, *edits(incident, *cards))
    also = tuple(("paged", words) for words in moved.words)
    return Transition(moved.incident, text, effects, also=also)


def _until(event: ev.TimerDue, incident: Incident) -> Transition:
    rungs = incident.rungs
    if rungs.rung == rungs.normal:
        return Transition(incident, "The time of the step down is over, and the agent is back on its normal rung.")
    text = f"The time set for {rungs.rung} is over. Stepdown never raises by itself: ask for the restore, or leave it."
    mention = incident.acked_by or incident.roster.owner
    say = Say(incident.id, event.token, f"{text} /autonomy {incident.agent} restore", mention=mention)
    return Transition(incident, text, (say, *edits(incident, f"autonomy-{rungs.epoch}")))


def _watch_over(event: ev.TimerDue, incident: Incident) -> Transition:
    return Transition(incident, f"The watch after recovery ended at {event.at:%H:%M} UTC without a relapse.")


def _owed(event: ev.TimerDue, incident: Incident) -> Transition:
    """Reminders are events of their own (`nudges.py`), which know whom they go to and whether it is night there."""
    return Transition(incident, f"A reminder was due: {event.token}.")


_TIMERS = {
    "escalate": _escalate,
    "ack-reminder": _remind,
    "ack-lapse": _lapse,
    "confirm": _unconfirmed,
    "rung-until": _until,
    "plan-end": lambda event, incident: plan_ended(event.at, incident),
    "watch-end": _watch_over,
    "nudge": _owed,
}
