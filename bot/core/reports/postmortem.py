"""From an incident's own entries to a postmortem draft (`product.md` section 9). Pure.

Facts come from the timeline and the stored minutes alone. What they do not hold is a marked gap. Nothing here says what
anybody might have done instead: a draft says what happened and what people knew.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

from bot.core.formatting.numbers import figure, label
from bot.core.formatting.plurals import plural
from bot.core.incident import events as ev
from bot.core.incident.incident import Incident
from bot.core.incident.timeline import SealedEntry
from bot.core.model.fleet import Agent
from bot.core.model.people import Person
from bot.core.model.rungs import DEFAULT_LADDER, Ladder, RungState
from bot.core.model.samples import MinuteRow, Series, minute_of, minute_start
from bot.core.reports.chart_data import ChartInputs, charts, rung_moves
from bot.core.reports.impact import impact
from bot.core.reports.postmortem_report import (
    AgentContext,
    Detection,
    Gap,
    Impact,
    Number,
    Question,
    Report,
    RungMove,
    Span,
    Words,
)
from bot.core.reports.pseudonyms import pseudonyms_of
from bot.core.reports.timeline_report import actions, attribution, clock, pages, timeline, walk

__all__ = ["Gap", "Report", "build"]

_Some = TypeVar("_Some", bound=ev.Event)
NO_PAGE = Gap("no page was sent")


def build(
    incident: Incident,
    entries: Sequence[SealedEntry],
    *,
    minutes: Mapping[Series, Sequence[MinuteRow]],
    rung_history: Sequence[RungState],
    people: Mapping[str, Person],
    agent: Agent,
    now: datetime,
    ladder: Ladder = DEFAULT_LADDER,
) -> Report:
    """Draft the postmortem of an incident, open or closed.

    `minutes` holds the agent's series from an hour before the first bad minute on; what is missing shows as gaps.
    """
    cast = pseudonyms_of(incident, entries, people)
    inputs = ChartInputs(incident, entries, minutes, agent, rung_history, cast, _end(incident, entries, now), ladder)
    moves, found, damage = rung_moves(inputs), _detection(inputs), _impact(inputs)
    return Report(
        incident_id=incident.id,
        number=incident.number,
        agent=agent.key,
        title=cast.words(incident.title),
        kind=incident.kind,
        severity=incident.severity,
        state=incident.state,
        opened_at=incident.opened_at,
        drafted_at=now,
        exercise=incident.exercise,
        notices=_notices(inputs),
        summary=_summary(inputs, damage, moves),
        detection=found,
        impact=damage,
        context=_context(agent, incident),
        timeline=timeline(entries, cast),
        attribution=attribution(incident, entries, cast),
        rung_moves=moves,
        clock=clock(entries, cast),
        resets=incident.resets,
        walk=walk(incident, cast),
        pages=pages(incident, entries, cast),
        times=_times(inputs, found),
        charts=charts(inputs),
        responders=cast.responders(),
        actions=actions(entries, cast, people),
        agent_questions=_agent_questions(inputs, moves),
        reflections=_reflections(),
    )


def _end(incident: Incident, entries: Sequence[SealedEntry], now: datetime) -> datetime:
    """When the incident was closed for good; `now` while it is open."""
    closings = [sealed.entry.at for sealed in entries if sealed.entry.kind in ("resolved", "cancelled")]
    return closings[-1] if closings and not incident.open else now


def _first(inputs: ChartInputs, kind: type[_Some]) -> _Some | None:
    return next((event for event in inputs.events() if isinstance(event, kind)), None)


def _onset(incident: Incident) -> int | None:
    return min((breach.first_bad for breach in incident.breaches), default=None)


def _impact(inputs: ChartInputs) -> Impact:
    onset = _onset(inputs.incident)
    span = (minute_of(inputs.incident.opened_at) if onset is None else onset, minute_of(inputs.end))
    return impact(inputs.agent, inputs.incident.breaches, inputs.minutes, span)


def _detection(inputs: ChartInputs) -> Detection:
    incident = inputs.incident
    first = min(incident.breaches, key=lambda breach: (breach.detected_at, breach.first_bad), default=None)
    onset = _onset(incident)
    first_bad = minute_start(onset) if onset is not None else Gap("when it began: no SLI breached")
    paged_at = _paged_at(inputs)
    lag: Number = NO_PAGE
    if isinstance(paged_at, datetime):
        lag = (paged_at - first_bad).total_seconds() if isinstance(first_bad, datetime) else first_bad
    return Detection(_signal(inputs), first.why if first else "", first_bad, _detected_at(inputs), paged_at, lag)


def _signal(inputs: ChartInputs) -> Words:
    incident = inputs.incident
    if incident.breaches:
        first = min(incident.breaches, key=lambda breach: (breach.detected_at, breach.first_bad))
        where = f" ({first.series.workflow})" if first.series.workflow else ""
        if first.beside is not None:
            pair = [breach for breach in incident.breaches if first.series in (breach.series, breach.beside)]
            return f"{' and '.join(label(breach.sli) for breach in pair)}{where}: a silent failure"
        return f"{label(first.sli)}{where}"
    if incident.alerts and incident.kind == "alert":
        return f"the alert {incident.alerts[0].title} of {incident.alerts[0].sender}"
    return "missing data" if incident.kind == "blind" else Gap("what made somebody declare it")


def _detected_at(inputs: ChartInputs) -> datetime:
    return min((breach.detected_at for breach in inputs.incident.breaches), default=inputs.incident.opened_at)


def _paged_at(inputs: ChartInputs) -> datetime | Gap:
    sent = [event.at for event in inputs.events() if isinstance(event, ev.PageSettled) and event.outcome == "sent"]
    return min(sent, default=NO_PAGE)


def _times(inputs: ChartInputs, found: Detection) -> tuple[Span, ...]:
    """Derived times, each with what it is measured from."""
    incident = inputs.incident
    began = found.first_bad if isinstance(found.first_bad, datetime) else incident.opened_at
    basis = "first bad minute" if began is found.first_bad else "declared"
    paged = found.paged_at if isinstance(found.paged_at, datetime) else None
    acked = _first(inputs, ev.Acknowledged)
    held = _first(inputs, ev.RecoveryHeld)
    recovered = incident.recovered_at
    return (
        _span("to detect", began, found.detected_at, f"{basis} to breach"),
        _span("to page", began, paged, f"{basis} to the first page sent"),
        _span("to acknowledge", paged, acked.at if acked else None, "first page sent to acknowledged"),
        _span("to contain", began, incident.contained_at, f"{basis} to contained"),
        _span("to hold 30 minutes", began, held.at if held else None, f"{basis} to recovery holding first"),
        _span("to recover", began, recovered, f"{basis} to recovery holding after the last restore or reset"),
        _span("to resolve", began, None if incident.open else inputs.end, f"{basis} to closed"),
    )


def _span(name: str, first: datetime | None, last: datetime | None, basis: str) -> Span:
    seconds = (last - first).total_seconds() if first is not None and last is not None else None
    return Span(name, seconds, basis)


def _notices(inputs: ChartInputs) -> tuple[str, ...]:
    """What must be seen before anything else."""
    incident, rungs, words = inputs.incident, inputs.incident.rungs, inputs.cast.words
    resolved = _first(inputs, ev.Resolved)
    reason = f" What ended it: {words(resolved.reason)}" if resolved and resolved.reason else ""
    notices = [
        (incident.open, f"The incident is still {incident.state}: this is a draft of an unfinished story."),
        (incident.override, f"RESOLVED BY OVERRIDE. {words(_unmet(incident))}{reason}"),
        (
            incident.left_on,
            f"LEFT ON A LOWER RUNG: {rungs.rung}, not {rungs.normal}. Reason given: {words(incident.left_on)}",
        ),
        (rungs.state == "not-confirmed", f"NOT CONFIRMED: no read-back of {rungs.rung}."),
        (incident.relapses, f"Relapsed {incident.relapses} time(s) after it was resolved."),
        (incident.state == "cancelled", "Cancelled as a false alarm."),
    ]
    return tuple(text for holds, text in notices if holds)


def _unmet(incident: Incident) -> str:
    what = "; ".join(incident.unmet) or "not recorded"
    return f"Not met: {what}. Reason for closing it all the same: {incident.override.rstrip('.')}."


def _summary(inputs: ChartInputs, damage: Impact, moves: Sequence[RungMove]) -> tuple[Words, ...]:
    """What broke, what was done, how it ended: from facts, then the sentence only a person can write."""
    told = (_what_broke(inputs, damage), _what_was_done(moves), _how_it_ended(inputs))
    ask = Gap("one sentence in plain words: what users saw, and why it happened")
    return (*(text for text in told if text), ask)


HOW_IT_BEGAN: Final[Mapping[str, str]] = {"blind": "stopped reporting", "alert": "had an alert fire"}
"""What is said of an incident without a breach, by its kind."""


def _what_broke(inputs: ChartInputs, damage: Impact) -> str:
    incident, agent = inputs.incident, inputs.agent
    named = agent.title or agent.key
    if not damage.slis:
        what = HOW_IT_BEGAN.get(incident.kind, "had an incident declared by hand")
        return f"{named} {what} at {incident.opened_at:%H:%M} UTC on {incident.opened_at:%Y-%m-%d}."
    parts = [
        f"{label(breach.sli)} reached {figure(each.worst, each.unit)} "
        f"({'normal ends at' if breach.beside else 'objective'} {figure(each.limit, each.unit)})"
        for breach, each in zip(incident.breaches, damage.slis, strict=True)
        if not isinstance(each.worst, Gap)
    ]
    began = minute_start(min(breach.first_bad for breach in incident.breaches))
    told = f": {', '.join(parts)}" if parts else ""
    lasted = plural(damage.minutes, "minute")
    what = "failed silently" if all(breach.beside for breach in incident.breaches) else "was past an objective"
    return f"{named} {what} for {lasted} from {began:%Y-%m-%d %H:%M} UTC on{told}."


def _what_was_done(moves: Sequence[RungMove]) -> str:
    down = next((move for move in moves if move.direction == "down"), None)
    if down is None:
        return ""
    took = f"confirmed after {down.seconds:.0f} s" if down.seconds is not None else "which was never confirmed"
    by = "Stepdown" if down.who == "Stepdown" else down.who if down.who.startswith("responder") else f"the {down.who}"
    return f"At {down.at:%H:%M} UTC {by} stepped it down from {down.from_rung} to {down.to_rung}, {took}."


def _how_it_ended(inputs: ChartInputs) -> str:
    incident = inputs.incident
    held = [event for event in inputs.events() if isinstance(event, ev.RecoveryHeld)]
    if not held:
        return "Recovery has not held yet." if incident.open else "Recovery never held for 30 minutes."
    resets = f" after {plural(incident.resets, 'reset')}" if incident.resets else ""
    ended = f" It was {incident.state} at {inputs.end:%H:%M} UTC." if not incident.open else ""
    return f"The numbers held for 30 minutes at {held[-1].at:%H:%M} UTC{resets}.{ended}"


def _context(agent: Agent, incident: Incident) -> AgentContext:
    return AgentContext(
        title=agent.title or agent.key,
        stage=agent.stage,
        scope=agent.scope or Gap("the agent's scope; the fleet file does not say"),
        blast_radius=agent.blast_radius or Gap("the agent's blast radius; the fleet file does not say"),
        fallback=agent.fallback or Gap("what serves users when the agent is off; the fleet file does not say"),
        rung_before=incident.rungs.before,
        rung_now=incident.rungs.rung,
        normal_rung=incident.rungs.normal,
        versions=Gap("model (as the provider returned it), prompt, tool and policy versions at onset"),
    )


def _agent_questions(inputs: ChartInputs, moves: Sequence[RungMove]) -> tuple[Question, ...]:
    """The two questions that only agents raise."""
    incident = inputs.incident
    rungs = " -> ".join(dict.fromkeys((incident.rungs.before, *(move.to_rung for move in moves))))
    flows = ", ".join(dict.fromkeys(b.series.workflow or "the agent as a whole" for b in incident.breaches))
    return (
        Question(
            "Is this task to run at a lower rung for good?",
            f"Rungs used: {rungs}. Affected: {flows or 'the agent as a whole'}. Normal rung: {incident.rungs.normal}.",
            Gap("yes or no, for which workflow, and who decides"),
        ),
        Question(
            "Which eval case was missing?",
            f"Signals that fired: {', '.join(label(b.sli) for b in incident.breaches) or 'none'}.",
            Gap("the input and expected behaviour that the offline suite will hold from now on"),
        ),
    )


def _reflections() -> tuple[Question, ...]:
    return (
        Question("What went well?", "", Gap("from the people who were there")),
        Question("What made it hard?", "", Gap("missing access, unclear step, noisy signal, wrong number")),
        Question("Where were we lucky?", "", Gap("what could as easily have gone worse")),
        Question("Which conditions let this happen?", "", Gap("contributing factors in the system, not in a person")),
    )
