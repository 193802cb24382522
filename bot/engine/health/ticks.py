"""The ticks: when each last completed, how long the one that runs has been running, and how often one overran."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

PERIODS = 5
"""Periods without completing after which a tick counts as stuck."""
SHORTEST = 10.0
"""Seconds before any tick can count as stuck: short ones wait for a slow disk now and then."""


@dataclass(slots=True)
class Tick:
    """One tick. Times are monotonic seconds; `running_since` None while it does not run."""

    period: float
    completed: float
    running_since: float | None = None
    runs: int = 0
    overruns: int = 0
    longest: float = 0.0


class Ticks:
    """Told of each run's beginning and end; asked by a thread that is no tick itself."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._ticks: dict[str, Tick] = {}

    def began(self, name: str, period: float) -> None:
        """A tick is about to run."""
        now = self._monotonic()
        with self._lock:
            self._ticks.setdefault(name, Tick(period, now)).running_since = now

    def completed(self, name: str) -> None:
        """A tick ran to its end."""
        self._ended(name, well=True)

    def failed(self, name: str) -> None:
        """A tick ended with an error: it has not completed."""
        self._ended(name, well=False)

    def _ended(self, name: str, *, well: bool) -> None:
        now = self._monotonic()
        with self._lock:
            tick = self._ticks[name]
            took = now - (tick.running_since if tick.running_since is not None else now)
            tick.running_since = None
            tick.runs += 1
            tick.overruns += took > tick.period
            tick.longest = max(tick.longest, took)
            if well:
                tick.completed = now

    def stuck(self) -> Mapping[str, str]:
        """Ticks that do not complete, each in words; `ticks` where none has begun."""
        now = self._monotonic()
        with self._lock:
            if not self._ticks:
                return {"ticks": "the ticks have not begun"}
            late = {
                name: tick
                for name, tick in self._ticks.items()
                if now - tick.completed > max(SHORTEST, PERIODS * tick.period)
            }
            return {name: _words(name, tick, now) for name, tick in late.items()}

    def ages(self) -> Mapping[str, float]:
        """Seconds since each tick last completed."""
        now = self._monotonic()
        with self._lock:
            return {name: now - tick.completed for name, tick in self._ticks.items()}

    def overruns(self) -> Mapping[str, int]:
        """How often each tick took longer than its period."""
        with self._lock:
            return {name: tick.overruns for name, tick in self._ticks.items()}


def _words(name: str, tick: Tick, now: float) -> str:
    if tick.running_since is not None and now - tick.running_since > SHORTEST:
        return f"the {name} tick has been running for {now - tick.running_since:.0f} s"
    return f"the {name} tick has not completed for {now - tick.completed:.0f} s"
