"""Gathers the facts behind `core/reports/readiness.py`: what is stored, what files say, what others checked."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.budgets.spending import DAY
from bot.core.detection.literal_rule import answered
from bot.core.formatting.numbers import label
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.samples import Series, minute_of, minute_start
from bot.core.model.slis import Sli
from bot.core.paging.reachability import GRAVE
from bot.core.reports import readiness
from bot.core.reports.readiness import (
    Facts,
    ReachabilityFact,
    Readiness,
    RehearsalFact,
    ReportingFact,
    ScopeDecision,
    StepDown,
    terms_of,
)
from bot.engine.budgets.budgets import SETTLED, BudgetReader
from bot.engine.paging import reachability_check
from bot.ports.store import Store

SEEN_DAYS = 32
NEWEST = 20
"""Minutes in which the newest answer of an SLI is looked for."""
INCIDENTS = 5_000
"""The newest so many incidents are looked through for the last severe one."""

RehearsalsOf = Callable[[str], Sequence[RehearsalFact]]
"""The results of an agent's exercises."""


class RunbookChecks(Protocol):
    """Where runbooks come from."""

    def audit(self, name: str) -> tuple[frozenset[str], tuple[str, ...]]:
        """(the phases it answers, what is wrong with it) of one runbook."""
        ...


class ReadinessCheck:
    """Answers for one agent at a time. Reads only, but for `decide`."""

    def __init__(
        self,
        store: Store,
        fleet: Callable[[], Fleet],
        runbooks: RunbookChecks,
        rehearsals: RehearsalsOf = lambda _: (),
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._runbooks = runbooks
        self._rehearsals = rehearsals
        self._budgets = BudgetReader(store)

    def of(self, agent: Agent, now: datetime) -> Readiness:
        """Every line with its evidence, or what is missing."""
        return readiness.judge(self.facts(agent, now), now)

    def facts(self, agent: Agent, now: datetime) -> Facts:
        """What is known of an agent."""
        phases, problems = self._runbooks.audit(agent.runbook)
        severe = self._last_severe(agent, now)
        return Facts(
            agent,
            slis=tuple(self._reporting(agent, now)),
            owner=self._reach(agent.owner),
            deputy=self._reach(agent.deputy) if agent.deputy else None,
            runbook_phases=phases,
            runbook_problems=problems,
            step_downs=tuple(self._step_downs(agent, now)),
            rehearsals=tuple(self._rehearsals(agent.key)),
            decisions=tuple(self._store.decisions(agent.key)),
            last_severe=severe,
            budgets_gone=tuple(one.why for one in self._budgets.of(agent, now) if one.gone),
        )

    def decide(self, agent: Agent, by: str, reason: str, now: datetime) -> ScopeDecision:
        """Record a person's decision that the agent may be what the fleet file says now."""
        decided = ScopeDecision(agent.key, now, by, agent.stage, terms_of(agent), reason)
        self._store.decide(decided)
        return decided

    def _reach(self, person: str) -> ReachabilityFact | None:
        """What the last daily check said of somebody; None where there was none. A hole only counted: unknown."""
        checked = self._store.last_once_marker(reachability_check.KIND)
        if checked is None:
            return None
        holes = [line for line in checked.detail.splitlines() if f"({person}): " in line]
        if holes:
            why = "; ".join(line.partition(f"({person}): ")[2] for line in holes)
            grave = any(line.startswith(GRAVE) for line in holes)
            return ReachabilityFact(person, ok=False, why=why, at=checked.at, grave=grave)
        counted = checked.detail.splitlines()[-1:]
        if counted and counted[0].startswith("... and "):
            return ReachabilityFact(person, ok=None, why="the last check only counted some holes", at=checked.at)
        return ReachabilityFact(person, ok=True, why="no hole in the ways to reach them", at=checked.at)

    def _reporting(self, agent: Agent, now: datetime) -> list[ReportingFact]:
        newest = minute_of(now)
        kept = self._store.spent([agent.key], newest - SEEN_DAYS * DAY)
        recent = self._store.minutes_of([agent.key], newest - NEWEST, newest)
        found = []
        for workflow, sli in agent.slis:
            series = Series(agent.key, workflow, sli.name)
            last = max((row.minute for row in recent.get(series, ()) if answered(row) and not row.doubt), default=None)
            spans = kept.get(series, ())
            spans = [*spans, *self._budgets.untallied(agent, series, sli, spans, newest - SETTLED)]
            days = {span.start // DAY for span in spans if span.tally.total > 0}
            found.append(ReportingFact(_name(workflow, sli), None if last is None else minute_start(last), len(days)))
        return found

    def _step_downs(self, agent: Agent, now: datetime) -> list[StepDown]:
        """Changes down the ladder that the agent's instances have read back."""
        ladder, before = self._fleet().ladder, agent.normal_rung
        names, found = ladder.names(), []
        for state in self._store.rung_history(agent.key, now - timedelta(days=2 * readiness.EXERCISE_DAYS)):
            known = state.rung in names and before in names
            if known and ladder.depth(state.rung) > ladder.depth(before) and state.confirmed_at is not None:
                found.append(StepDown(state.confirmed_at, state.rung))
            before = state.rung
        return found

    def _last_severe(self, agent: Agent, now: datetime) -> tuple[str, datetime] | None:
        """The newest SEV1 or SEV2 of the real agent: when it ended, or now while it is open."""
        severe = (one for one in self._store.incidents(INCIDENTS) if one.agent == agent.key and _counts(one))
        newest = max(severe, key=lambda one: one.opened_at, default=None)
        return None if newest is None else (newest.number, newest.resolved_at or now)


def _counts(incident: Incident) -> bool:
    return incident.severity in {"SEV1", "SEV2"} and incident.state != "cancelled"


def _name(workflow: str, sli: Sli) -> str:
    return f"{label(sli)} ({workflow})" if workflow else label(sli)
