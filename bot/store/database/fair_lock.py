"""A lock that is handed on in the order in which it was asked for, to those who yield last.

Python's own goes to whoever is running: a worker that writes, lets go and writes again takes it over and over, and a
page that waits to be claimed waits for all of them. Work that can wait (cards, documents) yields: whoever else waits
goes first. Not for ever: after so many in a row one of those who yield has a turn.
"""

import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

IN_A_ROW: Final = 8
"""Turns after which one of those who yield has one, though others wait."""


class FairLock:
    """A context manager: one inside at a time, first come first served. Not to be entered twice by one thread.

    `yields`: whether the thread that asks lets others go first. `abandon` is called, with the turn, where the thread
    whose turn came was interrupted.
    """

    def __init__(self, yields: Callable[[], bool] = lambda: False, abandon: Callable[[], None] = lambda: None) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._yields = yields
        self._abandon = abandon
        self._waiting: deque[threading.Lock] = deque()
        self._yielding: deque[threading.Lock] = deque()
        self._passed_over = 0

    def __enter__(self) -> Self:
        """Wait for our turn."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return self
            mine = threading.Lock()
            mine.acquire()
            (self._yielding if self._yields() else self._waiting).append(mine)
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
        self.pass_on()

    def pass_on(self) -> None:
        """End our turn, whoever is next."""
        with self._guard:
            following = self._following(yielding=True)
            if following is None:
                self._taken = False
            else:
                following.release()

    def hand_over(self, *, yielding: bool) -> bool:
        """End our turn if somebody waits; `yielding`: somebody who yields will do. False where it is still ours."""
        with self._guard:
            following = self._following(yielding=yielding)
            if following is not None:
                following.release()
            return following is not None

    def _following(self, *, yielding: bool) -> "threading.Lock | None":
        """Whose turn it is next; None where nobody waits."""
        if self._waiting and not (yielding and self._yielding and self._passed_over >= IN_A_ROW):
            self._passed_over += bool(self._yielding)
            return self._waiting.popleft()
        if not yielding or not self._yielding:
            return None
        self._passed_over = 0
        return self._yielding.popleft()

    def _give_up(self, mine: threading.Lock) -> None:
        with self._guard:
            queue = next((one for one in (self._waiting, self._yielding) if mine in one), None)
            if queue is not None:
                queue.remove(mine)
        if queue is None:
            try:
                self._abandon()
            finally:
                self.pass_on()
