"""What people owe, and who has whose pager."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.core.incident.effects import Effect
from bot.core.incident.followups import Followup
from bot.core.paging.override import OnCallOverride


class FollowupStore(Protocol):
    """Keeps follow-ups and their reminders."""

    def followup(self, item: str) -> Followup | None:
        """The follow-up of that id."""
        ...

    def followups(
        self, *, owner: str = "", agent: str = "", incident_id: int | None = None, open_only: bool = True
    ) -> Sequence[Followup]:
        """Follow-ups of an owner, an agent or an incident (all where none is named), the ones due first, first."""
        ...

    def due_followups(self, now: datetime, limit: int) -> Sequence[Followup]:
        """Open follow-ups whose next reminder is due."""
        ...

    def remind_followup(self, followup: Followup) -> None:
        """Write a follow-up's `nudges` and `nudge_at`; one that was done meanwhile stays done."""
        ...


class OverrideStore(Protocol):
    """Keeps on-call overrides ("covers")."""

    def put_cover(self, cover: OnCallOverride, effects: Sequence[Effect], wall: float) -> None:
        """Hand a pager over; an earlier cover of the same person that still runs ends with it."""
        ...

    def end_cover(self, person: str, now: datetime, effects: Sequence[Effect], wall: float) -> bool:
        """Take a pager back before its time; False where nobody covers for that person."""
        ...

    def covers(self, now: datetime) -> Sequence[OnCallOverride]:
        """Covers in force, oldest first."""
        ...

    def covers_over(self, now: datetime) -> Sequence[OnCallOverride]:
        """Covers whose time ran out and of which nobody was told."""
        ...

    def say_cover_over(self, cover: OnCallOverride, effects: Sequence[Effect], wall: float) -> None:
        """Want the words that a cover is over, once."""
        ...
