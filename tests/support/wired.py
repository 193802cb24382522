"""Stepdown on a real SQLite, a movable clock and a chat in memory: the engine without the network."""

import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.incident.effects import LANES
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import Actor, Person
from bot.core.model.rungs import DEFAULT_LADDER, InstanceReading
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.model.slis import Better, Objective, Sli
from bot.core.runbooks.playbook import Playbook
from bot.core.runbooks.runbook import Plan, Step
from bot.core.telemetry.traces.trace_rules import TraceRules
from bot.documents.render import MarkdownDocuments
from bot.engine.assembly import EngineDependencies, build_adapters, build_delivery, build_engine
from bot.engine.health.maintenance import Maintenance, Retention
from bot.engine.incidents.opener import RunbookPlans
from bot.engine.paging.canary import Canary
from bot.engine.paging.reachability_check import ReachabilityCheck
from bot.ports.pagers import Pager
from bot.simulation.clock import MovableClock
from bot.simulation.memory_chat import MemoryChat, StandInDirectory
from bot.store import SqlStore

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ANA = Actor("ana", "Ana Duarte", "U0ANA", responder=True)
BO = Actor("bo", "Bo Lindgren", "U0BO", responder=True)
NOTHING: Mapping[str, float] = {}
EVE = Actor("eve", "Eve", "U0EVE", responder=False)

HER = Sli(
    "her", "Human escalation", "%", "ratio", Better.LOWER, Objective(5), absolute_tolerance=0.5, moved_by_approval=True
)
TIE = Sli("tie", "Tool calls per task", "calls/task", "gauge", Better.LOWER, Objective(1.5, relative=True))
DQR = Sli("dqr", "Decision quality", "%", "ratio", Better.HIGHER, Objective(85))

PLAN = Plan(
    "default",
    "Default runbook",
    (
        Step("confirm", "detection", "Confirm the signal", evidence=("slis",)),
        Step("changed", "attribution", "What changed?", evidence=("timeline",)),
        Step("lower", "containment", "Step down", kind="do", evidence=("rung", "instances")),
        Step("backlog", "recovery", "Drain the backlog"),
        Step("nice", "recovery", "Thank people", required=False),
    ),
)


@dataclass(frozen=True)
class OneRunbook:
    """One runbook for everything."""

    only: Plan = PLAN

    def plan(self, name: str, context: Mapping[str, object]) -> Plan:  # noqa: ARG002 - the port has it
        assert context["agent"] is not None
        return self.only


def fleet(**changes: object) -> Fleet:
    people = {
        key: Person(key, name, slack=f"U0{key.upper()}", phone="+44 20 7946 0001")
        for key, name in (("ana", "Ana Duarte"), ("bo", "Bo Lindgren"), ("cleo", "Cleo Baptiste"), ("dan", "Dan Okoro"))
    }
    agent = Agent(
        "refunds",
        "ana",
        deputy="bo",
        manager="cleo",
        stage="production",
        channel="C-refunds",
        workflows=("refund",),
        slis=(("", HER), ("", TIE), ("", DQR)),
    )
    whole = Fleet(people, {}, {"refunds": agent}, DEFAULT_LADDER, responders=("dan",), announcements="C-incidents")
    return replace(whole, **changes)  # type: ignore[arg-type]


@dataclass
class WiredEngine:
    """Everything wired. `deliver` carries out what is wanted; `minutes` feeds and judges."""

    path: Path
    watched: Fleet = field(default_factory=fleet)
    chat: MemoryChat = field(default_factory=MemoryChat)
    clock: MovableClock = field(default_factory=lambda: MovableClock(START))
    pagers: Mapping[str, Pager] = field(default_factory=dict)
    """Besides Slack."""
    playbooks: tuple[Playbook, ...] = ()
    runbooks: RunbookPlans = field(default_factory=OneRunbook)
    directory: StandInDirectory = field(default_factory=StandInDirectory)
    canary_to: str = ""
    span_rules: Callable[[], TraceRules | None] = lambda: None
    logged: list[str] = field(default_factory=list)
    wall: Callable[[], float] = field(init=False)

    def __post_init__(self) -> None:
        ticks = itertools.count()
        self.wall = lambda: time.time() + next(ticks)  # adapters send nothing whose claim ran out by the real clock
        self.open()

    def open(self) -> None:
        self.store = SqlStore.open(f"sqlite:///{self.path / 'stepdown.db'}")
        ways = frozenset({"slack", *self.pagers})
        self.engine = engine = build_engine(
            EngineDependencies(
                self.store,
                self.get_fleet,
                self.clock,
                self.wall,
                self.runbooks,
                lambda: self.playbooks,
                ways,
                span_rules=self.span_rules,
            )
        )
        self.rung_cache, self.recorder, self.baselines = engine.rung_cache, engine.recorder, engine.baselines
        self.detector, self.monitor, self.views = engine.detector, engine.monitor, engine.views
        self.reminders, self.attribution, self.commands = engine.reminders, engine.attribution, engine.commands
        documents = MarkdownDocuments(self.path / "data", lambda chart: str(chart.series).encode())
        adapters = build_adapters(engine, self.chat, documents, {"slack": self.chat, **self.pagers}, {}, self.ask)
        self.delivery = build_delivery(engine, adapters, lambda: 0.5)
        logged = self.logged.append
        self.reach = ReachabilityCheck(self.store, self.get_fleet, ways, self.directory, self.clock, self.wall, logged)
        self.canary = Canary(self.store, self.get_fleet, ways, self.clock, self.wall, self.canary_to)
        jobs = (self.reach.tick, self.canary.tick)
        self.upkeep = Maintenance(self.store, self.get_fleet, self.clock, self.wall, Retention(), jobs)

    def ask(self, source: str, query: str, agent: str) -> str:
        """What a source says to a question of the runbook."""
        return f"{source} {query} {agent}"

    def get_fleet(self) -> Fleet:
        return self.watched

    def close(self) -> None:
        self.store.close()

    def deliver(self) -> None:
        for _ in range(6):
            if not sum(self.delivery.run(lane) for lane in LANES):
                return

    def feed(
        self,
        minutes: int,
        values: Mapping[str, float] = NOTHING,
        *,
        end: datetime | None = None,
        n: float = 100,
        **more: float,
    ) -> None:
        """Store `minutes` minutes of these SLIs up to and with the minute of `end` (now)."""
        last = minute_of(end or self.clock.now())
        self.store.put_minutes(
            [
                MinuteRow(Series("refunds", "", name), minute, value, n)
                for name, value in {**values, **more}.items()
                for minute in range(last - minutes + 1, last + 1)
            ]
        )

    def healthy(self) -> dict[str, float]:
        return {"her": 2.0, "tie": 4.0, "dqr": 95.0}

    def settle_in(self) -> None:
        """Six healthy hours before now."""
        self.feed(360, self.healthy())

    def live(self, minutes: int, values: Mapping[str, float] = NOTHING, *, read: bool = True, **more: float) -> None:
        """Let minutes go by with these values, everything ticking."""
        for _ in range(minutes):
            self.clock.advance(60)
            self.feed(1, {**self.healthy(), **values, **more})
            if read:
                self.obey()
            self.tick()

    def tick(self) -> None:
        self.detector.evaluate(["refunds"], self.clock.now())
        self.monitor.deadlines()
        self.reminders.tick()
        self.monitor.read_back()
        self.monitor.judge_all()
        self.deliver()

    def obey(self, instances: Iterable[str] = ("a", "b")) -> None:
        answer = self.rung_cache.answer("refunds")
        for name in instances:
            self.rung_cache.record(InstanceReading("refunds", name, answer.level, answer.epoch, self.clock.now()))

    def incident(self, incident_id: int = 1) -> Incident:
        found = self.store.incident(incident_id)
        assert found is not None
        return found

    def said(self) -> str:
        return "\n".join(str(posted.content) for posted in self.chat.posts.values() if isinstance(posted.content, str))

    def kinds(self, incident_id: int = 1) -> list[str]:
        return [entry.entry.kind for entry in self.store.entries(incident_id)]

    def later(self, minutes: float) -> datetime:
        return self.clock.advance(timedelta(minutes=minutes).total_seconds())
