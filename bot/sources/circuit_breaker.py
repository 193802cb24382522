"""A breaker for one source: a dead one is not asked again and again, and one call at a time finds out that it lives.

closed -- FAILURES in a row --> open -- after COOL_DOWN --> half open -- one call: good --> closed, bad --> open
"""

import threading
import time
from collections.abc import Callable

FAILURES = 5
COOL_DOWN = 10.0
"""Seconds. Short, since a source is asked once a minute: it must not keep us blind after the source is back."""


class Breaker:
    """Safe for several threads. Times are seconds of a monotonic clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0.0
        self._last = ""

    def refusal(self) -> str:
        """Why the source is not asked now; empty where it may be. Half open, the first to ask is the one that may."""
        with self._lock:
            if self._failures < FAILURES:
                return ""
            left = self._open_until - self._clock()
            if left > 0:
                return f"not asked after {self._failures} failures in a row, tried again in {left:.0f} s ({self._last})"
            self._open_until = self._clock() + COOL_DOWN
            return ""

    def good(self) -> None:
        """The source answered, be it with a refusal: it lives."""
        with self._lock:
            self._failures = 0

    def bad(self, why: str) -> None:
        """The source did not answer, or not by itself."""
        with self._lock:
            self._failures += 1
            self._last = why
            if self._failures >= FAILURES:
                self._open_until = self._clock() + COOL_DOWN
