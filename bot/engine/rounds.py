"""What is looked after between incidents, once a minute: budgets, the weekly review, follow-ups tracked elsewhere.

Each asks by itself whether it is due, and one that fails costs the others nothing.
"""

from collections.abc import Callable

from bot.core.model import Fleet
from bot.engine.burning import Burning
from bot.engine.each import each
from bot.engine.ledger import Ledger
from bot.engine.readying import Readying
from bot.engine.reviewing import Reviewing
from bot.engine.tracking import Tracker, Tracking
from bot.ports import Clock, Store


class Rounds:
    """Goes its rounds. `tracker` None: follow-ups are tracked nowhere else. `log` hears of what did not work."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        fleet: Callable[[], Fleet],
        clock: Clock,
        wall: Callable[[], float],
        readying: Readying,
        tracker: Tracker | None,
        log: Callable[[str], None],
    ) -> None:
        self._rounds = [
            Burning(store, ledger, fleet, clock, wall).round,
            Reviewing(store, fleet, readying, clock, wall).post_if_due,
        ]
        if tracker is not None:
            self._rounds.append(Tracking(store, ledger, fleet, clock, tracker, log).tick)

    def tick(self) -> None:
        """Do what is due."""
        each(self._rounds, lambda go: go())
