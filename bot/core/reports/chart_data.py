"""The chart of each breached SLI as data, and what each rung change did to the SLIs (`product.md` section 9)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from bot.core.detection.literal_rule import objective_limit, reach
from bot.core.detection.sampling_error import band_limit
from bot.core.incident import events as ev
from bot.core.incident.incident import Incident
from bot.core.incident.timeline import SealedEntry
from bot.core.model.fleet import Agent
from bot.core.model.posted_change import PostedChange
from bot.core.model.rungs import DEFAULT_LADDER, Ladder, RungState
from bot.core.model.samples import MinuteRow, Series, minute_of, minute_start
from bot.core.model.slis import Baseline, Breach, Sli
from bot.core.reports import rung_effect
from bot.core.reports.impact import Rows
from bot.core.reports.postmortem_report import Chart, Mark, RungMove, SliEffect
from bot.core.reports.pseudonyms import Pseudonyms

BEFORE, AFTER = 30, 5
"""Minutes of a chart before the first bad minute and after the end."""


@dataclass(frozen=True, slots=True)
class ChartInputs:
    """What the builder reads from: the incident, its entries and the stored minutes."""

    incident: Incident
    entries: Sequence[SealedEntry]
    minutes: Mapping[Series, Rows]
    agent: Agent
    rung_history: Sequence[RungState]
    cast: Pseudonyms
    end: datetime
    ladder: Ladder = DEFAULT_LADDER

    def events(self) -> Iterator[ev.Event]:
        """Return the events in order; derived lines have none."""
        return (sealed.entry.event for sealed in self.entries if sealed.entry.event is not None)


def charts(inputs: ChartInputs) -> tuple[Chart, ...]:
    """One chart for each breached SLI."""
    return tuple(_chart(breach, inputs) for breach in inputs.incident.breaches)


def _chart(breach: Breach, inputs: ChartInputs) -> Chart:
    first = min(each.first_bad for each in inputs.incident.breaches) - BEFORE
    drawn = sli_chart(
        breach.series,
        breach.sli,
        inputs.minutes.get(breach.series, ()),
        breach.baseline,
        (first, minute_of(inputs.end)),
    )
    happened = (Mark(minute_start(breach.first_bad), "first bad", "harm"), *marks(inputs, breach))
    return replace(drawn, last=drawn.last + AFTER, objective=breach.limit, marks=happened)


def sli_chart(series: Series, sli: Sli, rows: Rows, baseline: Baseline | None, span: tuple[int, int]) -> Chart:
    """One SLI between two minutes, without marks."""
    first, last = span
    return Chart(
        series=series,
        title=sli.title or sli.name.upper(),
        unit=sli.unit,
        better=sli.better,
        points=tuple(_points([row for row in rows if first <= row.minute <= last + AFTER], sli)),
        first=first,
        last=last,
        baseline=baseline.value if baseline else None,
        band=band_limit(sli, baseline) if baseline else None,
        objective=objective_limit(sli, baseline),
        marks=(),
        until=last,
        due=-(-(sli.every + sli.settle) // 60),
        doubtful=tuple(row.minute for row in rows if row.doubt and first <= row.minute <= last),
    )


def _points(rows: Rows, sli: Sli) -> Iterator[tuple[int, float | None]]:
    """(minute, value); a hole longer than the poll interval becomes a None, so that the line breaks there."""
    previous: MinuteRow | None = None
    for row in rows:
        if previous is not None and row.minute - previous.minute > reach(sli):
            yield previous.minute + 1, None
        yield row.minute, None if row.n == 0 and sli.kind == "ratio" else row.value
        previous = row


def marks(inputs: ChartInputs, breach: Breach) -> Iterator[Mark]:
    """The moments that explain a curve, in order; of pages, acknowledgements and holds the one that counts."""
    yield Mark(breach.detected_at, "breach", "harm")
    yield from (Mark(change.at, change.kind, "change") for change in _changes(inputs, breach))
    seen: set[str] = set()
    for event in inputs.events():
        mark = _mark(event)
        if mark is None or (mark.sort == "person" and mark.label in seen):
            continue
        seen.add(mark.label)
        yield mark


def _changes(inputs: ChartInputs, breach: Breach) -> Iterator[PostedChange]:
    """What was changed while this chart runs, as the newest look at the evidence has it."""
    looks = [event.assessment for event in inputs.events() if isinstance(event, ev.Assessed)]
    first = minute_start(breach.first_bad - BEFORE)
    return (change for change in (looks[-1].changes if looks else ()) if first <= change.at <= inputs.end)


def _mark(event: ev.Event) -> Mark | None:
    match event:
        case ev.PageSettled(outcome="sent"):
            return Mark(event.at, "page", "person")
        case ev.Acknowledged():
            return Mark(event.at, "ack", "person")
        case ev.RungLowered():
            return Mark(event.at, event.to_rung, "down")
        case ev.RungConfirmed():
            return Mark(event.at, "confirmed", "down")
        case ev.RungRaised():
            return Mark(event.at, f"up: {event.to_rung}", "good")
        case ev.RecoveryHeld():
            return Mark(event.at, "recovered", "good")
        case ev.Resolved():
            return Mark(event.at, "resolved", "good")
        case _:
            return None


class Confirmation(NamedTuple):
    """When a rung was read back, and after how many seconds."""

    at: datetime
    seconds: float


def rung_moves(inputs: ChartInputs) -> tuple[RungMove, ...]:
    """Every rung change of the incident, and changes of the agent's rung made beside it, oldest first."""
    confirmed = {
        event.epoch: Confirmation(event.at, event.seconds)
        for event in inputs.events()
        if isinstance(event, ev.RungConfirmed)
    }
    moves = [
        _move(inputs, event, confirmed.get(event.epoch))
        for event in inputs.events()
        if isinstance(event, ev.RungLowered | ev.RungRaised)
    ]
    known = {move.epoch for move in moves}
    moves += [move for move in _beside(inputs) if move.epoch not in known]
    return _with_effects(inputs, sorted(moves, key=lambda move: (move.at, move.epoch)))


def _move(inputs: ChartInputs, event: ev.RungLowered | ev.RungRaised, confirmed: Confirmation | None) -> RungMove:
    return RungMove(
        at=event.at,
        who=inputs.cast.role(event.actor),
        from_rung=event.from_rung,
        to_rung=event.to_rung,
        direction="up" if isinstance(event, ev.RungRaised) else "down",
        workflow=event.workflow,
        reason=inputs.cast.words(event.reason),
        epoch=event.epoch,
        asked_by=inputs.cast.role(event.asked_by) if isinstance(event, ev.RungRaised) else "",
        by_plan=isinstance(event, ev.RungRaised) and event.by_plan,
        until=event.until if isinstance(event, ev.RungLowered) else None,
        confirmed_at=confirmed.at if confirmed else None,
        seconds=confirmed.seconds if confirmed else None,
    )


def _with_effects(inputs: ChartInputs, moves: Sequence[RungMove]) -> tuple[RungMove, ...]:
    """Each change with what the breached SLIs did between the onset (or the change before) and it, and after it."""
    changes = [(minute_of(move.at), minute_of(move.confirmed_at or move.at)) for move in moves]
    return tuple(replace(move, effects=tuple(_effects(inputs, moves, changes, at))) for at, move in enumerate(moves))


def _effects(
    inputs: ChartInputs, moves: Sequence[RungMove], changes: Sequence[tuple[int, int]], at: int
) -> Iterator[SliEffect]:
    for breach in inputs.incident.breaches:
        before, after = rung_effect.spans(breach.first_bad, changes, at, minute_of(inputs.end))
        rows = inputs.minutes.get(breach.series, ())
        move = moves[at]
        moved = rung_effect.moved(breach, inputs.ladder, move.workflow, (move.to_rung, move.from_rung))
        yield rung_effect.effect(breach, rows, before, after, moved)


def _beside(inputs: ChartInputs) -> Iterator[RungMove]:
    """Changes the store knows of in the incident's time that its timeline does not."""
    before: dict[str, RungState] = {}
    for state in inputs.rung_history:
        earlier = before.get(state.workflow)
        before[state.workflow] = state
        if not inputs.incident.opened_at <= state.changed_at <= inputs.end:
            continue
        seconds = (state.confirmed_at - state.changed_at).total_seconds() if state.confirmed_at else None
        yield RungMove(
            at=state.changed_at,
            who=inputs.cast.role(state.by) if state.by else "",
            from_rung=earlier.rung if earlier else inputs.incident.rungs.before,
            to_rung=state.rung,
            direction="changed",
            workflow=state.workflow,
            reason=inputs.cast.words(state.reason),
            epoch=state.epoch,
            until=state.until,
            confirmed_at=state.confirmed_at,
            seconds=seconds,
        )
