"""A whole fleet's recorded samples on a simulated clock: what would have been, without doing any of it.

Samples come in order of time, late by an hour at most; a minute is judged when nothing more can come for it. Nothing is
sent, stored or lowered. Memory holds a fortnight of each series and the last hour of rows, however long the recording.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from bot.core.backtest.agent_replay import AgentReplay, ReplayEvent
from bot.core.backtest.series_replay import SeriesReplay
from bot.core.budgets.budget import Tally
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import Series, minute_start
from bot.core.model.slis import Sli
from bot.core.telemetry.pooling import Part, can_be_pooled, pooled, whole_of

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
    open_at_end: int = 0
    spent: list[tuple[Series, Sli, Tally]] = field(default_factory=list)
    """What each series spent of its budget in the last 30 days."""


class _Taker(Protocol):
    def take(self, minute: int, value: float | None, n: float | None) -> None: ...


class _Pool:
    """A series watched for the agent as a whole, in a recording that has it by workflow."""

    def __init__(self, whole: SeriesReplay, watched: list[SeriesReplay]) -> None:
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


class Backtest:
    """Runs samples through the rules. `tell` is handed every event, in order of time."""

    def __init__(self, fleet: Fleet, tell: Callable[[ReplayEvent], None]) -> None:
        number = count(1).__next__
        self._aliases = fleet.aliases
        self._pools: dict[_Key, tuple[Agent, _Pool]] = {}
        self._agents = [AgentReplay(agent, number, waits=_waits(fleet, agent)) for agent in fleet.agents.values()]
        self._tell = tell
        self._watches: dict[_Key, SeriesReplay] = {
            watch.series: watch for agent in self._agents for watch in agent.watches
        }
        self._live: list[AgentReplay] = []
        self._waiting: list[_Pool] = []
        self._takers: dict[_Key, _Taker] = {**self._watches}
        self._need_n: set[_Key] = set()
        for each in fleet.agents.values():
            self._pool(each)
        self._pending: dict[int, list[tuple[_Taker, float | None, float | None]]] = {}
        self._next = -1

    def _pool(self, agent: Agent) -> None:
        """Let what workflows say count for the agent, where the fleet watches it as a whole."""
        for series in agent.series():
            parts = [Series(agent.key, flow, series.sli) for flow in agent.workflows if not series.workflow]
            watched = [self._watches[one] for one in parts if one in self._watches]
            pool = _Pool(self._watches[series], watched)
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
                _ignore(outcome, Series(*key))
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
            if len(self._live) < len(self._agents):
                self._live = [agent for agent in self._agents if any(watch.seen for watch in agent.watches)]
            for agent in self._live:
                for happening in agent.tick(minute):
                    self._tell(happening)
        self._next = max(self._next, end)

    def _finished(self, outcome: ReplayOutcome, newest: int) -> ReplayOutcome:
        outcome.last = newest
        every = [watch for agent in self._agents for watch in agent.watches]
        outcome.unrecorded = [watch.series for watch in every if not watch.seen]
        outcome.spent = [(watch.series, watch.sli, watch.spent()) for watch in every if watch.seen]
        outcome.open_at_end = sum(agent.open for agent in self._agents)
        return outcome


def _waits(fleet: Fleet, agent: Agent) -> bool:
    return fleet.ladder.rung(agent.normal_rung).waits_for_people


def _ignore(outcome: ReplayOutcome, series: Series) -> None:
    outcome.ignored += 1
    if series not in outcome.unwatched and len(outcome.unwatched) < NAMED:
        outcome.unwatched.append(series)
