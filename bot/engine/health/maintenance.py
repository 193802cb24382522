"""What is done once in a while: rolling up, forgetting, the daily check, the weekly test page, covers that ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.model.fleet import Fleet
from bot.core.model.samples import minute_of
from bot.core.telemetry.rollup import SPAN
from bot.engine.paging.override_notices import tell_of_ends
from bot.engine.run_all import run_all
from bot.ports.clock import Clock
from bot.ports.store import Store

KIND = "keep"
DAY = 1440
"""Minutes. Whole days from before the roll-up hold nothing any more: on PostgreSQL their partitions go."""
SIGHTS_FOR = timedelta(days=2)
"""Slack and PagerDuty deliver again for hours, not for days."""
READINGS_FOR = timedelta(days=2)
OCCASIONS_FOR = timedelta(days=400)
MINUTES_DOUBTED_FOR = timedelta(days=1)
EDITS_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept. Raw minutes in hours, the rest in days."""

    minutes_hours: float = 48
    history_days: float = 35
    tasks_days: float = 14
    effects_days: float = 30


class Maintenance:
    """`tick` does what is due. `jobs`: what else happens now and then. `speed`: how fast scenario time runs."""

    def __init__(
        self,
        store: Store,
        fleet: Callable[[], Fleet],
        clock: Clock,
        wall: Callable[[], float],
        keep: Retention,
        jobs: Sequence[Callable[[], None]] = (),
        speed: float = 1.0,
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._clock = clock
        self._wall = wall
        self._keep = keep
        self._jobs = jobs
        self._speed = speed

    def tick(self) -> None:
        """Do what is due; one that fails does not stop the others."""
        now = self._clock.now()
        jobs: list[Callable[[], None]] = [lambda: self._covers(now), *self._jobs, lambda: self._hourly(now)]
        run_all(jobs, lambda job: job())

    def _covers(self, now: datetime) -> None:
        tell_of_ends(self._store, self._fleet(), now, self._wall())

    def _hourly(self, now: datetime) -> None:
        if self._store.once(KIND, f"{now:%Y-%m-%dT%H}", now, wall=self._wall()):
            self.keep(now)

    def keep(self, now: datetime) -> None:
        """Roll up and forget. Doing it twice, or in two replicas, changes nothing more."""
        keep, store = self._keep, self._store
        raw = minute_of(now - timedelta(hours=keep.minutes_hours)) // SPAN * SPAN
        store.roll_up(raw)
        store.drop_minutes(raw - DAY)
        store.drop_rolled(minute_of(now - timedelta(days=keep.history_days)))
        store.forget_tasks(now - timedelta(days=keep.tasks_days))
        store.forget_runs(now - timedelta(days=keep.tasks_days))
        edits = self._wall() - EDITS_FOR.total_seconds() / self._speed
        store.forget_effects(now - timedelta(days=keep.effects_days), edits)
        store.drop_changes(now - timedelta(days=keep.history_days))
        store.forget_enforcement(now - timedelta(days=keep.history_days))
        store.forget_alerts(now - timedelta(days=keep.history_days))
        store.forget_deduplication_keys(now - SIGHTS_FOR)
        store.forget_readings(now - READINGS_FOR)
        store.forget_once_markers(now - OCCASIONS_FOR)
        store.forget_minute_markers(now - MINUTES_DOUBTED_FOR)
