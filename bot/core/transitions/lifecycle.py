"""The course of an incident: breaches joining and clearing, runbook steps, recovery, resolving."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.core.incident import events as ev
from bot.core.incident.effects import DraftPostmortem, Effect, PostCard, Say
from bot.core.incident.incident import IllegalMove, Incident, IncidentState, Timer
from bot.core.incident.incident_rungs import IncidentRungs
from bot.core.paging import escalation
from bot.core.runbooks.runbook import PHASES, StepMark, phase_done
from bot.core.transitions.restore_plans import halted, without_plan
from bot.core.transitions.step_settling import lay_out_next, phase_line
from bot.core.transitions.transition import Transition, apply, ask_ended, charts, edits, gather, lay_out

WATCH = timedelta(minutes=30)
"""After `recovered`, a watch of 30 more minutes (`product.md` section 8)."""


@apply.register
def breached(event: ev.Breached, incident: Incident) -> Transition:
    """One more SLI joins; severity may rise by rule, never fall. One card names all of them, however many there are."""
    breach = event.breach
    others = tuple(old for old in incident.breaches if old.series != breach.series)
    severity = min(incident.severity, event.severity) if event.severity else incident.severity
    joined = replace(
        incident,
        breaches=(*others, breach),
        severity=severity,
        suggestion=event.suggestion or incident.suggestion,
        hold_from=min(incident.hold_from, breach.first_bad) if not incident.breaches else incident.hold_from,
    )
    text = f"Also in breach: {breach.why}"
    cards = edits(incident, "breaches", "incident", "announcement", "page")
    shown = (PostCard(incident.id, "breaches"), *cards, *charts(joined))
    silent = incident.state is IncidentState.PAGING and not any(timer.kind == "escalate" for timer in incident.timers)
    if not silent:
        joined, stop, also = halted(joined, f"also in breach: {breach.why}")
        return Transition(joined, text, (*shown, *stop), also=also)
    paging = escalation.begin(replace(joined, pages=True), event.at, "")
    also = tuple(("paged", words) for words in paging.words)
    return Transition(paging.incident, text, (*paging.effects, *shown), also=also)


@apply.register
def cleared(event: ev.Cleared, incident: Incident) -> Transition:
    """Mark an SLI as meeting its objective again. Recovery is judged by its own clock."""
    breaches = tuple(
        replace(old, cleared_at=event.at) if old.series == event.series else old for old in incident.breaches
    )
    text = f"{event.series} meets its objective again: {event.why}"
    return Transition(
        replace(incident, breaches=breaches), text, edits(incident, "breaches", "incident", "announcement")
    )


@apply.register
def doubted(event: ev.Doubted, incident: Incident) -> Transition:
    """The numbers are not to be trusted, or are again. It changes no state: the clock reads the minutes itself."""
    text = f"The numbers are in doubt: {event.why}" if event.why else "The numbers are whole again."
    shown = edits(incident, "incident", "announcement", "recovery")
    return Transition(replace(incident, doubt=event.why), text, shown)


@apply.register
def sighted(event: ev.Sighted, incident: Incident) -> Transition:
    """Data is back. Where the agent is on a lower rung the clock now runs; a person still has to look and resolve."""
    if incident.kind != "blind":
        raise IllegalMove(f"{incident.number} is not about missing data.")
    stays = incident.state is IncidentState.PAGING or incident.by_clock
    back = replace(incident, state=incident.state if stays else IncidentState.RECOVERED, recovered_at=event.at)
    shown = (PostCard(incident.id, "resolve"),) if incident.channel and not incident.by_clock else ()
    return Transition(back, f"Data is back: {event.why}", (*shown, *edits(incident, "incident")))


@apply.register
def step_marked(event: ev.StepMarked, incident: Incident) -> Transition:
    """Mark a runbook step; when that settles its phase, say so and lay out the next one."""
    step = incident.plan.step(event.step_id)
    if step is None:
        raise IllegalMove(f"The runbook {incident.plan.name} has no step {event.step_id}.")
    if event.outcome != "done" and not event.note.strip():
        raise IllegalMove(f"Marking a step {event.outcome} takes a note: why?")
    mark = StepMark(event.step_id, event.outcome, event.note, event.actor.key, event.at)
    marked = replace(incident, marks={**incident.marks, event.step_id: mark})
    note = f" ({event.note})" if event.note else ""
    text = f"{step.phase}: {step.title}: {event.outcome}{note}"
    effects: tuple[Effect, ...] = edits(incident, f"phase-{step.phase}", "incident", "resolve")
    if event.outcome == "blocked":
        help_ = f"Blocked on {step.title!r}: {event.note}. Who can help {event.actor.name}?"
        stamp = f"blocked-{event.step_id}-v{incident.version + 1}"
        effects = (*effects, Say(incident.id, stamp, help_, question=True))
    finished = phase_done(incident.plan, step.phase, marked.marks)
    if finished and not phase_done(incident.plan, step.phase, incident.marks):
        return Transition(marked, text, (*effects, *lay_out_next(incident, step.phase)), also=(phase_line(step.phase),))
    return Transition(marked, text, (*effects, *gather(incident, step.phase)))


@apply.register
def recovery_began(event: ev.RecoveryBegan, incident: Incident) -> Transition:
    """Every breached SLI is back in its band; the clock runs."""
    began = replace(incident, state=IncidentState.RECOVERING, recovering_at=incident.recovering_at or event.at)
    return Transition(began, f"Recovery began: {event.why}", _recovery_cards(incident))


@apply.register
def recovery_reset(event: ev.RecoveryReset, incident: Incident) -> Transition:
    """The clock is back at zero, and says why. Whoever has the incident gets the full time to react to that."""
    state = IncidentState.CONTAINED if incident.contained_at is not None else IncidentState.RESPONDING
    relapse = incident.state is IncidentState.RECOVERED
    reset = replace(
        incident,
        state=state,
        recovered_at=None,
        last_reset=event.why,
        resets=incident.resets + 1,
        active_at=event.at,
        timers=tuple(timer for timer in incident.timers if timer.kind != "watch-end"),
        rungs=incident.rungs.without_ask(),
    )
    reset, stop, also = halted(reset, event.why)
    text = f"Recovery reset: {event.why}"
    effects = (*_recovery_cards(incident), *stop, *ask_ended(incident))
    if relapse:
        warn = Say(
            incident.id, f"relapse-{event.minute}", f"Not recovered after all: {event.why}", mention=_on_it(incident)
        )
        effects = (*effects, warn)
    return Transition(reset, text, effects, also=also)


@apply.register
def recovery_held(event: ev.RecoveryHeld, incident: Incident) -> Transition:
    """The numbers have held. A person restores and resolves; nothing closes by itself."""
    watch = Timer("watch-end", f"watch-{event.minute}", event.at + WATCH)
    held = replace(incident, state=IncidentState.RECOVERED, recovered_at=event.at, timers=(*incident.timers, watch))
    rungs = incident.rungs
    then = (
        "Resolve it when the runbook is done."
        if rungs.rung == rungs.normal
        else "Restore the rung, one step at a time."
    )
    why = event.why.removeprefix("held: ")
    say = Say(incident.id, f"held-{event.minute}", f"Recovered: {why}. {then}", mention=_on_it(incident))
    cards: tuple[Effect, ...] = (PostCard(incident.id, "resolve"),) if incident.channel else ()
    return Transition(
        held, f"Recovery held: {why}", (say, *_recovery_cards(incident), *cards, *edits(incident, "resolve"))
    )


def _on_it(incident: Incident) -> str:
    return incident.roles.get("lead") or incident.acked_by or incident.roster.owner


def _recovery_cards(incident: Incident) -> tuple[Effect, ...]:
    posted: tuple[Effect, ...] = (PostCard(incident.id, "recovery"),) if incident.channel else ()
    return (*posted, *edits(incident, "recovery"), *charts(incident))


@apply.register
def resolved(event: ev.Resolved, incident: Incident) -> Transition:
    """Closed by a person. Without an override it must have recovered."""
    if event.actor.surface == "bot":
        raise IllegalMove("Resolving is always a person's act.")
    if incident.state is not IncidentState.RECOVERED and not event.override:
        raise IllegalMove(f"The incident is {incident.state}, not recovered. Resolving it anyway takes a reason.")
    closed = _close(incident, IncidentState.RESOLVED, event.at)
    closed = replace(closed, override=event.override, unmet=event.unmet, left_on=event.left_on)
    marks = [overridden(event.override, event.unmet), event.reason]
    left = f"Left on {incident.rungs.rung}: {event.left_on}" if event.left_on else ""
    text = " ".join(part for part in ("Resolved.", *marks, left) if part)
    return Transition(closed, text, _closing(incident), drop=_unwanted(incident))


def overridden(reason: str, unmet: tuple[str, ...]) -> str:
    """What was not met, and why it was closed all the same: both, or neither is of use. "" without an override."""
    if not reason:
        return ""
    return f"OVERRIDE. Not met: {'; '.join(unmet) or 'not recorded'}. Closed all the same: {reason.rstrip('.')}."


@apply.register
def cancelled(event: ev.Cancelled, incident: Incident) -> Transition:
    """A false alarm, with its reason."""
    if not event.reason.strip():
        raise IllegalMove("Cancelling takes a reason: what made it a false alarm?")
    closed = _close(incident, IncidentState.CANCELLED, event.at)
    text = f"Cancelled as a false alarm: {event.reason}"
    shown = (*edits(incident, "pages", "page", "resolve", "recovery"), *ask_ended(incident))
    return Transition(closed, text, (Say(incident.id, "cancelled", text), *shown), drop=_unwanted(incident))


def _close(incident: Incident, state: IncidentState, at: datetime) -> Incident:
    calm = escalation.stop(without_plan(incident, "the incident was closed"))
    return replace(calm, state=state, resolved_at=at, timers=(), rungs=calm.rungs.without_ask())


def _unwanted(incident: Incident) -> tuple[str, ...]:
    return (f"inc-{incident.id}/page/",)


def _closing(incident: Incident) -> tuple[Effect, ...]:
    stamp = f"v{incident.version + 1}"
    shown = (*edits(incident, "pages", "page", "recovery", "resolve"), *ask_ended(incident))
    return (DraftPostmortem(incident.id, stamp), *shown)


@apply.register
def reopened(event: ev.Reopened, incident: Incident) -> Transition:
    """Open again. A relapse pages like a new incident; a person's word makes that person the one on it."""
    relapse = event.breach is not None
    base = replace(
        incident,
        resolved_at=None,
        recovered_at=None,
        override="",
        unmet=(),
        left_on="",
        postmortem="",
        postmortem_done_at=None,
        acked_by="",
        acked_at=None,
    )
    if event.rung:
        fresh = IncidentRungs(event.rung, incident.rungs.normal, before=event.rung, epoch=incident.rungs.epoch)
        base = replace(base, rungs=fresh)
    if event.breach is not None:
        others = tuple(old for old in incident.breaches if old.series != event.breach.series)
        base = replace(
            base,
            breaches=(*others, event.breach),
            hold_from=event.breach.first_bad,
            relapses=incident.relapses + 1,
            contained_at=None,
        )
    word = f"RELAPSE {base.relapses}" if relapse else "Reopened"
    text = f"{word}: {event.why}"
    say = Say(incident.id, f"reopened-v{incident.version + 1}", text, room="agent")
    shown = edits(incident, "pages", "page", "recovery", "resolve", "announcement")
    if not relapse:
        mine = replace(
            base, state=IncidentState.RESPONDING, acked_by=event.actor.key, acked_at=event.at, active_at=event.at
        )
        return Transition(mine, text, (say, *shown))
    paging = escalation.begin(replace(base, state=IncidentState.PAGING), event.at, f"{incident.agent} relapsed.")
    also = tuple(("paged", words) for words in paging.words)
    return Transition(paging.incident, text, (*paging.effects, say, *shown), also=also)


@apply.register
def severity_changed(event: ev.SeverityChanged, incident: Incident) -> Transition:
    """A person's word on the severity stands."""
    reason = f" ({event.reason})" if event.reason else ""
    text = f"Severity {incident.severity} -> {event.severity}{reason}"
    return Transition(replace(incident, severity=event.severity), text)


@apply.register
def refused(event: ev.Refused, incident: Incident) -> Transition:
    """Nothing changes; it is kept who tried, and why not."""
    return Transition(incident, f"Refused to {event.who.name}: {event.why}")


@apply.register
def effect_failed(event: ev.EffectFailed, incident: Incident) -> Transition:
    """Something could not be done; it is said."""
    text = f"Could not do {event.effect_key}: {event.why}"
    if event.effect_key != f"inc-{incident.id}/channel":
        return Transition(incident, text)
    words = f"{incident.number} has no channel of its own ({event.why}). It is worked on here."
    here: tuple[Effect, ...] = (
        Say(incident.id, "no-channel", words, room="agent"),
        PostCard(incident.id, "incident", room="agent"),
        *lay_out(incident, PHASES[0]),
    )
    return Transition(incident, text, here)
