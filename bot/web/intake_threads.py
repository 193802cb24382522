"""Threads of their own for what is sent to one address, and a short queue before them.

A large batch or a slow database so delays other batches, and never an agent that polls its rung.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

from bot.web.errors import Refusal

Given = ParamSpec("Given")
Made = TypeVar("Made")


class IntakeThreads:
    """`run` does work on one of a few threads; where too many wait for one, the sender is told to come again."""

    def __init__(self, threads: int, waiting: int, what: str, retry_after: int) -> None:
        """`waiting`: requests that may wait for a thread; `what` they are, in the plural; `retry_after` in seconds."""
        self._limiter = CapacityLimiter(threads)
        self._waiting = waiting
        self._what = what
        self._retry_after = retry_after

    @property
    def are_full(self) -> bool:
        """Whether as many wait as may."""
        return self._limiter.statistics().tasks_waiting >= self._waiting

    def refuse_when_full(self) -> None:
        """Raises Refusal 503 with Retry-After: before a body is read that nobody could take."""
        if self.are_full:
            headers = {"Retry-After": str(self._retry_after)}
            raise Refusal(503, f"too many {self._what} are waiting to be stored; try again", headers=headers)

    async def run(self, work: Callable[Given, Made], *given: Given.args, **named: Given.kwargs) -> Made:
        """Do it, and hand back what it made. Raises Refusal where too many wait."""
        self.refuse_when_full()
        return await to_thread.run_sync(lambda: work(*given, **named), limiter=self._limiter)
