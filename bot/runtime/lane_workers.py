"""The threads that carry effects out: some for each lane, woken by a commit, and at the latest each second."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping

import structlog

from bot.core.incident.effects import LANES, Lane

log = structlog.get_logger("stepdown")

WORKERS: Mapping[Lane, int] = {"controls": 1, "pagers": 4, "slack": 4, "documents": 1}
STOP_WITHIN = 15.0
"""Seconds that an effect under way has at shutdown."""

Run = Callable[[Lane, tuple[int, int]], object]
"""Carry out what is due in one part (i, of) of a lane."""


class LaneWorkers:
    """One thread for each part of each lane. `wake` may be called before `start`."""

    def __init__(self) -> None:
        self._events = {lane: [threading.Event() for _ in range(WORKERS[lane])] for lane in LANES}
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def wake(self, lanes: Iterable[Lane] = LANES) -> None:
        """There is work in these lanes."""
        for lane in lanes:
            for event in self._events[lane]:
                event.set()

    def start(self, run: Run) -> None:
        """Begin to carry effects out."""
        for lane in LANES:
            for part, woken in enumerate(self._events[lane]):
                work = _worker(run, lane, part, woken, self._stopping)
                thread = threading.Thread(target=work, name=f"{lane}-{part}", daemon=True)
                self._threads.append(thread)
                thread.start()

    def stop(self) -> None:
        """Take nothing new, and wait for what is under way."""
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join(timeout=STOP_WITHIN)


def _worker(run: Run, lane: Lane, part: int, woken: threading.Event, stopping: threading.Event) -> Callable[[], None]:
    def work() -> None:
        while not stopping.is_set():
            woken.wait(timeout=1.0)
            woken.clear()
            try:
                run(lane, (part, WORKERS[lane]))
            except Exception:  # the loop's outer edge: one bad effect must not end the lane
                log.exception("a queue could not be worked on; it is tried again at once", queue=lane)
                time.sleep(0.2)

    return work
