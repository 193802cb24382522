"""Watching ourselves: a tick that does not complete, a dead source, a lost socket, a backlog (`product.md` section 13).

`problems` answers readiness. Nothing in here waits for anything.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from bot.engine.polling import Poller
from bot.ports import Store

PERIODS = 5
"""Periods without completing after which a tick counts as stuck."""
SHORTEST = 10.0
"""Seconds before any tick can count as stuck: short ones wait for a slow disk now and then."""
BACKLOG = 1_000


@dataclass(slots=True)
class _Tick:
    period: float
    completed: float


class Watch:
    """Knows when each tick last completed, and what is wrong now."""

    def __init__(
        self, store: Store, poller: Poller, slack_healthy: Callable[[], bool], monotonic: Callable[[], float]
    ) -> None:
        self._store = store
        self._poller = poller
        self._slack_healthy = slack_healthy
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._ticks: dict[str, _Tick] = {}

    def began(self, name: str, period: float) -> None:
        """A tick is about to run."""
        with self._lock:
            self._ticks.setdefault(name, _Tick(period, self._monotonic()))

    def completed(self, name: str) -> None:
        """A tick ran to its end."""
        with self._lock:
            self._ticks[name].completed = self._monotonic()

    def problems(self) -> list[str]:
        """What keeps Stepdown from its work, in sentences; empty when all is well."""
        now = self._monotonic()
        with self._lock:
            stuck = [
                f"the {name} tick has not completed for {now - tick.completed:.0f} s"
                for name, tick in self._ticks.items()
                if now - tick.completed > max(SHORTEST, PERIODS * tick.period)
            ]
        if not self._ticks:
            stuck.append("the ticks have not begun")
        if not self._slack_healthy():
            stuck.append("Slack is not connected")
        waiting = self._store.backlog()
        stuck += [f"{count} effects wait in the {lane} lane" for lane, count in waiting.items() if count > BACKLOG]
        return [*stuck, *(f"source {name}: {why}" for name, why in sorted(self._poller.troubles.items()))]
