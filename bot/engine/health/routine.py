"""What is looked after between incidents, once a minute: budgets, the weekly review, follow-ups tracked elsewhere.

Each asks by itself whether it is due, and one that fails costs the others nothing.
"""

from collections.abc import Callable

from bot.core.model.fleet import Fleet
from bot.engine.baselines import Baselines
from bot.engine.budgets.burn_alerts import BurnAlerts
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.reliability.readiness_check import ReadinessCheck
from bot.engine.reliability.weekly_review import WeeklyReview
from bot.engine.reports.issue_sync import IssueSync, Tracker
from bot.engine.run_all import run_all
from bot.ports.clock import Clock
from bot.ports.store import Store

LEARNED_A_MINUTE = 20
"""Series whose noise is learned in a minute: 2 seconds of one core, and 10,000 of them in a working day."""


class RoutineChecks:
    """Goes its rounds. `tracker` None: follow-ups are tracked nowhere else. `log` hears of what did not work."""

    def __init__(
        self,
        store: Store,
        recorder: IncidentRecorder,
        fleet: Callable[[], Fleet],
        clock: Clock,
        wall: Callable[[], float],
        readiness_check: ReadinessCheck,
        baselines: Baselines,
        tracker: Tracker | None,
        log: Callable[[str], None],
    ) -> None:
        self._checks: list[Callable[[], None]] = [
            BurnAlerts(store, recorder, fleet, clock, wall).tick,
            WeeklyReview(store, fleet, readiness_check, clock, wall).post_if_due,
            lambda: baselines.learn_some(LEARNED_A_MINUTE, clock.now()),
        ]
        if tracker is not None:
            self._checks.append(IssueSync(store, recorder, fleet, clock, tracker, log).tick)

    def tick(self) -> None:
        """Do what is due."""
        run_all(self._checks, lambda check: check())
