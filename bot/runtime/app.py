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

from bot.charts.worker import ChartWorker
from bot.controls import build_controls
from bot.core.incident.effects import LANES, Lane
from bot.core.model.fleet import Fleet
from bot.core.runbooks.playbook import Playbook
from bot.documents.render import MarkdownDocuments
from bot.engine.autonomy.rung_cache import MemoryRungCache
from bot.engine.baselines import Baselines
from bot.engine.charts import Charts
from bot.engine.commands.causes import Causes
from bot.engine.commands.commands import CommandDependencies, Commands
from bot.engine.commands.inbound_acknowledgements import InboundAcknowledgements
from bot.engine.delivery.delivery import Adapters, Delivery
from bot.engine.detection.detector import Detector
from bot.engine.detection.findings import Findings
from bot.engine.detection.poller import Poller
from bot.engine.detection.push_intake import PushIntake
from bot.engine.health.followup_reminders import Reminders
from bot.engine.health.replicas import ReplicaSync
from bot.engine.health.routine import RoutineChecks
from bot.engine.incidents.monitor import IncidentMonitor
from bot.engine.incidents.opener import IncidentOpener
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.reliability.readiness_check import ReadinessCheck
from bot.engine.reports.issue_sync import Tracker
from bot.engine.reports.postmortems import PostmortemWriter
from bot.engine.views.sli_lines import SliLines
from bot.engine.views.views import Views
from bot.exercises.host import ExerciseHost, HostDependencies
from bot.exercises.results import rehearsed
from bot.pagers import PAGERDUTY, build_pagers
from bot.pagers.pagerduty.adapter import paged_run
from bot.ports.clock import Clock
from bot.ports.exercises import Exercises
from bot.ports.pagers import Pager
from bot.ports.store import Replica, Store
from bot.runbooks.library import RunbookLibrary
from bot.runbooks.playbook_library import PlaybookLibrary
from bot.runtime.scheduler import PollThreads, new_scheduler, settle_memory
from bot.runtime.self_monitoring import MonitoringDependencies, MonitoringSettings, SelfMonitoring
from bot.slack import Slack, build_slack
from bot.slack.client.directory import SlackDirectory
from bot.sources import build_all
from bot.store import SqlStore
from bot.web.api import build_api
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
class AppSetup:
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
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)


@dataclass(frozen=True, slots=True)
class AppParts:
    """How what is kept and what reaches the world are made: whoever disturbs Stepdown puts something around them."""

    store: Callable[[str], Store] = SqlStore.open
    adapters: Callable[[Adapters], Adapters] = lambda adapters: adapters
    chart_worker: Callable[[], ChartWorker] = ChartWorker


class App:
    """Stepdown, wired. `start` returns when it serves; `stop` finishes what is under way."""

    def __init__(self, setup: AppSetup, parts: AppParts | None = None) -> None:
        self._setup = setup
        self._parts = parts or AppParts()
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
        self.rung_cache = MemoryRungCache(fleet, clock, store.rungs())
        me = Replica(f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}", socket.gethostname(), os.getpid())
        self.replicas = ReplicaSync(store, self.rung_cache, me)
        self.replicas.begin(clock.now() - LONGEST_LEASE)
        recorder = IncidentRecorder(store, self.rung_cache, time.time, self._wake)
        self._history = history = Baselines(store, fleet)
        shelf = RunbookLibrary(setup.runbooks_dir)
        pagers = build_pagers(setup.pagerduty_url)
        opener = IncidentOpener(store, recorder, fleet, shelf, frozenset({"slack", *pagers}))
        self.detector = Detector(store, recorder, history, opener, fleet, clock)
        self.monitor = IncidentMonitor(store, recorder, history, self.rung_cache, fleet, clock, self.replicas.all_told)
        self._specs = dict(fleet().sources)
        self._sources = sources = build_all(fleet().sources, clock)
        self.findings = Findings(store, fleet, clock, time.time)
        self.poller = Poller(
            store,
            fleet,
            sources,
            clock,
            self._pool,
            self.detector.evaluate,
            history_days=setup.history_days,
            findings=self.findings,
        )
        readiness_check = ReadinessCheck(store, fleet, shelf, rehearsed(setup.data_dir))
        self.rounds = RoutineChecks(
            store, recorder, fleet, clock, time.time, readiness_check, setup.tracker, log.warning
        )
        numbers = SliLines(store, history, self.rung_cache, fleet)
        views = Views(store, numbers, fleet, self.monitor.clock_of)
        playbooks = PlaybookLibrary(setup.playbooks_dir, shelf.names, fleet).all
        causes = Causes.over(store, recorder, history, views, playbooks, shelf, fleet, clock)
        self.reminders = Reminders(store, recorder, fleet, clock)
        self.commands = Commands(
            CommandDependencies(store, recorder, opener, views, fleet, clock, causes, readiness_check)
        )
        self.slack = _slack(setup.slack, self.commands, fleet, setup.speed, self._first_sight)
        self._chart_worker = self._parts.chart_worker()
        documents = MarkdownDocuments(setup.data_dir, self._chart_worker.draw)
        pictures = Charts(store, history, documents, self.slack.chat, fleet, clock)
        self.slack.draw_with(pictures.of_sli)
        adapters = self._parts.adapters(
            Adapters(
                self.slack.chat,
                {self.slack.pager.kind: self.slack.pager, **pagers},
                build_controls(fleet, clock, lambda agent, workflow: self.rung_cache.answer(agent, workflow).level),
                PostmortemWriter(store, documents, fleet),
                pictures,
                self.poller.ask,
            )
        )
        self.delivery = Delivery(
            store, recorder, views, adapters, fleet, clock, time.time, random.random, store.installation()
        )
        self.self_monitoring = self._self_monitoring(frozenset({"slack", *pagers}), recorder)
        self.watch = self.self_monitoring.watch
        self.intake = PushIntake(store, self.detector, fleet, clock, self.findings)
        self.exercises = self._exercises({self.slack.pager.kind: self.slack.pager, **pagers}, playbooks)
        self._wire_http()
        self._scheduler = new_scheduler()

    def _self_monitoring(self, ways: frozenset[str], recorder: IncidentRecorder) -> SelfMonitoring:
        setup, slack = self._setup, self.slack
        dependencies = MonitoringDependencies(
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
        return SelfMonitoring(dependencies, setup.monitoring, recorder)

    def _exercises(self, pagers: Mapping[str, Pager], playbooks: Callable[[], Iterable[Playbook]]) -> ExerciseHost:
        """Exercises beside the real thing: what is said in a drill's channel goes to the drill's own commands."""
        setup, slack = self._setup, self.slack
        folders = (setup.runbooks_dir, setup.data_dir)
        host = ExerciseHost(
            HostDependencies(
                slack, pagers, self._fleet, self.store, setup.clock, playbooks, *folders, self._chart_worker.draw
            )
        )
        slack.inbound.route, slack.inbound.more = host.route, {Exercises: host}
        return host

    def _wire_http(self) -> None:
        setup = self._setup
        self._api = build_api(
            self.rung_cache,
            self.intake,
            setup.tokens,
            self.watch.problems,
            self.self_monitoring.registry,
            feed=self.store,
            fleet=self._fleet,
            clock=setup.clock,
            version=setup.version,
            more=(*self.slack.routes, self._inbound()),
            warnings=lambda: [*self.watch.warnings(), *self.findings.told()],
        )
        self._server = HttpServer(self._api, setup.http_host, setup.http_port)

    def _first_sight(self, key: str) -> bool:
        return self.store.first_sight(key, self._setup.clock.now())

    def _inbound(self) -> APIRouter:
        """What is done about a page at PagerDuty stops paging here too."""
        elsewhere = InboundAcknowledgements(self.store, self.commands, self._fleet, paged_run, "PagerDuty")
        secret, registry = self._setup.pagerduty_inbound_secret, self.self_monitoring.registry
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
        self.self_monitoring.start()

    def stop(self) -> None:
        """Take nothing new, finish what is under way, let go. What is left stands in rows."""
        self.self_monitoring.stop()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        self.exercises.stop()
        self._stopping.set()
        self._deaf()
        self._told.set()
        self._wake(LANES)
        for thread in self._threads:
            thread.join(timeout=15)
        self._chart_worker.close()
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
            self.poller.source_health.forget(name)
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
        self._every(1, "deadlines", self.monitor.deadlines)
        self._every(30, "reminders", self.reminders.tick)
        self._every(1, "read-back", self.monitor.read_back)
        self._every(1, "exercises", self.exercises.tick)
        self._every(5, "recovery", self.monitor.judge_all)
        self._every(15, "causes", self.commands.causes.attribution.look_all)
        self._every(60, "queues", self.intake.count_queues)
        self._every(60, "findings", self.findings.tick)
        self._every(60, "rounds", self.rounds.tick)
        self._every(60, "upkeep", self.self_monitoring.upkeep.tick)
        self._every(20, "silence", lambda: self.detector.look_for_silence(self.poller.troubles))
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
