"""Silent failures in a replay: SLIs that got better than ever while another went bad, asked as a running bot asks.

The rule is `detection/silent_failure_rule.py`; when it is asked, `engine.detection.silent_failures` says. What fell
alone pages nobody, and a replay has no card to note it on.
"""

from collections.abc import Collection, Sequence
from zlib import crc32

from bot.core.backtest.replay_rules import Spans
from bot.core.backtest.series_replay import SeriesReplay
from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence_rule import companions_of
from bot.core.detection.literal_rule import Rows
from bot.core.detection.silent_failure_rule import NOTE_EVERY, Sign, fell_lately, judge, worth_reading
from bot.core.model.fleet import Agent
from bot.core.model.samples import Series, minute_start
from bot.core.model.slis import Breach


class SilentReplay:
    """The SLIs of an agent that are watched in both directions, each with those that may go bad beside it."""

    def __init__(self, agent: Agent, watches: Sequence[SeriesReplay]) -> None:
        self._offset = crc32(agent.key.encode())
        self._pairs = [
            (watch, [other for other in watches if other.series.workflow == flow and other.sli in companions])
            for watch, (flow, sli) in zip(watches, agent.slis, strict=True)
            if (companions := companions_of(flow, sli, agent.slis))
        ]
        for watch, beside in self._pairs:
            watch.beside = beside
            for one in (watch, *beside):
                one.in_pair = True

    def suspected(self, minute: int, spans: Spans) -> bool:
        """Whether the newest minutes are worth reading hours for."""
        for watch, beside in self._pairs:
            if not watch.record.seen:
                continue
            fallen = _glance(watch, minute, spans)
            alone = (minute + self._offset) % NOTE_EVERY == 0 and fell_lately(fallen, minute)
            if alone or worth_reading(fallen, [_glance(other, minute, spans) for other in beside], minute):
                return True
        return False

    def found(
        self, minute: int, spans: Spans, allowance: Allowance, since: int | None, left_out: Collection[Series]
    ) -> list[tuple[Breach, ...]]:
        """Breaches of two SLIs each. `left_out`: SLIs that are in breach, or that the rung moves."""
        return [
            breaches
            for watch, beside in self._pairs
            if watch.series not in left_out and watch.record.newest == minute
            if (
                breaches := self._of(
                    watch, [one for one in beside if one.series not in left_out], minute, spans, allowance, since
                )
            )
        ]

    def _of(
        self,
        watch: SeriesReplay,
        beside: Sequence[SeriesReplay],
        minute: int,
        spans: Spans,
        allowance: Allowance,
        since: int | None,
    ) -> tuple[Breach, ...]:
        if not fell_lately(_glance(watch, minute, spans), minute):
            return ()
        fallen, *others = (_whole(one, minute, spans) for one in (watch, *beside))
        told = judge(
            fallen, [other for other in others if other.rows], minute, allowance, since, minute_start(minute + 1)
        )
        if told is None or told.rise is None:
            return ()
        return _frozen(watch, told.fall, spans), *(
            _frozen(one, told.rise, spans) for one in beside if one.series == told.rise.series
        )


def _glance(watch: SeriesReplay, minute: int, spans: Spans) -> Sign:
    return Sign(watch.series, watch.sli, watch.record.recent, watch.remembered(minute, spans))


def _whole(watch: SeriesReplay, minute: int, spans: Spans) -> Sign:
    rows: Rows = watch.record.rows(minute) if watch.record.seen else {}
    return Sign(watch.series, watch.sli, rows, watch.for_judging(minute, spans) if rows else None)


def _frozen(watch: SeriesReplay, breach: Breach, spans: Spans) -> Breach:
    return watch.with_frozen(breach, spans)
