"""Whom detection reads closely: most agents are well most of the time, and a seen at sums is enough for them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bot.core.detection import evidence_rule, literal_rule, rule_in_force
from bot.core.detection.evidence.track import Slot
from bot.core.detection.recent_sums import may_look_bad
from bot.core.model.fleet import Agent
from bot.core.model.recent_sums import RecentSums
from bot.core.model.samples import Series, minute_of
from bot.core.model.slis import Sli
from bot.engine.baselines import Baselines, Rows
from bot.engine.detection.running_minute import Slots
from bot.engine.detection.silent_failures import SilentFailures
from bot.ports.store import Store

GLANCE = 10
"""Minutes read of a healthy agent to see whether it is worth reading more."""
STALE_AFTER = 5
"""A series whose newest minute is older than this is not judged by it; it is on its way to blind."""
FEW = 200
"""So many series are read sooner than the database has added them up: a push, which is on its way to a page."""


class Suspects:
    """Finds the series about which there may be something to say."""

    def __init__(self, store: Store, history: Baselines, silent_failures: SilentFailures) -> None:
        self._store = store
        self._history = history
        self._silent_failures = silent_failures

    def of(self, agents: Sequence[Agent], now: datetime, slots: Slots) -> Mapping[str, frozenset[Series]]:
        """Agent -> its series to be judged; without any, no entry.

        All series of agents with an open incident or whose rung was ever changed. Of the others those that look bad:
        first the sums of their newest minutes, then, where these do not clear them, the minutes.
        """
        involved = self._store.agents_with_incidents() | {state.agent for state in self._store.rungs()}
        found = {agent.key: frozenset(agent.series()) for agent in agents if agent.key in involved}
        calm = [agent for agent in agents if agent.key not in involved]
        doubtful = self._not_cleared(calm, now, slots)
        newest, back = minute_of(now), max(map(_enough, calm), default=0)
        asked = [series for some in doubtful.values() for series in some]
        rows = self._history.rows_of(asked, newest - back, newest + 1) if asked else {}
        left = [agent for agent in calm if agent.key in doubtful]
        looked = ((agent.key, self._look_bad(agent, rows, now, slots)) for agent in left)
        return found | {key: series for key, series in looked if series}

    def _not_cleared(self, agents: Sequence[Agent], now: datetime, slots: Slots) -> Mapping[str, Collection[Series]]:
        """Agent -> its series that the sums of their newest minutes do not clear; without any, no entry."""
        if sum(len(agent.slis) for agent in agents) <= FEW:
            return {agent.key: agent.series() for agent in agents}
        newest, back = minute_of(now), max(map(_enough, agents), default=0)
        keys = [agent.key for agent in agents]
        sums = self._store.recent_sums(keys, newest - back, newest + 1, newest - 1)
        found = ((agent.key, self._may_look_bad(agent, sums, now, slots)) for agent in agents)
        return {key: series for key, series in found if series}

    def _may_look_bad(
        self, agent: Agent, sums: Mapping[Series, RecentSums], now: datetime, slots: Slots
    ) -> Collection[Series]:
        if self._silent_failures.may_be_suspected(agent, sums, now):
            return agent.series()
        return [
            series
            for series, sli in watched(agent)
            if (seen := sums.get(series))
            if slots.get(series) or may_look_bad(sli, seen, self._limit(agent, series, sli, now))
        ]

    def _look_bad(self, agent: Agent, rows: Mapping[Series, Rows], now: datetime, slots: Slots) -> frozenset[Series]:
        """The series of an agent that look bad; all of them where a silent failure is suspected."""
        if self._silent_failures.suspected(agent, rows, now):
            return frozenset(agent.series())
        return frozenset(
            series
            for series, sli in watched(agent)
            if (own := rows.get(series)) and self._looks_bad(agent, series, sli, own, now, slots.get(series, ()))
        )

    def _looks_bad(
        self, agent: Agent, series: Series, sli: Sli, own: Rows, now: datetime, seconds: Sequence[Slot]
    ) -> bool:
        limit = self._limit(agent, series, sli, now)
        told = seconds if evidence_rule.follows_evidence(sli, own) else ()
        return evidence_rule.suspicious_seconds(sli, told, limit) or rule_in_force.looks_bad(sli, own, limit)

    def _limit(self, agent: Agent, series: Series, sli: Sli, now: datetime) -> float | None:
        baseline = self._history.current(agent, series, sli, now) if sli.objective.relative else None
        return literal_rule.objective_limit(sli, baseline)


def watched(agent: Agent) -> Collection[tuple[Series, Sli]]:
    """The series of an agent with their SLIs."""
    return [(Series(agent.key, workflow, sli.name), sli) for workflow, sli in agent.slis]


def _enough(agent: Agent) -> int:
    """Minutes that the call on the newest minute can rest on: how old it may be, and what is pooled behind it."""
    return max(
        (STALE_AFTER + 2 * literal_rule.reach(sli) + max(sli.window, GLANCE) for _, sli in agent.slis), default=0
    )
