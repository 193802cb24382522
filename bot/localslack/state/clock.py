"""Two readings of one movable clock.

`now` is the wall clock of the workspace (timestamps, redelivery after minutes, scheduled messages). `patience`
measures the limits of three seconds that Slack sets on acknowledgements and triggers: it runs in real time
even where the wall clock is scaled, and only `advance` moves it faster.
"""

import asyncio
import time
from collections.abc import Callable

LONGEST_NAP = 0.2  # seconds; a given clock may be moved without telling us


class Clock:
    """Reads `base` (seconds since 1970; the system clock by default) plus what was advanced."""

    def __init__(self, base: Callable[[], float] | None = None) -> None:
        self._base = base or time.time
        self._given = base is not None
        self._ahead = 0.0
        self._sleepers: set[asyncio.Event] = set()

    def now(self) -> float:
        """Seconds since 1970 in the workspace."""
        return self._base() + self._ahead

    def patience(self) -> float:
        """Seconds of a monotonic clock that `advance` also moves."""
        return time.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move both readings forward and wake who waits; called on the server's own loop."""
        self._ahead += seconds
        for sleeper in self._sleepers:
            sleeper.set()

    async def until(self, due: float) -> None:
        """Return when `now` has reached `due`."""
        await self._sleep(self.now, due)

    async def patient_until(self, due: float) -> None:
        """Return when `patience` has reached `due`."""
        await self._sleep(self.patience, due)

    async def _sleep(self, reading: Callable[[], float], due: float) -> None:
        woken = asyncio.Event()
        self._sleepers.add(woken)
        try:
            while (left := due - reading()) > 0:
                woken.clear()
                await self._nap(woken, min(left, LONGEST_NAP) if self._given else left)
        finally:
            self._sleepers.discard(woken)

    @staticmethod
    async def _nap(woken: asyncio.Event, seconds: float) -> None:
        try:
            await asyncio.wait_for(woken.wait(), timeout=seconds)
        except TimeoutError:
            return
