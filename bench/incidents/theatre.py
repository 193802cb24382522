"""The real code on a simulated fleet: intake, detection, an incident, and the assessment of it."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from bench.incidents.agents import FLOWS, TOOLS
from bench.incidents.world import HISTORY, START, Scenario, health, records
from bot.core.diagnosis.attribution import Assessment
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import BOT, Person
from bot.core.model.rungs import DEFAULT_LADDER
from bot.core.model.samples import minute_of
from bot.core.model.slis import Better, Objective, Sli
from bot.core.runbooks.playbook import Playbook
from bot.core.runbooks.runbook import Plan
from bot.core.telemetry.task_records import TaskRecord, minutes_from_tasks
from bot.engine.assembly import EngineDependencies, build_engine
from bot.runbooks.playbook_library import Names, load_playbooks
from bot.simulation.clock import MovableClock
from bot.store import SqlStore

ROOT = Path(__file__).parents[2]
COPIES = 2 * 1440 // HISTORY
"""How often the minutes before the onset stand in the past once more: for two days."""
LOWER, HIGHER = Better.LOWER, Better.HIGHER


def _ratio(name: str, better: Better, line: float) -> Sli:
    return Sli(name, name, "%", "ratio", better, Objective(line), absolute_tolerance=0.5, rule="evidence")


def _times(name: str, unit: str) -> Sli:
    return Sli(name, name, unit, "gauge", LOWER, Objective(1.5, relative=True), rule="evidence")


SLIS = (
    _ratio("dqr", HIGHER, 85),
    _times("tie", "calls/task"),
    replace(_ratio("her", LOWER, 5), watch="both", moved_by_approval=True),
    Sli(
        "aqdd",
        "queue",
        "pending",
        "gauge",
        LOWER,
        Objective(2, relative=True),
        sustain=30,
        absolute_tolerance=5,
        moved_by_approval=True,
        rule="evidence",
    ),
    _ratio("task_success", HIGHER, 88),
    _times("cost_per_task", "USD/task"),
)
HEALTH = tuple(
    Sli(f"{tool}-ok", f"{tool} success", "%", "ratio", HIGHER, Objective(60), tool=tool, rule="evidence")
    for tool in TOOLS
)


def fleet(*, probed: bool) -> Fleet:
    """Refunds, which fails, and two agents that share its tools."""
    own = tuple(("", sli) for sli in (*SLIS, *(HEALTH if probed else ())))
    people = {"ana": Person("ana", "Ana", slack="U0ANA")}
    refunds = Agent("refunds", "ana", workflows=FLOWS, tools=TOOLS, stage="production", slis=own)
    others = {
        key: Agent(key, "ana", workflows=FLOWS, tools=TOOLS[:4], slis=tuple(("", sli) for sli in SLIS[:3]))
        for key in ("kyc", "support")
    }
    return Fleet(people, {}, {"refunds": refunds, **others}, DEFAULT_LADDER)


class _NoRunbook:
    """Runbooks play no part here."""

    def plan(self, name: str, context: object) -> Plan:
        """An empty plan."""
        del context
        return Plan(name, name)


def playbooks() -> tuple[Playbook, ...]:
    """The shipped ones."""
    names = Names(tuple(path.stem for path in (ROOT / "runbooks").glob("*.md")))
    return tuple(load_playbooks(ROOT / "playbooks", names).sound.values())


@dataclass
class Verdict:
    """What came of one scenario. `minutes` from the onset to the assessment."""

    incident: Incident
    assessment: Assessment
    minutes: int
    declared: bool


class Theatre:
    """One stage for one scenario, on a database of its own."""

    def __init__(self, folder: Path, scenario: Scenario, known: tuple[Playbook, ...]) -> None:
        self._scenario = scenario
        self._fleet = fleet(probed=scenario.sight.health)
        self._store = SqlStore.open(f"sqlite:///{folder / 'one.db'}")
        self._clock = MovableClock(START - timedelta(minutes=HISTORY))
        self._engine = build_engine(
            EngineDependencies(self._store, self._get, self._clock, lambda: 0.0, _NoRunbook(), lambda: known)
        )

    def _get(self) -> Fleet:
        return self._fleet

    def play(self, patience: int, after: int) -> Verdict:
        """Normal work, the fault, an incident (declared by hand after `patience` minutes), and `after` minutes more."""
        try:
            return self._play(patience, after)
        finally:
            self._store.close()

    def _play(self, patience: int, after: int) -> Verdict:
        self._store.put_changes(self._scenario.changes)
        past = [record for minute in range(-HISTORY, 0) for record in records(self._scenario, minute)]
        self._store.put_minutes([row for minute in range(-HISTORY, 0) for row in health(self._scenario, minute)])
        self._clock.advance((HISTORY) * 60)
        self._lived_before(past)
        self._engine.intake.tasks(past)
        minute, left, declared = 0, after, False
        while left > 0:
            self._minute(minute)
            minute += 1
            if self._mine() is not None:
                left -= 1
            elif minute >= patience:
                agent = self._fleet.agents["refunds"]
                self._engine.opener.manual(agent, "odd answers", BOT, self._clock.now())
                declared = True
        incident = self._mine()
        assert incident is not None
        found = self._engine.attribution.assessment(incident, self._clock.now())
        assert found is not None
        return Verdict(incident, found, minute, declared)

    def _lived_before(self, past: list[TaskRecord]) -> None:
        """Two days of such minutes before the first: a bot has watched its agents for longer than two hours."""
        first = minute_of(START) - HISTORY
        series = [one for agent in self._fleet.agents.values() for one in agent.series()]
        known = minutes_from_tasks(past, series, range(first, first + HISTORY))
        for number in range(1, COPIES + 1):
            self._store.put_minutes([replace(row, minute=row.minute - number * HISTORY) for row in known])

    def _minute(self, minute: int) -> None:
        self._store.put_minutes(health(self._scenario, minute))
        reported = records(self._scenario, minute)
        self._clock.advance(60)
        self._engine.intake.tasks(reported)
        self._engine.intake.count_queues()

    def _mine(self) -> Incident | None:
        return next(iter(self._store.open_incidents("refunds")), None)
