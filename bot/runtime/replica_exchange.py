"""What this process hears from the database: work for the lanes, rungs committed elsewhere, a new fleet file."""

import threading
from collections.abc import Callable, Iterable

import structlog

from bot.core.incident.effects import LANES, Lane
from bot.engine.health.replicas import ReplicaSync
from bot.engine.health.ticks import Ticks
from bot.ports.store import ReplicaStore

log = structlog.get_logger("stepdown")

EVERY = 1.0
"""Seconds between two exchanges at most; a committed rung brings one at once."""


class ReplicaExchange:
    """One thread that exchanges rungs and read-backs with the other replicas, and one ear for what they commit."""

    def __init__(
        self,
        store: ReplicaStore,
        replicas: ReplicaSync,
        ticks: Ticks,
        wake: Callable[[Iterable[Lane]], None],
        on_fleet: Callable[[], None],
    ) -> None:
        self._store = store
        self._replicas = replicas
        self._ticks = ticks
        self._wake = wake
        self._on_fleet = on_fleet
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._stop_listening: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._exchange_all, name="exchange", daemon=True)

    def start(self) -> None:
        """Begin to exchange and to listen."""
        self._thread.start()
        self._stop_listening = self._store.listen(self._hear)

    def stop(self) -> None:
        """Listen no more, and wait for an exchange under way."""
        self._stopping.set()
        self._stop_listening()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(timeout=15)

    def _exchange_all(self) -> None:
        """Rungs that another process committed, such as the CLI, reach the agents at once or within a second."""
        while not self._stopping.is_set():
            self._news.wait(timeout=EVERY)
            self._news.clear()
            self._ticks.began("exchange", EVERY)
            try:
                self._replicas.exchange()
                self._ticks.completed("exchange")
            except Exception:  # the loop's outer edge: a database that is away comes back
                self._ticks.failed("exchange")
                log.exception("the rungs in the database could not be read; it is tried again within a second")
                self._stopping.wait(0.5)

    def _hear(self, news: str) -> None:
        """What any replica committed, this one too."""
        self._wake(lane for lane in LANES if news in (f"outbox {lane}", "all"))
        if news in ("rungs", "all"):
            self._news.set()
        if news == "fleet":
            self._on_fleet()
