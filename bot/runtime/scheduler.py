"""What keeps the composition root going: APScheduler as a metronome, the poll threads, a quiet garbage collector.

The one file where APScheduler lives.
"""

import gc
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor as JobThreads
from apscheduler.schedulers.background import BackgroundScheduler

log = structlog.get_logger("stepdown")

POLL_THREADS = 8


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
        log.error("poll failed", error=f"{type(error).__name__}: {error}")


def new_scheduler() -> BackgroundScheduler:
    """APScheduler as a metronome: memory only, late runs are run, never piled up.

    It warns of each run it folds into one that is still under way; `watch` reports a tick that does not complete.
    """
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    return BackgroundScheduler(
        timezone="UTC",
        executors={"default": JobThreads(8)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
