"""How Stepdown looks after itself, wired: what it checks of people, keeps, forgets, and notices about its own work."""

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from bot.core.model import Fleet
from bot.courier.heartbeat import Heartbeat
from bot.engine.canary import KIND as CANARY
from bot.engine.canary import Canary
from bot.engine.in_time import InTime
from bot.engine.ledger import Ledger
from bot.engine.polling import Poller
from bot.engine.reach import Reach
from bot.engine.upkeep import Keep, Upkeep
from bot.engine.watch import Body, Watch
from bot.ports import Chat, Clock, Directory, Store
from bot.web.vitals import EventCounts, Readings, VitalsCollector

log = structlog.get_logger("stepdown")

LOOK_EVERY = 5.0
"""Seconds between two looks. The thread that looks is no job of the scheduler: it notices when that one stops."""


@dataclass(frozen=True, slots=True)
class Around:
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


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the settings say about it."""

    keep: Keep = field(default_factory=Keep)
    canary_person: str = ""
    heartbeat_url: str = field(default="", repr=False)


class Care:
    """The checks of people, the upkeep of the database, the watch with its thread, and what Prometheus is told."""

    def __init__(self, around: Around, wishes: Wishes, ledger: Ledger) -> None:
        store, fleet, clock, ways = around.store, around.fleet, around.clock, around.ways
        self._around = around
        self.reach = Reach(store, fleet, ways, around.directory, clock, time.time, log.warning)
        self._in_time = InTime()
        self.canary = Canary(store, fleet, ways, clock, time.time, wishes.canary_person)
        jobs = (self.reach.tick, self.canary.tick)
        self.upkeep = Upkeep(store, fleet, clock, time.time, wishes.keep, jobs, around.speed)
        body = Body(
            around.slack_healthy,
            time.time,
            time.monotonic,
            self._disk,
            self.canary.trouble,
            log.error,
            around.speed,
            around.host,
            self._in_time,
        )
        self.watch = Watch(store, around.poller, fleet, clock, around.chat, body)
        self.heartbeat = Heartbeat(wishes.heartbeat_url, time.monotonic, log.error)
        self.registry = CollectorRegistry()
        ledger.listeners.append(EventCounts(self.registry, sorted(ways)).note)
        self.registry.register(VitalsCollector(self._readings()))
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
                self._wrong = len(self.watch.look())
                self.heartbeat.beat(well=not self._wrong)
            except Exception:  # the loop's outer edge: who watches must outlive what they see
                log.exception("the watch stumbled")

    def _disk(self) -> tuple[int, int]:
        folder = next(
            path for path in (self._around.data_dir, *self._around.data_dir.absolute().parents) if path.exists()
        )
        usage = shutil.disk_usage(folder)
        return usage.free, usage.total

    def _readings(self) -> Readings:
        around, store, in_time = self._around, self._around.store, self._in_time
        return Readings(
            version=around.version,
            signs=lambda: self._wrong,
            tick_ages=self.watch.ticks.ages,
            overruns=self.watch.ticks.overruns,
            waiting=lambda: in_time(lambda: store.waiting(time.time())),
            sources=lambda: {name: name not in around.poller.troubles for name in around.poller.sources()},
            incidents=lambda: in_time(store.open_by),
            slack=around.slack_healthy,
            size=lambda: in_time(store.size),
            disk=self._disk,
            holes=lambda: len(self.reach.holes),
            canary=lambda: in_time(self._last_canary),
            heartbeats=lambda: (self.heartbeat.beats, self.heartbeat.missed),
        )

    def _last_canary(self) -> tuple[float, bool] | None:
        last = self._around.store.last_occasion(CANARY)
        return None if last is None or not last.outcome else (last.at.timestamp(), last.outcome == "ok")
