"""What stands in rows when the machine's clock is set: moments of the old clock become moments of the new one.

An effect that is due in two seconds stays due in two seconds, whatever the clock shows now. On PostgreSQL leases and
the outbox go by the database's clock and stay as they are; only what is due by the host's clock is moved there.
"""

from datetime import datetime

from sqlalchemy import update

from bot.store.codec import seconds
from bot.store.database.transactions import SqlRepository
from bot.store.tables import OutboxRow, PollRow, TimerRow

_OUTBOX = OutboxRow.__table__  # type: ignore[attr-defined]
_POLL = PollRow.__table__  # type: ignore[attr-defined]
_TIMER = TimerRow.__table__  # type: ignore[attr-defined]


class SqlClockShift(SqlRepository):
    """The part of the store that follows a clock that was set."""

    def shift_times(self, by: float, now: datetime) -> None:
        """Follow a clock that was set forward by so many seconds (back: negative) and shows `now` since.

        Deadlines of incidents are not moved here: the incident knows them too, so they move with an event.
        """
        held = [_POLL, _TIMER] if not self.database.shared else []
        with self.writing() as connection:
            for table in held:
                lease = table.c.lease_until
                connection.execute(update(table).where(lease > 0).values(lease_until=lease + by))
            if not self.database.shared:
                open_ = update(_OUTBOX).where(_OUTBOX.c.state.in_(("pending", "sending")))
                moved = {name: _OUTBOX.c[name] + by for name in ("due_at", "created_at", "lease_until")}
                connection.execute(open_.values(**moved))
            if by < 0:
                later = update(_POLL).where(_POLL.c.next_due > seconds(now))
                connection.execute(later.values(next_due=_POLL.c.next_due + by))
