"""A lock that is handed on in the order in which it was asked for.

Python's own goes to whoever is running: a worker that writes, lets go and writes again takes it over and over, and a
page that waits to be claimed waits for all of them.
"""

import threading
from collections import deque
from types import TracebackType
from typing import Self


class FairLock:
    """A context manager: one inside at a time, first come first served. Not to be entered twice by one thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> Self:
        """Wait for our turn."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return self
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        try:
            mine.acquire()
        except BaseException:  # interrupted: our turn must not be waited for, nor kept if it has just come
            self._give_up(mine)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Hand it on."""
        self._pass_on()

    def _pass_on(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False

    def _give_up(self, mine: threading.Lock) -> None:
        with self._guard:
            waits = mine in self._waiting
            if waits:
                self._waiting.remove(mine)
        if not waits:
            self._pass_on()
