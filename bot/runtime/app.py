"""The composition root: the one file that knows every concrete class. What it is made of stands in `setup`.

Threads: uvicorn (HTTP), Bolt (Slack), a pool for polls, a worker for each part of each delivery lane, and one for each
tick. Ticks only beat time: what is due stands in rows.
"""

import os
import random
import socket
import sys
import time
import uuid
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import structlog
from fastapi import APIRouter, FastAPI

from bot.alerts import ReadersInForce
from bot.controls import build_controls
from bot.core.incident.effects import Notice
from bot.core.model.fleet import Fleet
from bot.documents.render import MarkdownDocuments
from bot.engine.assembly import Engine, EngineDependencies, build_adapters, build_delivery, build_engine
from bot.engine.commands.inbound_acknowledgements import InboundAcknowledgements
from bot.engine.delivery.delivery import Delivery
from bot.engine.detection.evaluation_queue import EvaluationQueue
from bot.engine.detection.poller import Poller
from bot.engine.detection.span_receiver import SpanReceiver
from bot.engine.health.clock_watch import ClockWatch
from bot.engine.health.routine import RoutineChecks
from bot.engine.incidents.lost_state import LostStateCheck
from bot.engine.reliability.readiness_check import ReadinessCheck
from bot.exercises.host import ExerciseHost, HostDependencies
from bot.exercises.results import rehearsed
from bot.pagers import build_pagers
from bot.pagers.pagerduty.adapter import paged_run
from bot.ports.exercises import Exercises
from bot.ports.pagers import Pager
from bot.ports.store import Replica
from bot.runbooks.library import RunbookLibrary
from bot.runbooks.playbook_library import PlaybookLibrary
from bot.runtime.lane_workers import LaneWorkers
from bot.runtime.replica_exchange import ReplicaExchange
from bot.runtime.scheduler import Metronome, PollThreads, settle_memory
from bot.runtime.self_monitoring import MonitoringDependencies, SelfMonitoring
from bot.runtime.setup import AppParts, AppSetup
from bot.runtime.span_rules import SpanRules
from bot.slack import Slack, build_slack
from bot.slack.client.directory import SlackDirectory
from bot.sources import build_all
from bot.web.api import IncidentOpeners, build_api
from bot.web.inbound import pagerduty
from bot.web.server import HttpServer

log = structlog.get_logger("stepdown")

SWITCH = 0.0005
"""Seconds after which a busy thread lets another one run. An acknowledgement passes through five threads; with Python's
5 ms it waited for the evaluation of a large fleet at each of them."""
LONGEST_LEASE = timedelta(hours=1)
"""Read-backs this old are taken over at start: an instance that spoke before a restart still has to be heard."""


class App:
    """Stepdown, wired. `start` returns when it serves; `stop` finishes what is under way."""

    def __init__(self, setup: AppSetup, parts: AppParts | None = None) -> None:
        self._setup = setup
        self._parts = parts or AppParts()
        self.store = self._parts.store(setup.database_url)
        self._fleet = setup.fleet
        self._lanes = LaneWorkers()
        self._pool = PollThreads()
        runbooks = RunbookLibrary(setup.runbooks_dir)
        self._playbooks = PlaybookLibrary(setup.playbooks_dir, runbooks.names, self._fleet).all
        self._readiness_check = ReadinessCheck(self.store, self._fleet, runbooks, rehearsed(setup.data_dir))
        pagers = build_pagers(setup.pagerduty_url)
        self._ways = frozenset({"slack", *pagers})
        self._span_rules = SpanRules(self._fleet)
        self.engine = self._engine(runbooks)
        self.rung_cache, self.commands = self.engine.rung_cache, self.engine.commands
        self.lost_state = LostStateCheck(
            self.store, self.engine.recorder, self.engine.opener, self.rung_cache, self._fleet, setup.clock
        )
        self._span_reader = self._parts.span_reader()
        self.span_receiver = SpanReceiver(
            self.store, self._span_reader, setup.clock, self._span_rules, self.engine.span_counts
        )
        self._source_specs = dict(self._fleet().sources)
        self._sources = build_all(self._source_specs, setup.clock)
        self.poller = self._poller()
        self.slack = self._slack()
        self._pagers: Mapping[str, Pager] = {self.slack.pager.kind: self.slack.pager, **pagers}
        self._chart_worker = self._parts.chart_worker()
        self.delivery = self._delivery()
        self.routine = self._routine()
        self.self_monitoring = self._self_monitoring()
        self.watch = self.self_monitoring.watch
        self.exercises = self._exercises()
        self._exchange = ReplicaExchange(
            self.store, self.engine.replicas, self.watch.ticks, self._lanes.wake, setup.on_fleet
        )
        self._api = self._http()
        self._server = HttpServer(self._api, setup.http_host, setup.http_port)
        self._clock_watch = self._clock_watcher()
        self._metronome = Metronome()

    def _engine(self, runbooks: RunbookLibrary) -> Engine:
        host = socket.gethostname()
        built = build_engine(
            EngineDependencies(
                self.store,
                self._fleet,
                self._setup.clock,
                time.time,
                runbooks,
                self._playbooks,
                self._ways,
                self._lanes.wake,
                self._readiness_check,
                Replica(f"{host}-{os.getpid()}-{uuid.uuid4().hex[:8]}", host, os.getpid()),
                self._span_rules,
            )
        )
        built.replicas.begin(self._setup.clock.now() - LONGEST_LEASE)
        return built

    def _poller(self) -> Poller:
        return Poller(
            self.store,
            self._fleet,
            self._sources,
            self._setup.clock,
            self._pool,
            EvaluationQueue(self.engine.detector.evaluate).submit,
            history_days=self._setup.history_days,
            redact=self._setup.secrets,
            findings=self.engine.findings,
        )

    def _slack(self) -> Slack:
        """Slack, both ways."""
        access = self._setup.slack
        return build_slack(
            self.commands,
            self._fleet,
            bot_token=access.bot_token,
            app_token=access.app_token,
            signing_secret=access.signing_secret,
            base_url=access.base_url,
            team_id=access.team_id,
            prefix=access.prefix,
            rate=self._setup.speed,
            first=self._first_sight,
            redact_json=self._setup.secrets.within,
        )

    def _delivery(self) -> Delivery:
        """What carries effects out, and the charts for those who ask."""
        documents = MarkdownDocuments(self._setup.data_dir, self._chart_worker.draw, self._setup.secrets)
        controls = build_controls(
            self._fleet, self._setup.clock, lambda agent, workflow: self.rung_cache.answer(agent, workflow).level
        )
        adapters = build_adapters(self.engine, self.slack.chat, documents, self._pagers, controls, self.poller.ask)
        self.slack.draw_with(adapters.charts.of_sli)
        adapters = self._parts.adapters(adapters)
        return build_delivery(self.engine, adapters, random.random, self.store.installation(), self._setup.secrets)

    def _clock_watcher(self) -> ClockWatch:
        engine, replicas = self.engine, self.engine.replicas
        return ClockWatch(
            self.store,
            engine.recorder,
            engine.detector,
            self._setup.clock,
            time.monotonic,
            log.warning,
            lambda: len(replicas.alive()) <= 1,
            followers=(engine.rung_cache,),
        )

    def _routine(self) -> RoutineChecks:
        return RoutineChecks(
            self.store,
            self.engine.recorder,
            self._fleet,
            self._setup.clock,
            time.time,
            self._readiness_check,
            self.engine.baselines,
            self._setup.tracker,
            log.warning,
        )

    def _self_monitoring(self) -> SelfMonitoring:
        setup, slack = self._setup, self.slack
        dependencies = MonitoringDependencies(
            self.store,
            self._fleet,
            setup.clock,
            SlackDirectory(slack.access),
            self._ways,
            self.poller,
            slack.chat,
            slack.connection.healthy,
            setup.data_dir,
            setup.speed,
            setup.version,
            "" if setup.database_url.startswith("sqlite") else socket.gethostname(),
            setup.secrets,
            self.engine.replicas.other_file,
            lambda: {"http": self._server.connections.dropped, "slack": slack.connection.replaced},
        )
        return SelfMonitoring(dependencies, setup.monitoring, self.engine.recorder)

    def _exercises(self) -> ExerciseHost:
        """Exercises beside the real thing: what is said in an exercise's channel goes to its own commands."""
        setup, slack = self._setup, self.slack
        folders = (setup.runbooks_dir, setup.data_dir)
        host = ExerciseHost(
            HostDependencies(
                slack,
                self._pagers,
                self._fleet,
                self.store,
                setup.clock,
                self._playbooks,
                *folders,
                self._chart_worker.draw,
            )
        )
        slack.inbound.route, slack.inbound.more = host.route, {Exercises: host}
        return host

    def _http(self) -> FastAPI:
        setup = self._setup
        return build_api(
            self.rung_cache,
            self.engine.intake,
            setup.tokens,
            self.watch.problems,
            self.self_monitoring.registry,
            feed=self.store,
            ledger=self.store,
            approvals=self.engine.approvals,
            fleet=self._fleet,
            clock=setup.clock,
            spans=self.span_receiver,
            version=setup.version,
            redact=setup.secrets,
            more=(*self.slack.routes, self._inbound()),
            openers=IncidentOpeners(self.engine.alerts, ReadersInForce(self._fleet), self.commands.lifecycle.declare),
            warnings=lambda: [*self.watch.warnings(), *self.engine.findings.told()],
        )

    def _first_sight(self, key: str) -> bool:
        return self.store.first_delivery(key, self._setup.clock.now())

    def _inbound(self) -> APIRouter:
        """What is done about a page at PagerDuty stops paging here too."""
        inbound = InboundAcknowledgements(self.store, self.commands, self._fleet, paged_run, "PagerDuty")
        secret, registry = self._setup.pagerduty_inbound_secret, self.self_monitoring.registry
        return pagerduty.routes(secret, inbound.acknowledged, inbound.closed, registry)

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
        self._lanes.start(self.delivery.run)
        self._exchange.start()
        self._schedule()
        self._metronome.start()
        self.self_monitoring.start()

    def stop(self) -> None:
        """Take nothing new, finish what is under way, let go. What is left stands in rows."""
        self.self_monitoring.stop()
        self._metronome.stop()
        self.exercises.stop()
        self._exchange.stop()
        self._lanes.stop()
        self._chart_worker.close()
        self.slack.stop()
        self._server.stop()
        self._span_reader.close()
        self._pool.close()
        for source in self._sources.values():
            source.close()
        self.engine.replicas.leave()
        self.store.close()

    def adopt_fleet(self) -> None:
        """The fleet file was read anew: ask the sources it names now. Unchanged ones keep their connections."""
        wanted = dict(self._fleet().sources)
        for name in [name for name, spec in self._source_specs.items() if wanted.get(name) != spec]:
            self.poller.troubles.pop(name, None)
            self.poller.source_health.forget(name)
            gone = self._sources.pop(name, None)
            if gone is not None:
                gone.close()
        fresh = {name: spec for name, spec in wanted.items() if self._source_specs.get(name) != spec}
        self._sources.update(build_all(fresh, self._setup.clock))
        self._source_specs = wanted
        self.engine.baselines.forget()

    def let_in_fleet(self, fleet: Fleet) -> Sequence[str]:
        """Put a fleet file in force; or say what it would raise, to the caller and in the announcements channel."""
        raised = self.engine.file_gate.let_in(fleet)
        if raised:
            lines = ["The fleet file is refused; the one in force stays.", *raised]
            text = "\n".join(lines)
            # replicas refuse the same file at the same time, and somebody may try it again tomorrow
            stamp = f"fleet-refused-{self._setup.clock.now():%Y%m%d%H}-{zlib.crc32(text.encode()):08x}"
            self.engine.recorder.refresh([Notice(stamp, text)])
        return raised

    def _schedule(self) -> None:
        """The metronomes. Scenario intervals shrink with the clock's speed, down to a tenth of a second."""
        self._every(1, "poll", self.poller.tick)
        self._every(1, "deadlines", self.engine.monitor.deadlines)
        self._every(30, "reminders", self.engine.reminders.tick)
        self._every(1, "read-back", self.engine.monitor.read_back)
        self._every(1, "approvals", self.engine.approvals.tick)
        self._every(0.1, "alerts", self.engine.alerts.work)
        self._every(1, "lost-state", self.lost_state.tick)
        self._every(1, "exercises", self.exercises.tick)
        self._every(5, "recovery", self.engine.monitor.judge_all)
        self._every(15, "causes", self.engine.attribution.look_all)
        self._every(60, "queues", self.engine.intake.count_queues)
        self._every(5, "spans", self.engine.span_join.tick)
        self._every(5, "span-counts", self.span_receiver.look)
        self._every(60, "findings", self.engine.findings.tick)
        self._every(60, "routine", self.routine.tick)
        self._every(60, "upkeep", self.self_monitoring.upkeep.tick)
        self._every(20, "silence", self._silence)
        self._metronome.every(0.5, "clock", self._clock_watch.look)
        self._metronome.every(1, "lanes", self._lanes.wake)
        self._metronome.every(3_600, "room", self._prepare_minutes)

    def _silence(self) -> None:
        """Only after a look at the clock: minutes that were skipped are nobody's silence."""
        self._clock_watch.look()
        self.engine.detector.look_for_silence(self.poller.troubles)

    def _every(self, seconds: float, name: str, tick: Callable[[], None]) -> None:
        interval = max(0.1, seconds / self._setup.speed)

        def guarded() -> None:
            self.watch.ticks.began(name, max(1.0, interval))
            try:
                tick()
            except Exception:  # the loop's outer edge: one bad tick must not end the ticking
                self.watch.ticks.failed(name)
                log.exception("a periodic task failed; it runs again when it is due", task=name)
            else:
                self.watch.ticks.completed(name)

        self._metronome.every(interval, name, guarded)

    def _prepare_minutes(self) -> None:
        self.store.prepare_minutes(self._setup.clock.now())
