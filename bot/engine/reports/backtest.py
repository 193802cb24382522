"""A whole fleet's recorded samples on a simulated clock: what would have been, without doing any of it.

Samples come in order of time, late by an hour at most; a minute is judged when nothing more can come for it. Nothing is
sent, stored or lowered. Memory holds a fortnight of each series and the last hour of rows, however long the recording.
Every rule that is compared reads the same records.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Protocol

from bot.core.backtest.agent_replay import AgentReplay, ReplayEvent
from bot.core.backtest.compared_rules import ComparedRule, own_rule
from bot.core.backtest.replay_rules import ReplayCase
from bot.core.backtest.series_record import SeriesRecord
from bot.core.backtest.weighing import weigh
from bot.core.budgets.budget import Tally
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import Series, minute_start
from bot.core.model.slis import Sli
from bot.core.telemetry.pooling import Part, can_be_pooled, pooled, whole_of
from bot.core.telemetry.weighted_mean import weighted_mean

LATENESS = 60
"""Minutes for which a minute waits for late rows."""
NAMED = 5
"""How many series that nobody watches are named."""

_Key = tuple[str, str, str]
Sample = tuple[int, _Key, float | None, float | None]
"""(minute, (agent, workflow, SLI), value, n)."""


@dataclass(slots=True)
class ReplayOutcome:
    """What a replay went through. Minutes since the epoch; `last` is the last minute judged."""

    samples: int = 0
    first: int = 0
    last: int = 0
    ignored: int = 0
    unwatched: list[Series] = field(default_factory=list)
    """Series in the recording that the fleet does not watch: the first few."""
    unrecorded: list[Series] = field(default_factory=list)
    """Series that the fleet watches and the recording does not have: nothing is said of them."""
    unjudged: list[Series] = field(default_factory=list)
    """Percentiles: they are made of single tasks, and a recording holds values. Nothing is said of them either."""
    unjudged_samples: int = 0
    impossible: list[tuple[Series, int, float]] = field(default_factory=list)
    """Series with values that no share can have, how many, and the last of them: those minutes are unknown."""
    open_at_end: int = 0
    spent: list[tuple[Series, Sli, Tally]] = field(default_factory=list)
    """What each series spent of its budget in the last 30 days."""


class _Taker(Protocol):
    def take(self, minute: int, value: float | None, n: float | None) -> None: ...


class _Pool:
    """A series watched for the agent as a whole, in a recording that has it by workflow."""

    def __init__(self, whole: SeriesRecord, watched: list[SeriesRecord]) -> None:
        self._whole = whole
        self._watched = watched
        self.parts: dict[str, Part] = {}

    def flush(self, minute: int) -> None:
        """One value for the agent. Where the recording has one itself, that one counts."""
        parts, self.parts = self.parts, {}
        if minute not in self._whole.recent:
            rows = (one.recent.get(minute) for one in self._watched)
            whole = [*parts.values(), *((row.value, row.n) for row in rows if row is not None)]
            self._whole.take(minute, *pooled(self._whole.series.sli, whole))


class _Portion:
    """One workflow of a pool."""

    def __init__(self, flow: str, pool: _Pool, waiting: list[_Pool]) -> None:
        self._flow = flow
        self._pool = pool
        self._waiting = waiting

    def take(self, _: int, value: float | None, n: float | None) -> None:
        if not self._pool.parts:
            self._waiting.append(self._pool)
        self._pool.parts[self._flow] = value, n


Tell = Callable[[ReplayEvent], None]


class _FleetReplay:
    """The whole fleet by one rule."""

    def __init__(self, rule: ComparedRule, fleet: Fleet, records: Mapping[_Key, SeriesRecord]) -> None:
        number = count(1).__next__
        self.every = [
            AgentReplay(
                part,
                [records[series] for series in part.series()],
                rule.rule(agent),
                number,
                waits=_waits(fleet, agent),
            )
            for agent in fleet.agents.values()
            for part in rule.agents(_judged(agent))
        ]
        self._live: list[AgentReplay] = []

    def asks(self, minute: int) -> list[ReplayCase]:
        """What is to be weighed of the minute that is just over; every record was closed before."""
        if len(self._live) < len(self.every):
            self._live = [agent for agent in self.every if any(watch.record.seen for watch in agent.watches)]
        for agent in self._live:
            agent.recover(minute)
        return [case for agent in self._live for case in agent.asks(minute)]

    def judge(self, minute: int, tell: Tell) -> None:
        """Judge the same minute, now that it is weighed."""
        for agent in self._live:
            for happening in agent.judge(minute):
                tell(happening)


class Backtest:
    """Runs samples through the rule of the fleet file, whose every event `tell` is handed in order of time.

    `others` are judged beside it, each with somebody of its own to tell. `rule`: judged by in the
    place of the fleet's own.
    """

    def __init__(
        self,
        fleet: Fleet,
        tell: Tell,
        others: Sequence[tuple[ComparedRule, Tell]] = (),
        *,
        rule: ComparedRule | None = None,
    ) -> None:
        self._aliases = fleet.aliases
        judged = [_judged(agent) for agent in fleet.agents.values()]
        every = {series for agent in fleet.agents.values() for series in agent.series()}
        self._pools: dict[_Key, tuple[Agent, _Pool]] = {}
        self._records: dict[_Key, SeriesRecord] = {
            series: SeriesRecord(series, sli)
            for agent in judged
            for series, (_, sli) in zip(agent.series(), agent.slis, strict=True)
        }
        self._unjudged = sorted(every - self._records.keys())
        rules = [(rule or own_rule(fleet), tell), *others]
        self._replays = [(_FleetReplay(rule, fleet, self._records), listener) for rule, listener in rules]
        self._seen: list[SeriesRecord] = []
        self._waiting: list[_Pool] = []
        self._takers: dict[_Key, _Taker] = {**self._records}
        self._need_n: set[_Key] = set()
        for each in judged:
            self._pool(each)
        self._pending: dict[int, list[tuple[_Taker, float | None, float | None]]] = {}
        self._next = -1

    def _pool(self, agent: Agent) -> None:
        """Let what workflows say count for the agent, where the fleet watches it as a whole."""
        for series in agent.series():
            parts = [Series(agent.key, flow, series.sli) for flow in agent.workflows if not series.workflow]
            watched = [self._records[one] for one in parts if one in self._records]
            pool = _Pool(self._records[series], watched)
            if not series.workflow:
                self._pools[series] = agent, pool
            for part in parts:
                if whole_of(agent, part) is not None:
                    self._takers[part] = _Portion(part.workflow, pool, self._waiting)
                    if not can_be_pooled(agent, part, None):
                        self._need_n.add(part)

    def _taker(self, key: _Key, n: float | None) -> _Taker | None:
        """Who takes a series by its recorded names; a workflow that is not listed counts for its agent as a whole."""
        taker = self._takers.get(key)
        if taker is None:
            agent, flow, sli = key
            own = Series(*self._aliases.named(agent, flow), sli)
            taker = self._takers.get(own) or self._late_portion(own)
            if taker is not None:
                self._takers[key] = taker
                if own in self._need_n:
                    self._need_n.add(key)
        return None if n is None and key in self._need_n else taker

    def _late_portion(self, series: Series) -> _Taker | None:
        agent, pool = self._pools.get(series._replace(workflow=""), (None, None))
        if agent is None or pool is None or whole_of(agent, series) is None:
            return None
        if not can_be_pooled(agent, series, None):
            self._need_n.add(series)
        return _Portion(series.workflow, pool, self._waiting)

    def run(self, samples: Iterable[Sample]) -> ReplayOutcome:
        """Go through all samples, then judge what is left."""
        outcome, newest = ReplayOutcome(), -1
        pending = self._pending
        for minute, key, value, n in samples:
            outcome.samples += 1
            taker = self._taker(key, n)
            if taker is None:
                self._ignore(outcome, Series(*key))
                continue
            if minute > newest:
                if newest < 0:
                    outcome.first = self._next = minute
                newest = minute
                self._judge_until(newest - LATENESS)
            elif minute < self._next:
                self._start_over(outcome, minute)
            bucket = pending.get(minute)
            if bucket is None:
                bucket = pending[minute] = []
            bucket.append((taker, value, n))
        self._judge_until(newest + 1)
        return self._finished(outcome, newest)

    def _ignore(self, outcome: ReplayOutcome, series: Series) -> None:
        known = Series(*self._aliases.named(series.agent, series.workflow), series.sli)
        if not {known, known._replace(workflow="")}.isdisjoint(self._unjudged):
            outcome.unjudged_samples += 1
            return
        outcome.ignored += 1
        if series not in outcome.unwatched and len(outcome.unwatched) < NAMED:
            outcome.unwatched.append(series)

    def _start_over(self, outcome: ReplayOutcome, minute: int) -> None:
        """A late row from before the first one: nothing is judged yet, so time begins earlier."""
        if self._next != outcome.first:
            raise ValueError(f"a sample of {minute_start(minute):%Y-%m-%d %H:%M} is more than an hour late")
        outcome.first = self._next = minute

    def _judge_until(self, end: int) -> None:
        """Judge the minutes up to but not including `end`."""
        for minute in range(self._next, end):
            for taker, value, n in self._pending.pop(minute, ()):
                taker.take(minute, value, n)
            while self._waiting:
                self._waiting.pop().flush(minute)
            self._close(minute)
            cases = [case for one, _ in self._replays for case in one.asks(minute)]
            if cases:
                weigh(cases, minute)
            for one, tell in self._replays:
                one.judge(minute, tell)
        self._next = max(self._next, end)

    def _close(self, minute: int) -> None:
        """Measure what has come, once for all rules."""
        if len(self._seen) < len(self._records):
            self._seen = [record for record in self._records.values() if record.seen]
        for record in self._seen:
            record.close(minute)

    def levels(self) -> Mapping[Series, float]:
        """The mean of each series over the fortnight that is kept, tasks weighed where they are told."""
        found = {
            record.series: weighted_mean(
                (row.value, 1.0 if row.n is None else row.n) for row in record.past.values() if row.value is not None
            )
            for record in self._records.values()
            if record.seen
        }
        return {series: level for series, level in found.items() if level is not None}

    def _finished(self, outcome: ReplayOutcome, newest: int) -> ReplayOutcome:
        outcome.last = newest
        own, _ = self._replays[0]
        every = [watch for agent in own.every for watch in agent.watches]
        outcome.unjudged = self._unjudged
        outcome.unrecorded = [watch.series for watch in every if not watch.record.seen]
        odd = [one for one in self._records.values() if one.impossible]
        outcome.impossible = [(one.series, one.impossible, one.odd) for one in odd]
        outcome.spent = [(watch.series, watch.sli, watch.spent()) for watch in every if watch.record.seen]
        outcome.open_at_end = sum(agent.open for agent in own.every)
        return outcome


def _waits(fleet: Fleet, agent: Agent) -> bool:
    return fleet.ladder.rung(agent.normal_rung).waits_for_people


def _judged(agent: Agent) -> Agent:
    """The agent without what no recording can tell."""
    return replace(agent, slis=tuple(one for one in agent.slis if not one[1].percentile))
