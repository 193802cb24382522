"""How Stepdown looks after itself, wired: what it checks of people, keeps, forgets, and notices about its own work."""

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from bot.core.formatting.redaction import SHAPES_ONLY, Redact
from bot.core.model.fleet import Fleet
from bot.engine.detection.poller import Poller
from bot.engine.health.maintenance import Maintenance, Retention
from bot.engine.health.self_monitor import ProcessReadings, SelfMonitor
from bot.engine.health.timeouts import CallTimeout
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.paging.canary import KIND as CANARY
from bot.engine.paging.canary import Canary
from bot.engine.paging.reachability_check import ReachabilityCheck
from bot.http_client.heartbeat import Heartbeat
from bot.ports.chat import Chat, Directory
from bot.ports.clock import Clock
from bot.ports.store import Store
from bot.web.metrics.engine_metrics import EngineMetricsCollector, EngineReadings, EventCounts

log = structlog.get_logger("stepdown")

LOOK_EVERY = 5.0
"""Seconds between two looks. The thread that looks is no job of the scheduler: it notices when that one stops."""


@dataclass(frozen=True, slots=True)
class MonitoringDependencies:
    """What the watching stands on. `ways`: kinds of ways that work here; `speed`: how fast the clock runs."""

    store: Store
    fleet: Callable[[], Fleet]
    clock: Clock
    directory: Directory
    ways: frozenset[str]
    poller: Poller
    chat: Chat
    slack_healthy: Callable[[], bool]
    data_dir: Path
    speed: float = 1.0
    version: str = ""
    host: str = ""
    """Its name where several replicas share the database."""
    redact: Redact = SHAPES_ONLY
    other_file: Callable[[], str] = lambda: ""
    """That another replica put another fleet file in force, in words."""
    dropped: Callable[[], Mapping[str, int]] = dict
    """Connections ended before their time, by whose."""


@dataclass(frozen=True, slots=True)
class MonitoringSettings:
    """What the settings say about it."""

    keep: Retention = field(default_factory=Retention)
    canary_person: str = ""
    heartbeat_url: str = field(default="", repr=False)


class SelfMonitoring:
    """The checks of people, the upkeep of the database, the watch with its thread, and what Prometheus is told."""

    def __init__(
        self, dependencies: MonitoringDependencies, monitoring: MonitoringSettings, recorder: IncidentRecorder
    ) -> None:
        store, fleet, clock, ways = dependencies.store, dependencies.fleet, dependencies.clock, dependencies.ways
        self._dependencies = dependencies
        self.reach = ReachabilityCheck(store, fleet, ways, dependencies.directory, clock, time.time, log.warning)
        self._in_time = CallTimeout()
        self.canary = Canary(store, fleet, ways, clock, time.time, monitoring.canary_person)
        jobs = (self.reach.tick, self.canary.tick)
        self.upkeep = Maintenance(store, fleet, clock, time.time, monitoring.keep, jobs, dependencies.speed)
        process = ProcessReadings(
            dependencies.slack_healthy,
            time.time,
            time.monotonic,
            self._disk,
            self.canary.trouble,
            log.error,
            dependencies.speed,
            dependencies.host,
            self._in_time,
            dependencies.redact,
            dependencies.other_file,
        )
        self.watch = SelfMonitor(store, dependencies.poller, fleet, clock, dependencies.chat, process)
        self.heartbeat = Heartbeat(monitoring.heartbeat_url, time.monotonic, log.error)
        self.registry = CollectorRegistry()
        recorder.listeners.append(EventCounts(self.registry, sorted(ways)).note)
        self.registry.register(EngineMetricsCollector(self._readings()))
        self._wrong = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=15)
        self.heartbeat.close()

    def _look(self) -> None:
        while not self._stopping.wait(LOOK_EVERY):
            try:
                self._wrong = sum(sign.unwell for sign in self.watch.look())
                self.heartbeat.beat(well=not self._wrong)
            except Exception:  # the loop's outer edge: who watches must outlive what they see
                log.exception("a check of the bot itself failed; the next one follows")

    def _disk(self) -> tuple[int, int]:
        folder = next(
            path
            for path in (self._dependencies.data_dir, *self._dependencies.data_dir.absolute().parents)
            if path.exists()
        )
        usage = shutil.disk_usage(folder)
        return usage.free, usage.total

    def _readings(self) -> EngineReadings:
        dependencies, store, in_time = self._dependencies, self._dependencies.store, self._in_time
        return EngineReadings(
            version=dependencies.version,
            signs=lambda: self._wrong,
            tick_ages=self.watch.ticks.ages,
            overruns=self.watch.ticks.overruns,
            waiting=lambda: in_time(lambda: store.waiting(time.time())),
            sources=lambda: {name: name not in dependencies.poller.troubles for name in dependencies.poller.sources()},
            incidents=lambda: in_time(store.open_by),
            slack=dependencies.slack_healthy,
            dropped=dependencies.dropped,
            size=lambda: in_time(store.size),
            disk=self._disk,
            holes=lambda: len(self.reach.holes),
            canary=lambda: in_time(self._last_canary),
            heartbeats=lambda: (self.heartbeat.beats, self.heartbeat.missed),
        )

    def _last_canary(self) -> tuple[float, bool] | None:
        last = self._dependencies.store.last_once_marker(CANARY)
        return None if last is None or not last.outcome else (last.at.timestamp(), last.outcome == "ok")
