"""Stepdown on a real SQLite, a movable clock and a chat in memory: the engine without the network."""

import itertools
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.core.effects import LANES
from bot.core.incident import Incident
from bot.core.model import (
    DEFAULT_LADDER,
    Actor,
    Agent,
    Better,
    Fleet,
    InstanceReading,
    MinuteRow,
    Objective,
    Person,
    Series,
    Sli,
    minute_of,
)
from bot.core.playbook import Playbook
from bot.core.runbook import Plan, Step
from bot.documents.render import MarkdownDocuments
from bot.engine.canary import Canary
from bot.engine.causes import Causes
from bot.engine.commands import Commands, Desk
from bot.engine.course import Course
from bot.engine.cycle import Cycle
from bot.engine.delivery import Delivery, Outlets
from bot.engine.history import History
from bot.engine.ledger import Ledger
from bot.engine.numbers import Numbers
from bot.engine.openings import Openings, Runbooks
from bot.engine.pictures import Pictures
from bot.engine.reach import Reach
from bot.engine.reminders import Reminders
from bot.engine.reporting import Reporting
from bot.engine.upkeep import Keep, Upkeep
from bot.engine.views import Views
from bot.ports import Pager
from bot.store import SqlStore
from bot.tabletop.clock import MovableClock
from bot.tabletop.standins import MemoryChat, StandInDirectory
from bot.web.board import MemoryBoard

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ANA = Actor("ana", "Ana Duarte", "U0ANA", responder=True)
BO = Actor("bo", "Bo Lindgren", "U0BO", responder=True)
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


class Shelf:
    """One runbook for everything."""

    def plan(self, name: str, context: Mapping[str, object]) -> Plan:  # noqa: ARG002 - the port has it
        assert context["agent"] is not None
        return PLAN


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
class House:
    """Everything wired. `deliver` carries out what is wanted; `minutes` feeds and judges."""

    path: Path
    watched: Fleet = field(default_factory=fleet)
    chat: MemoryChat = field(default_factory=MemoryChat)
    clock: MovableClock = field(default_factory=lambda: MovableClock(START))
    pagers: Mapping[str, Pager] = field(default_factory=dict)
    """Besides Slack."""
    playbooks: tuple[Playbook, ...] = ()
    shelf: Runbooks = field(default_factory=Shelf)
    directory: StandInDirectory = field(default_factory=StandInDirectory)
    canary_to: str = ""
    logged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        ticks = itertools.count()
        self.wall = lambda: time.time() + next(ticks)  # adapters send nothing whose claim ran out by the real clock
        self.open()

    def open(self) -> None:
        self.store = SqlStore.open(f"sqlite:///{self.path / 'stepdown.db'}")
        self.board = MemoryBoard(self.get_fleet, self.clock, self.store.rungs())
        self.ledger = Ledger(self.store, self.board, self.wall, lambda _: None)
        self.history = History(self.store, self.get_fleet)
        openings = Openings(self.store, self.ledger, self.get_fleet, self.shelf, frozenset({"slack", *self.pagers}))
        self.cycle = Cycle(self.store, self.ledger, self.history, openings, self.get_fleet, self.clock)
        self.course = Course(self.store, self.ledger, self.history, self.board, self.get_fleet, self.clock)
        numbers = Numbers(self.store, self.history, self.board, self.get_fleet)
        self.views = Views(self.store, numbers, self.get_fleet, self.course.clock_of)
        self.reminders = Reminders(self.store, self.ledger, self.get_fleet, self.clock)
        causes = Causes.over(
            self.store,
            self.ledger,
            self.history,
            self.views,
            lambda: self.playbooks,
            self.shelf,
            self.get_fleet,
            self.clock,
        )
        self.attribution = causes.attribution
        desk = Desk(self.store, self.ledger, openings, self.views, self.get_fleet, self.clock, causes)
        self.commands = Commands(desk)
        documents = MarkdownDocuments(self.path / "data", lambda chart: str(chart.series).encode())
        reporting = Reporting(self.store, documents, self.get_fleet)
        pictures = Pictures(self.store, self.history, documents, self.chat, self.get_fleet, self.clock)
        outlets = Outlets(self.chat, {"slack": self.chat, **self.pagers}, {}, reporting, pictures, self.ask)
        self.delivery = Delivery(
            self.store, self.ledger, self.views, outlets, self.get_fleet, self.clock, self.wall, lambda: 0.5
        )
        ways = frozenset({"slack", *self.pagers})
        logged = self.logged.append
        self.reach = Reach(self.store, self.get_fleet, ways, self.directory, self.clock, self.wall, logged)
        self.canary = Canary(self.store, self.get_fleet, ways, self.clock, self.wall, self.canary_to)
        jobs = (self.reach.tick, self.canary.tick)
        self.upkeep = Upkeep(self.store, self.get_fleet, self.clock, self.wall, Keep(), jobs)

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

    def feed(self, minutes: int, *, end: datetime | None = None, n: float = 100, **values: float) -> None:
        """Store `minutes` minutes of these SLIs up to and with the minute of `end` (now)."""
        last = minute_of(end or self.clock.now())
        self.store.put_minutes(
            [
                MinuteRow(Series("refunds", "", name), minute, value, n)
                for name, value in values.items()
                for minute in range(last - minutes + 1, last + 1)
            ]
        )

    def healthy(self) -> dict[str, float]:
        return {"her": 2.0, "tie": 4.0, "dqr": 95.0}

    def settle_in(self) -> None:
        """Six healthy hours before now."""
        self.feed(360, **self.healthy())

    def live(self, minutes: int, *, read: bool = True, **values: float) -> None:
        """Let minutes go by with these values, everything ticking."""
        for _ in range(minutes):
            self.clock.advance(60)
            self.feed(1, **{**self.healthy(), **values})
            if read:
                self.obey()
            self.tick()

    def tick(self) -> None:
        self.cycle.evaluate(["refunds"], self.clock.now())
        self.course.deadlines()
        self.reminders.tick()
        self.course.read_back()
        self.course.judge_all()
        self.deliver()

    def obey(self, instances: Iterable[str] = ("a", "b")) -> None:
        answer = self.board.answer("refunds")
        for name in instances:
            self.board.record(InstanceReading("refunds", name, answer.level, answer.epoch, self.clock.now()))

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
