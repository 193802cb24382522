"""What keeps the composition root going: the metronome, the poll threads, a quiet garbage collector.

The metronome counts by the monotonic clock. APScheduler, which drove the ticks before, computes the next run from the
wall clock: when that went back by ten minutes, nothing was polled, no deadline seen and no recovery judged for as long
(`docs/decisions/0025`).
"""

import gc
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import structlog

log = structlog.get_logger("stepdown")

POLL_THREADS = 8
STOP_WITHIN: Final = 15.0
"""Seconds for the ticks that run when the metronome is stopped."""


class PollThreads:
    """A bounded pool of poll threads; a poll that fails in a way nobody foresaw is logged, never lost."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(POLL_THREADS, thread_name_prefix="poll")

    def submit(self, work: Callable[[], None], /) -> object:
        """Run it on a thread of the pool."""
        future = self._threads.submit(work)
        future.add_done_callback(_complain)
        return future

    def close(self) -> None:
        """Drop what has not begun, and wait for the rest."""
        self._threads.shutdown(wait=True, cancel_futures=True)


def settle_memory() -> None:
    """Leave what was loaded out of garbage collection, and collect the rest less often.

    With the objects of a large fleet each full collection stopped every thread for 0.4 s, several times a minute; and
    the minutes that detection reads form no cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _complain(future: Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.error("a poll of a source failed; the next one follows", why=f"{type(error).__name__}: {error}")


class Metronome:
    """Runs each piece of work at its interval on a thread of its own, from the start on.

    A run that takes longer than its interval is followed by the next one at once, and never by two: what is due stands
    in rows, so a beat that was missed is nothing to be made up for. `self_monitor` reports a tick that does not end.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def every(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        """Have work done. What it raises is its own business to catch; it is logged here, and the beat goes on."""
        beat = threading.Thread(target=self._beat, args=(seconds, name, work), name=f"tick-{name}", daemon=True)
        self._threads.append(beat)

    def start(self) -> None:
        """Begin, with a first run of each at once."""
        for beat in self._threads:
            beat.start()

    def stop(self) -> None:
        """Begin nothing more, and wait for what runs. Stopping twice, or what never began, is no error."""
        self._stopping.set()
        until = self._monotonic() + STOP_WITHIN
        for beat in self._threads:
            if beat.is_alive():
                beat.join(max(0.0, until - self._monotonic()))

    def _beat(self, seconds: float, name: str, work: Callable[[], None]) -> None:
        due = self._monotonic()
        while not self._stopping.wait(max(0.0, due - self._monotonic())):
            try:
                work()
            except Exception:  # the thread's outer edge: one bad run must not end the beat
                log.exception("a periodic task failed; it runs again when it is due", task=name)
            due = max(due + seconds, self._monotonic())
