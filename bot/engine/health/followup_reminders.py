"""Reminders that can wait: follow-ups that are due, in their owner's working hours. What is due stands in rows.

The effect's key holds the count, so a tick that was cut off between wanting the reminder and writing it down wants the
same reminder again, not a second one.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.core.incident import followups
from bot.core.incident.effects import DirectCard, Effect, TakeDown
from bot.core.incident.followups import Followup
from bot.core.model import calendar
from bot.core.model.fleet import Fleet
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.run_all import run_all
from bot.ports.clock import Clock
from bot.ports.store import FollowupStore

BATCH = 100


class Reminders:
    """Reminds the owners of follow-ups."""

    def __init__(
        self, store: FollowupStore, recorder: IncidentRecorder, fleet: Callable[[], Fleet], clock: Clock
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._fleet = fleet
        self._clock = clock

    def tick(self) -> None:
        """Remind of every follow-up whose reminder is due, or let it wait for the morning."""
        now = self._clock.now()
        run_all(self._store.due_followups(now, BATCH), lambda due: self._remind(due, now))

    def _remind(self, due: Followup, now: datetime) -> None:
        person = self._fleet().people.get(due.owner)
        quiet = calendar.quiet_until(now, person.tz, person.quiet) if person else calendar.quiet_until(now, "UTC")
        if quiet is not None:
            self._store.remind_followup(replace(due, nudge_at=quiet))
            return
        after = followups.reminded(due, now)
        if person is not None:
            self._recorder.refresh(_reminder(due, after.nudges))
        self._store.remind_followup(after)


def _reminder(due: Followup, count: int) -> list[Effect]:
    """The card, and what takes the one before it away: the same owner has one reminder of a follow-up, the newest."""
    card = f"followup-{due.id}-{count}"
    before = [TakeDown(due.incident_id, f"followup-{due.id}-{count - 1}", card, due.owner)] if count > 1 else []
    return [DirectCard(due.incident_id, card, due.owner), *before]
