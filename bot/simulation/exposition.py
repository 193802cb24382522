"""The counts of a world as Prometheus would tell them: the text format of a scrape, and answers to known queries.

The simulated agents count like any instrumented agent: four counters and a gauge, labelled with agent and task class,
by the metric names that Stepdown's Prometheus source knows without being told.

A query here is text from `QUERIES` and a function from one minute's counts to a number; there is no PromQL engine.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from bot.core.model.samples import minute_of
from bot.simulation.curves import NOTHING, SimulatedTally, pooled
from bot.simulation.world import World

COUNTERS = {
    "agent_tasks": ("tasks", "Tasks finished."),
    "agent_decisions_good": ("good", "Tasks whose decision was judged good."),
    "agent_tool_calls": ("calls", "Tool calls made."),
    "agent_escalations": ("escalated", "Tasks handed to a person."),
}
PENDING = "agent_approvals_pending"
LABELS = ("agent", "task_class")


def _increase(counter: str) -> str:
    return f"sum by (agent) (increase({counter}_total[1m]))"


TASKS = _increase("agent_tasks")
GOOD = _increase("agent_decisions_good")
ESCALATIONS = _increase("agent_escalations")
CALLS_PER_TASK = f"{_increase('agent_tool_calls')} / {TASKS}"
QUEUE = f"sum by (agent) ({PENDING})"


def _calls_per_task(tally: SimulatedTally) -> float:
    return tally.calls / tally.tasks if tally.tasks else float("nan")  # as 0/0 is in PromQL


QUERIES: Mapping[str, Callable[[SimulatedTally], float]] = {
    TASKS: lambda tally: tally.tasks,
    GOOD: lambda tally: tally.good,
    ESCALATIONS: lambda tally: tally.escalated,
    CALLS_PER_TASK: _calls_per_task,
    QUEUE: lambda tally: tally.pending,
}


@dataclass(frozen=True, slots=True)
class ExpositionLine:
    """One series of an answer: its labels, and (seconds since the epoch, value) in order."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]


def instrumented(world: World) -> list[str]:
    """The agents that Prometheus knows of."""
    return [agent.key for agent in world.agents.values() if agent.metrics == "prometheus"]


def known(query: str) -> str | None:
    """The query of `QUERIES` that a text is, white space apart; None for any other."""
    words = query.split()
    return next((text for text in QUERIES if text.split() == words), None)


def evaluate(world: World, query: str, times: Sequence[float]) -> list[ExpositionLine]:
    """Answer a query of `QUERIES` at some times, one line an agent. Nothing is known of minutes not yet over.

    At a time inside a minute the minute before it counts, as for `increase(...[1m])` at the end of a minute.
    """
    value, closed = QUERIES[query], world.closed_minute()
    minutes = [(at, int(at // 60) - 1) for at in times]
    lines = [
        ExpositionLine(
            {"agent": key}, [(at, value(world.whole(key, minute))) for at, minute in minutes if minute <= closed]
        )
        for key in instrumented(world)
    ]
    return [line for line in lines if line.points]


class Counters(Collector):
    """What a scrape sees: counters since the world began, growing within the minute, and the queue as it is."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._first = minute_of(world.began_at)
        self._labels = [(key, workflow) for key in instrumented(world) for workflow in world.agents[key].workflows]
        self._closed: dict[tuple[str, str], SimulatedTally] = dict.fromkeys(self._labels, NOTHING)
        self._reached = self._first
        self._lock = threading.Lock()

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families of this moment."""
        sums = self._so_far()
        for name, (counted, text) in COUNTERS.items():
            family = CounterMetricFamily(name, text, labels=LABELS)
            for labels, tally in sums.items():
                family.add_metric(labels, getattr(tally, counted))
            yield family
        queue = GaugeMetricFamily(PENDING, "Writes waiting for a person's approval.", labels=LABELS)
        for labels, tally in sums.items():
            queue.add_metric(labels, tally.pending)
        yield queue

    def _so_far(self) -> dict[tuple[str, str], SimulatedTally]:
        """Closed minutes, kept from scrape to scrape, and the running minute's share."""
        with self._lock:
            now = self._world.now()
            minute = minute_of(now)
            self._close_until(minute)
            share = now.timestamp() / 60 - minute
            return {labels: self._grown(labels, minute, share) for labels in self._labels}

    def _close_until(self, minute: int) -> None:
        for past in range(self._reached, minute):
            for labels, total in self._closed.items():
                self._closed[labels] = pooled([total, self._world.tally(*labels, past)])
        self._reached = minute

    def _grown(self, labels: tuple[str, str], minute: int, share: float) -> SimulatedTally:
        running = self._world.tally(*labels, minute)
        grown = (total + int(count * share) for total, count in zip(self._closed[labels], running, strict=True))
        return SimulatedTally(*grown)._replace(pending=running.pending)


def scrape(counters: Counters) -> bytes:
    """Write the counters in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(counters)
    return generate_latest(registry)
