"""The world of the simulated fleet: which rung each instance obeys, which fault is at work, and what was counted.

It is the one place that connects the curves with a clock. Everything that happens is dated under one lock, so
that counts of a minute that has begun can never change (see `curves`).
"""

import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from bot.core.model.samples import minute_of, minute_start
from bot.ports.clock import Clock
from bot.simulation import curves
from bot.simulation.curves import (
    Bend,
    Curve,
    Fault,
    FaultEpisode,
    SimulatedChange,
    SimulatedHistory,
    SimulatedTally,
)
from bot.simulation.faults import WAITING_FOR_PEOPLE


class WorldError(LookupError):
    """No such agent, workflow or instance, or a minute that has not begun."""


@dataclass(frozen=True, slots=True)
class SimulatedAgent:
    """One agent of the world. `dialect` is how its instances ask for their rung, `metrics` who tells its numbers."""

    key: str
    workflows: Mapping[str, Curve]
    instances: int = 2
    dialect: Literal["ofrep", "plain"] = "ofrep"
    metrics: Literal["prometheus", "json", "spans"] = "prometheus"
    normal_rung: str = "full"
    fallback_rung: str = "read-only"
    rung_bends: Mapping[str, tuple[Bend, ...]] = field(default_factory=lambda: WAITING_FOR_PEOPLE)

    def instance_names(self) -> tuple[str, ...]:
        """Instance names, `refunds-1` and so on."""
        return tuple(f"{self.key}-{number}" for number in range(1, self.instances + 1))


class World:
    """A fleet of simulated agents on a clock. Every method may be called from any thread."""

    def __init__(self, clock: Clock, agents: Sequence[SimulatedAgent], seed: int = 1) -> None:
        self.clock = clock
        self.agents = {agent.key: agent for agent in agents}
        self.began_at = clock.now()
        self._seed = seed
        self._lock = threading.Lock()
        self._rungs: dict[tuple[str, str], tuple[SimulatedChange, ...]] = {
            (agent.key, name): (SimulatedChange(-math.inf, agent.normal_rung),)
            for agent in agents
            for name in agent.instance_names()
        }
        self._episodes: dict[str, tuple[FaultEpisode, ...]] = {}
        self._drawn: dict[tuple[str, str, int], SimulatedTally] = {}

    def now(self) -> datetime:
        """The scenario time."""
        return self.clock.now()

    def rung(self, agent: str, instance: str) -> str:
        """The rung an instance obeys."""
        with self._lock:
            return self._changes(agent, instance)[-1].rung

    def rungs(self, agent: str) -> Mapping[str, str]:
        """Instance to rung."""
        return {name: self.rung(agent, name) for name in self._agent(agent).instance_names()}

    def obey(self, agent: str, instance: str, rung: str) -> None:
        """An instance goes to a rung, now. Going to where it is changes nothing."""
        with self._lock:
            changes = self._changes(agent, instance)
            if changes[-1].rung != rung:
                self._rungs[agent, instance] = (*changes, SimulatedChange(_minutes(self.now()), rung))

    def break_agent(self, agent: str, fault: Fault, at: datetime | None = None, lasts: float = math.inf) -> datetime:
        """Let a fault begin with the first whole minute after `at` (default: now). Returns when it begins.

        A fault cannot begin in the past: those minutes have been served already. After `lasts` minutes it goes by
        itself.
        """
        self._agent(agent)
        with self._lock:
            began = self._next_minute(at)
            self._episodes[agent] = (*self._episodes.get(agent, ()), FaultEpisode(fault, began, began + lasts))
        return minute_start(began)

    def fix(self, agent: str, at: datetime | None = None) -> datetime:
        """Let the cause of every fault of the agent go with the first whole minute after `at`. Returns when.

        A fix that was set for an earlier minute stands.
        """
        self._agent(agent)
        with self._lock:
            fixed = self._next_minute(at)
            self._episodes[agent] = tuple(
                replace(episode, fixed=min(episode.fixed, max(fixed, episode.began)))
                for episode in self._episodes.get(agent, ())
            )
        return minute_start(fixed)

    def is_faulty(self, agent: str, minute: int) -> bool:
        """Whether a fault of the agent is at work in a minute."""
        return any(one.began <= minute < one.fixed for one in self._episodes.get(agent, ()))

    def on_one_of(self, agent: str, rungs: Iterable[str]) -> bool:
        """True while every instance of the agent obeys one of these rungs."""
        return set(self.rungs(agent).values()) <= set(rungs)

    def closed_minute(self) -> int:
        """The last minute that is over."""
        return minute_of(self.now()) - 1

    def tally(self, agent: str, workflow: str, minute: int) -> SimulatedTally:
        """Counts of a minute that has begun; all of the minute's, also while it runs. Raises WorldError."""
        if found := self._drawn.get((agent, workflow, minute)):
            return found
        simulated = self._agent(agent)
        if workflow not in simulated.workflows:
            raise WorldError(f"{agent} has no workflow {workflow!r}; it has {', '.join(simulated.workflows)}")
        drawn = self._draw(simulated, workflow, minute)
        self._drawn[agent, workflow, minute] = drawn
        return drawn

    def whole(self, agent: str, minute: int) -> SimulatedTally:
        """The same over all workflows of the agent."""
        return curves.pooled([self.tally(agent, workflow, minute) for workflow in self._agent(agent).workflows])

    def _draw(self, agent: SimulatedAgent, workflow: str, minute: int) -> SimulatedTally:
        with self._lock:
            past = self._past(agent, minute)
        curve = agent.workflows[workflow]
        expected = curves.levels(curve, agent.rung_bends, past, minute)
        return curves.draw(expected, curve.unrest, f"{self._seed}/{agent.key}/{workflow}/{minute}")

    def _past(self, agent: SimulatedAgent, minute: int) -> SimulatedHistory:
        if minute > minute_of(self.now()):
            raise WorldError(f"minute {minute} has not begun")
        rungs = tuple(self._rungs[agent.key, name] for name in agent.instance_names())
        return SimulatedHistory(rungs, self._episodes.get(agent.key, ()))

    def _next_minute(self, at: datetime | None) -> int:
        now = self.now()
        return math.floor(_minutes(max(now, at or now))) + 1

    def _agent(self, key: str) -> SimulatedAgent:
        if key not in self.agents:
            raise WorldError(f"no agent {key!r}; known: {', '.join(self.agents)}")
        return self.agents[key]

    def _changes(self, agent: str, instance: str) -> tuple[SimulatedChange, ...]:
        if (agent, instance) not in self._rungs:
            raise WorldError(f"no instance {instance!r} of agent {agent!r}")
        return self._rungs[agent, instance]


def _minutes(at: datetime) -> float:
    return at.timestamp() / 60
