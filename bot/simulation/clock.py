"""Clocks that keep the `Clock` port: one that runs faster, one that can be held, one moved by hand."""

import threading
import time
from datetime import UTC, datetime, timedelta


class ScaledClock:
    """Scenario time: from `origin` (by default the moment of creation) it runs `speed` times as fast as real time.

    It counts on the monotonic clock, so that a step of the machine's wall clock is no jump of the scenario.
    """

    def __init__(self, speed: float, origin: datetime | None = None) -> None:
        if not 0 < speed < float("inf"):
            raise ValueError(f"speed must be a number above 0, found {speed}")
        self.speed = speed
        self.origin = _aware(origin) if origin else datetime.now(UTC)
        self._started = time.monotonic()

    def now(self) -> datetime:
        """Return the aware UTC scenario time."""
        return self.origin + timedelta(seconds=(time.monotonic() - self._started) * self.speed)


class HeldClock:
    """Scenario time that can be held, let go, and made faster or slower. Safe to use from several threads."""

    def __init__(self, speed: float, origin: datetime | None = None) -> None:
        self._check(speed)
        self.speed = speed
        self.held = False
        self._lock = threading.Lock()
        self._at = _aware(origin) if origin else datetime.now(UTC)
        self._since = time.monotonic()

    def now(self) -> datetime:
        """Return the aware UTC scenario time."""
        with self._lock:
            return self._now()

    def _now(self) -> datetime:
        passed = 0.0 if self.held else (time.monotonic() - self._since) * self.speed
        return self._at + timedelta(seconds=passed)

    def hold(self) -> None:
        """Stop where it is."""
        with self._lock:
            self._at, self.held = self._now(), True

    def release(self) -> None:
        """Run on from there."""
        with self._lock:
            self._at, self._since, self.held = self._now(), time.monotonic(), False

    def run_at(self, speed: float) -> None:
        """Change the speed from now on."""
        self._check(speed)
        with self._lock:
            self._at, self._since, self.speed = self._now(), time.monotonic(), speed

    @staticmethod
    def _check(speed: float) -> None:
        if not 0 < speed < float("inf"):
            raise ValueError(f"speed must be a number above 0, found {speed}")


class MovableClock:
    """A clock that stands still until it is advanced. Safe to read and move from several threads."""

    def __init__(self, start: datetime) -> None:
        self._now = _aware(start)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the aware UTC time it stands at."""
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> datetime:
        """Move forward and return the new time. Time does not run backwards: a negative step is a ValueError."""
        if seconds < 0:
            raise ValueError(f"a clock moves forward only, found {seconds} s")
        with self._lock:
            self._now += timedelta(seconds=seconds)
            return self._now


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"a time with its zone is needed, found {at.isoformat()}")
    return at.astimezone(UTC)
