"""What one minute of a large fleet costs: every SLI polled, stored, judged, and looked at for silence.

1,000, 10,000 and 100,000 SLIs, ten an agent, one query an SLI for the whole fleet, on SQLite. The agents are well, as
most are most of the time; a source in memory answers, so that only our own work is counted: from its answer to stored
minutes and judgements, and the ticks that go round all agents. Processor time of the whole process, the median of a few
minutes after one that warms up. Beside it rows a second on the way into the store, and memory.
"""

import gc
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.harness.rows import Row
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import Person
from bot.core.model.rungs import DEFAULT_LADDER
from bot.core.model.samples import MinuteRow, Sample, Series, minute_of, minute_start
from bot.core.model.slis import Better, Objective, PollQuery, Sli
from bot.core.runbooks.runbook import Plan
from bot.engine.assembly import Engine, EngineDependencies, build_engine
from bot.engine.detection.evaluation_queue import EvaluationQueue
from bot.engine.detection.poller import Poller
from bot.ports.sources import Fetch
from bot.simulation.clock import MovableClock
from bot.store import SqlStore

SIZES = {1_000: None, 10_000: 0.6, 100_000: 8.0}
"""SLIs -> seconds of processor time that a minute of them may take."""
EACH = 10
"""SLIs of an agent."""
HISTORY = 20
"""Minutes that are known before the first one is measured."""
MEASURED = 3
RUNS_A_MINUTE = {"silence": 3, "recovery": 12, "deadlines": 60, "read_back": 60}
"""How often the bot lets each of these ticks run (`runtime/app.py`)."""
START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SLIS = tuple(
    Sli(f"sli{number}", f"SLI {number}", "%", "ratio", Better.LOWER, Objective(5.0), rule="evidence")
    for number in range(EACH)
)


class AnsweringSource:
    """Answers each query for all agents at once, with shares about 2 % of a hundred tasks a minute."""

    def __init__(self, agents: int) -> None:
        self._agents = [f"agent-{number:05d}" for number in range(agents)]
        self._random = np.random.default_rng(1)

    def fetch(self, query: PollQuery, first: int, last: int) -> Fetch:
        """One sample an agent and minute."""
        found = list[Sample]()
        for minute in range(first, last + 1):
            values = self._random.binomial(100, 0.02, len(self._agents)).tolist()
            at = minute_start(minute)
            pairs = zip(self._agents, values, strict=True)
            found += [Sample(Series(agent, "", query.sli), at, float(value), 100.0) for agent, value in pairs]
        return Fetch(tuple(found))

    def close(self) -> None:
        """Nothing is held."""


class Together:
    """Runs polls side by side, as the bot does, until all are done."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(EACH)
        self._begun: list[Future[None]] = []

    def submit(self, work: Callable[[], None], /) -> None:
        """Begin it."""
        self._begun.append(self._threads.submit(work))

    def finish(self) -> None:
        """Wait for what was begun. Raises what went wrong."""
        for one in self._begun:
            one.result()
        self._begun.clear()


class NoRunbook:
    """A plan without steps."""

    def plan(self, name: str, context: object) -> Plan:
        """The empty plan."""
        del context
        return Plan(name, "", ())


@dataclass(frozen=True)
class LargeFleet:
    """The wired engine over a large fleet, and its poller."""

    engine: Engine
    poller: Poller
    polls: Together
    store: SqlStore
    clock: MovableClock
    slis: int

    @classmethod
    def of(cls, slis: int, folder: Path) -> "LargeFleet":
        """All agents well, with a little history."""
        agents = [f"agent-{number:05d}" for number in range(slis // EACH)]
        watched = tuple(("", sli) for sli in SLIS)
        queries = tuple(PollQuery(sli.name, "made", sli.name, "ratio", {"bad": "", "total": ""}) for sli in SLIS)
        fleet = Fleet(
            {"ana": Person("ana", "Ana Duarte", slack="U0ANA")},
            {},
            {key: Agent(key, "ana", slis=watched) for key in agents},
            DEFAULT_LADDER,
            queries=queries,
        )
        store = SqlStore.open(f"sqlite:///{folder / 'stepdown.db'}")
        clock = MovableClock(START)
        dependencies = EngineDependencies(
            store, lambda: fleet, clock, time.time, NoRunbook(), tuple, frozenset({"slack"})
        )
        engine = build_engine(dependencies)
        source = AnsweringSource(len(agents))
        polls, queue = Together(), EvaluationQueue(engine.detector.evaluate)
        poller = Poller(store, lambda: fleet, {"made": source}, clock, polls, queue.submit, history_days=0)
        newest = minute_of(clock.now())
        for query in queries:
            store.put_minutes(
                [
                    MinuteRow(sample.series, minute_of(sample.at), sample.value, sample.n)
                    for sample in source.fetch(query, newest - HISTORY, newest - 1).samples
                ]
            )
        return cls(engine, poller, polls, store, clock, slis)

    def minute(self) -> dict[str, float]:
        """One minute goes by; seconds of processor time by what was done."""
        self.clock.advance(60)
        spent = {"polls": _cpu(self._poll)}
        ticks: dict[str, Callable[[], object]] = {
            "silence": lambda: self.engine.detector.look_for_silence({}),
            "recovery": self.engine.monitor.judge_all,
            "deadlines": self.engine.monitor.deadlines,
            "read_back": self.engine.monitor.read_back,
        }
        return spent | {name: _cpu(tick) * RUNS_A_MINUTE[name] for name, tick in ticks.items()}

    def _poll(self) -> None:
        self.poller.tick()
        self.polls.finish()


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def run(out: Path) -> list[Row]:
    """Seconds a minute by size and by what was done, and megabytes."""
    del out
    return [row for size, promise in SIZES.items() for row in measured(size, promise)]


def measured(slis: int, promise: float | None) -> list[Row]:
    """The rows of one size."""
    with tempfile.TemporaryDirectory() as folder:
        large = LargeFleet.of(slis, Path(folder))
        large.minute()
        gc.collect()
        minutes = [large.minute() for _ in range(MEASURED)]
        fresh = _fresh_rows(large)
        stored = _cpu(lambda: large.store.put_minutes(fresh))
        assert not large.store.open_incidents(), "the agents were to be well"
        large.store.close()
    parts = {name: statistics.median(one[name] for one in minutes) for name in minutes[0]}
    whole = statistics.median(sum(one.values()) for one in minutes)
    return [
        Row(f"cpu_s_a_minute_{slis}", whole, promise),
        *(Row(f"cpu_s_a_minute_{slis}_{name}", spent) for name, spent in parts.items()),
        Row(f"cpu_us_an_sli_{slis}", 1e6 * whole / slis),
        Row(f"rows_stored_a_cpu_s_{slis}", len(fresh) / stored),
        Row(f"peak_mb_{slis}", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    ]


def _fresh_rows(large: LargeFleet) -> list[MinuteRow]:
    minute = minute_of(large.clock.now())
    agents = range(large.slis // EACH)
    return [MinuteRow(Series(f"agent-{one:05d}", "", sli.name), minute, 2.0, 100.0) for one in agents for sli in SLIS]
