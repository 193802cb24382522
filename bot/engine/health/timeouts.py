"""Calls that may hang, given up after a time: who watches must not hang with what it watches.

A database whose server is stopped, not gone, answers neither yes nor no, and its own time limits stop with it.
"""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class _Call(Generic[T]):
    """One call on a thread of its own."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self.over = threading.Event()
        self.result: list[T] = []
        self.error: Exception | None = None

    def run(self) -> None:
        """Do it, and keep what came of it."""
        try:
            self.result.append(self._work())
        except Exception as error:  # noqa: BLE001 - raised again where it was asked for
            self.error = error
        finally:
            self.over.set()


class CallTimeout:
    """Runs a call and waits so long for it. While one hangs, others are refused at once: each would leave a thread."""

    def __init__(self, seconds: float = 10.0) -> None:
        self._seconds = seconds
        self._hanging: _Call[Any] | None = None

    def __call__(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises; TimeoutError where it, or one before it, does not come back."""
        hanging = self._hanging
        if hanging is not None and not hanging.over.is_set():
            raise TimeoutError("still no answer to an earlier question")
        call: _Call[T] = _Call(work)
        threading.Thread(target=call.run, name="in-time", daemon=True).start()
        if not call.over.wait(self._seconds):
            self._hanging = call
            raise TimeoutError(f"no answer within {self._seconds:g} s")
        if call.error is not None:
            raise call.error
        return call.result[0]
