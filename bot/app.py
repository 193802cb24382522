"""The composition root: the one file that knows every concrete class. What keeps time stands in `metronome`.

Threads: uvicorn (HTTP), Bolt (Slack), a pool for polls, a worker for each part of each delivery lane, and the scheduler
with fewer than ten jobs. Jobs are metronomes: what is due stands in rows.
"""

import os
import random
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from fastapi import APIRouter

from bot.config.playbooks import PlaybookShelf
from bot.controls import build_controls
from bot.core.effects import LANES, Lane
from bot.core.model import Fleet
from bot.core.playbook import Playbook
from bot.documents.easel import Easel
from bot.documents.render import MarkdownDocuments
from bot.documents.runbooks import RunbookShelf
from bot.engine.causes import Causes
from bot.engine.commands import Commands, Desk
from bot.engine.course import Course
from bot.engine.cycle import Cycle
from bot.engine.delivery import Delivery, Outlets
from bot.engine.elsewhere import Elsewhere
from bot.engine.history import History
from bot.engine.intake import PushIntake
from bot.engine.ledger import Ledger
from bot.engine.numbers import Numbers
from bot.engine.openings import Openings
from bot.engine.pictures import Pictures
from bot.engine.polling import Poller
from bot.engine.readying import Readying
from bot.engine.reminders import Reminders
from bot.engine.replicas import Replicas
from bot.engine.reporting import Reporting
from bot.engine.rounds import Rounds
from bot.engine.tracking import Tracker
from bot.engine.views import Views
from bot.exercises.host import ExerciseHost, Premises
from bot.exercises.results import rehearsed
from bot.metronome import PollThreads, new_scheduler, settle_memory
from bot.pagers import PAGERDUTY, build_pagers
from bot.pagers.pagerduty import paged_run
from bot.ports import Clock, Pager, Replica, Store, Tabletop
from bot.slack import Slack, build_slack
from bot.slack.directory import SlackDirectory
from bot.sources import build_all
from bot.store import SqlStore
from bot.watching import Around, Care, Wishes
from bot.web.api import build_api
from bot.web.board import MemoryBoard
from bot.web.inbound import pagerduty
from bot.web.server import HttpServer
from bot.web.tokens import TokenBook

log = structlog.get_logger("stepdown")

WORKERS: Mapping[Lane, int] = {"controls": 1, "pagers": 4, "slack": 4, "documents": 1}
SWITCH = 0.0005
"""Seconds after which a busy thread lets another one run. An acknowledgement passes through five threads; with Python's
5 ms it waited for the evaluation of a large fleet at each of them."""
LONGEST_LEASE = timedelta(hours=1)
"""Read-backs this old are taken over at start: an instance that spoke before a restart still has to be heard."""


@dataclass(frozen=True, slots=True)
class SlackAccess:
    """How Slack is reached. `team_id` empty: the workspace the token belongs to."""

    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    """Empty: HTTP mode, with the signing secret."""
    base_url: str
    signing_secret: str = field(default="", repr=False)
    team_id: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a running Stepdown is made of. `speed`: how much faster than real time the clock runs."""

    fleet: Callable[[], Fleet]
    clock: Clock
    slack: SlackAccess
    database_url: str
    data_dir: Path
    runbooks_dir: Path
    playbooks_dir: Path
    tokens: TokenBook = field(default_factory=TokenBook)
    http_host: str = "127.0.0.1"
    http_port: int = 0
    speed: float = 1.0
    history_days: float = 3
    pagerduty_url: str = PAGERDUTY
    pagerduty_inbound_secret: str = field(default="", repr=False)
    tracker: Tracker | None = None
    """Where follow-ups are tracked as well; None: nowhere."""
    version: str = ""
    on_fleet: Callable[[], None] = lambda: None
    """Called when some replica was asked to read the fleet file again."""
    wishes: Wishes = field(default_factory=Wishes)


@dataclass(frozen=True, slots=True)
class Parts:
    """How what is kept and what reaches the world are made: whoever disturbs Stepdown puts something around them."""

    store: Callable[[str], Store] = SqlStore.open
    outlets: Callable[[Outlets], Outlets] = lambda outlets: outlets
    easel: Callable[[], Easel] = Easel


class App:
    """Stepdown, wired. `start` returns when it serves; `stop` finishes what is under way."""

    def __init__(self, setup: Setup, parts: Parts | None = None) -> None:
        self._setup = setup
        self._parts = parts or Parts()
        self.store = self._parts.store(setup.database_url)
        self._fleet = setup.fleet
        self._wakes = {lane: [threading.Event() for _ in range(WORKERS[lane])] for lane in LANES}
        self._stopping = threading.Event()
        self._told = threading.Event()
        self._deaf: Callable[[], None] = lambda: None
        self._threads: list[threading.Thread] = []
        self._pool = PollThreads()
        self._wire()

    def _wire(self) -> None:
        setup, store, fleet, clock = self._setup, self.store, self._fleet, self._setup.clock
        self.board = MemoryBoard(fleet, clock, store.rungs())
        me = Replica(f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}", socket.gethostname(), os.getpid())
        self.replicas = Replicas(store, self.board, me)
        self.replicas.begin(clock.now() - LONGEST_LEASE)
        ledger = Ledger(store, self.board, time.time, self._wake)
        self._history = history = History(store, fleet)
        shelf = RunbookShelf(setup.runbooks_dir)
        pagers = build_pagers(setup.pagerduty_url)
        openings = Openings(store, ledger, fleet, shelf, frozenset({"slack", *pagers}))
        self.cycle = Cycle(store, ledger, history, openings, fleet, clock)
        self.course = Course(store, ledger, history, self.board, fleet, clock, self.replicas.all_told)
        self._specs = dict(fleet().sources)
        self._sources = sources = build_all(fleet().sources, clock)
        self.poller = Poller(
            store, fleet, sources, clock, self._pool, self.cycle.evaluate, history_days=setup.history_days
        )
        readying = Readying(store, fleet, shelf, rehearsed(setup.data_dir))
        self.rounds = Rounds(store, ledger, fleet, clock, time.time, readying, setup.tracker, log.warning)
        numbers = Numbers(store, history, self.board, fleet)
        views = Views(store, numbers, fleet, self.course.clock_of)
        playbooks = PlaybookShelf(setup.playbooks_dir, shelf.names, fleet).all
        causes = Causes.over(store, ledger, history, views, playbooks, shelf, fleet, clock)
        self.reminders = Reminders(store, ledger, fleet, clock)
        self.commands = Commands(Desk(store, ledger, openings, views, fleet, clock, causes, readying))
        self.slack = _slack(setup.slack, self.commands, fleet, setup.speed, self._first_sight)
        self._easel = self._parts.easel()
        documents = MarkdownDocuments(setup.data_dir, self._easel.draw)
        pictures = Pictures(store, history, documents, self.slack.chat, fleet, clock)
        self.slack.draw_with(pictures.of_sli)
        outlets = self._parts.outlets(
            Outlets(
                self.slack.chat,
                {self.slack.pager.kind: self.slack.pager, **pagers},
                build_controls(fleet, clock, lambda agent, workflow: self.board.answer(agent, workflow).level),
                Reporting(store, documents, fleet),
                pictures,
                self.poller.ask,
            )
        )
        self.delivery = Delivery(
            store, ledger, views, outlets, fleet, clock, time.time, random.random, store.installation()
        )
        self.care = self._care(frozenset({"slack", *pagers}), ledger)
        self.watch = self.care.watch
        self.intake = PushIntake(store, self.cycle, fleet, clock)
        self.exercises = self._exercises({self.slack.pager.kind: self.slack.pager, **pagers}, playbooks)
        self._wire_http()
        self._scheduler = new_scheduler()

    def _care(self, ways: frozenset[str], ledger: Ledger) -> Care:
        setup, slack = self._setup, self.slack
        around = Around(
            self.store,
            self._fleet,
            setup.clock,
            SlackDirectory(slack.access),
            ways,
            self.poller,
            slack.chat,
            slack.connection.healthy,
            setup.data_dir,
            setup.speed,
            setup.version,
            "" if setup.database_url.startswith("sqlite") else socket.gethostname(),
        )
        return Care(around, setup.wishes, ledger)

    def _exercises(self, pagers: Mapping[str, Pager], playbooks: Callable[[], Iterable[Playbook]]) -> ExerciseHost:
        """Exercises beside the real thing: what is said in a drill's channel goes to the drill's own commands."""
        setup, slack = self._setup, self.slack
        folders = (setup.runbooks_dir, setup.data_dir)
        host = ExerciseHost(
            Premises(slack, pagers, self._fleet, self.store, setup.clock, playbooks, *folders, self._easel.draw)
        )
        slack.inbound.route, slack.inbound.more = host.route, {Tabletop: host}
        return host

    def _wire_http(self) -> None:
        setup = self._setup
        self._api = build_api(
            self.board,
            self.intake,
            setup.tokens,
            self.watch.problems,
            self.care.registry,
            feed=self.store,
            fleet=self._fleet,
            clock=setup.clock,
            version=setup.version,
            more=(*self.slack.routes, self._inbound()),
        )
        self._server = HttpServer(self._api, setup.http_host, setup.http_port)

    def _first_sight(self, key: str) -> bool:
        return self.store.first_sight(key, self._setup.clock.now())

    def _inbound(self) -> APIRouter:
        """What is done about a page at PagerDuty stops paging here too."""
        elsewhere = Elsewhere(self.store, self.commands, self._fleet, paged_run, "PagerDuty")
        secret, registry = self._setup.pagerduty_inbound_secret, self.care.registry
        return pagerduty.routes(secret, elsewhere.acknowledged, elsewhere.closed, registry)

    @property
    def url(self) -> str:
        """Where the HTTP side listens, once started."""
        return f"http://{self._setup.http_host}:{self._server.port}"

    def start(self) -> None:
        """Serve HTTP, connect to Slack, start the lanes and the ticks."""
        sys.setswitchinterval(SWITCH)
        settle_memory()
        self._server.start()
        self.slack.connection.start()
        for lane in LANES:
            for part, wake in enumerate(self._wakes[lane]):
                self._spawn(f"{lane}-{part}", lambda lane=lane, part=part, wake=wake: self._work(lane, part, wake))  # type: ignore[misc]
        self._spawn("exchange", self._exchange)
        self._deaf = self.store.listen(self._hear)
        self._schedule()
        self._scheduler.start()
        self.care.start()

    def stop(self) -> None:
        """Take nothing new, finish what is under way, let go. What is left stands in rows."""
        self.care.stop()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        self.exercises.stop()
        self._stopping.set()
        self._deaf()
        self._told.set()
        self._wake(LANES)
        for thread in self._threads:
            thread.join(timeout=15)
        self._easel.close()
        self.slack.stop()
        self._server.stop()
        self._pool.close()
        for source in self._sources.values():
            source.close()
        self.replicas.leave()
        self.store.close()

    def adopt_fleet(self) -> None:
        """The fleet file was read anew: ask the sources it names now. Unchanged ones keep their connections."""
        wanted = dict(self._fleet().sources)
        for name in [name for name, spec in self._specs.items() if wanted.get(name) != spec]:
            self.poller.troubles.pop(name, None)
            self.poller.senses.forget(name)
            gone = self._sources.pop(name, None)
            if gone is not None:
                gone.close()
        fresh = {name: spec for name, spec in wanted.items() if self._specs.get(name) != spec}
        self._sources.update(build_all(fresh, self._setup.clock))
        self._specs = wanted
        self._history.forget()

    def _schedule(self) -> None:
        """The metronomes. Scenario intervals shrink with the clock's speed, down to a tenth of a second."""
        self._every(1, "poll", self.poller.tick)
        self._every(1, "deadlines", self.course.deadlines)
        self._every(30, "reminders", self.reminders.tick)
        self._every(1, "read-back", self.course.read_back)
        self._every(1, "exercises", self.exercises.tick)
        self._every(5, "recovery", self.course.judge_all)
        self._every(15, "causes", self.commands.causes.attribution.look_all)
        self._every(60, "queues", self.intake.count_queues)
        self._every(60, "rounds", self.rounds.tick)
        self._every(60, "upkeep", self.care.upkeep.tick)
        self._every(20, "silence", lambda: self.cycle.look_for_silence(self.poller.troubles))
        self._scheduler.add_job(lambda: self._wake(LANES), "interval", seconds=1, id="lanes")
        self._scheduler.add_job(self._make_room, "interval", hours=1, id="room", next_run_time=datetime.now(UTC))

    def _every(self, seconds: float, name: str, tick: Callable[[], None]) -> None:
        interval = max(0.1, seconds / self._setup.speed)

        def guarded() -> None:
            self.watch.ticks.began(name, max(1.0, interval))
            try:
                tick()
            except Exception:  # the loop's outer edge: one bad tick must not end the ticking
                self.watch.ticks.failed(name)
                log.exception("tick failed", tick=name)
            else:
                self.watch.ticks.completed(name)

        at_once = datetime.now(UTC)
        self._scheduler.add_job(guarded, "interval", seconds=interval, id=name, next_run_time=at_once)

    def _make_room(self) -> None:
        self.store.prepare_minutes(self._setup.clock.now())

    def _exchange(self) -> None:
        """Rungs that another process committed, such as the CLI, reach the agents at once or within a second."""
        while not self._stopping.is_set():
            self._told.wait(timeout=1.0)
            self._told.clear()
            self.watch.ticks.began("exchange", 1.0)
            try:
                self.replicas.exchange()
                self.watch.ticks.completed("exchange")
            except Exception:  # the loop's outer edge: a database that is away comes back
                self.watch.ticks.failed("exchange")
                log.exception("no exchange with the database")
                self._stopping.wait(0.5)

    def _hear(self, news: str) -> None:
        """What any replica committed, this one too."""
        self._wake(lane for lane in LANES if news in (f"outbox {lane}", "all"))
        if news in ("rungs", "all"):
            self._told.set()
        if news == "fleet":
            self._setup.on_fleet()

    def _spawn(self, name: str, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, lane: Lane, part: int, wake: threading.Event) -> None:
        """One lane worker: woken by a commit, at the latest each second."""
        while not self._stopping.is_set():
            wake.wait(timeout=1.0)
            wake.clear()
            try:
                self.delivery.run(lane, (part, WORKERS[lane]))
            except Exception:  # the loop's outer edge: one bad effect must not end the lane
                log.exception("lane failed", lane=lane)
                time.sleep(0.2)

    def _wake(self, lanes: Iterable[Lane]) -> None:
        for lane in lanes:
            for event in self._wakes[lane]:
                event.set()


def _slack(
    access: SlackAccess, commands: Commands, fleet: Callable[[], Fleet], rate: float, first: Callable[[str], bool]
) -> Slack:
    """Slack, both ways."""
    return build_slack(
        commands,
        fleet,
        bot_token=access.bot_token,
        app_token=access.app_token,
        signing_secret=access.signing_secret,
        base_url=access.base_url,
        team_id=access.team_id,
        prefix=access.prefix,
        rate=rate,
        first=first,
    )
