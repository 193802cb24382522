"""What stands in rows when the machine's clock is set: moments of the old clock become moments of the new one.

An effect that is due in two seconds stays due in two seconds, whatever the clock shows now. On PostgreSQL leases and
the outbox go by the database's clock and stay as they are; only what is due by the host's clock is moved there.
"""

from datetime import datetime

from sqlalchemy import Connection, Table, true, update
from sqlmodel import col

from bot.ports.store.records import ClockJump
from bot.store.codec import seconds
from bot.store.database.transactions import SqlRepository
from bot.store.repositories.telemetry.traces import NEVER
from bot.store.tables import OutboxRow, PollRow, ReadingRow, TimerRow, TraceRow, table_of

_OUTBOX = table_of(OutboxRow)
_POLL = table_of(PollRow)
_READING = table_of(ReadingRow)
_TIMER = table_of(TimerRow)
_TRACE = table_of(TraceRow)
LONGEST_LEASE = 600.0
"""Seconds for which anything is claimed at most."""


class SqlClockShift(SqlRepository):
    """The part of the store that follows a clock that was set."""

    def shift_times(self, jump: ClockJump, now: datetime) -> None:
        """Follow a clock that was set and shows `now` since, in scenario time.

        What was written between the jump and the look that saw it is by the new clock and stays as it is: a page's
        card that was wanted just then would else wait for as long as the clock was set forward.
        Deadlines of incidents are not moved here: the incident knows them too, so they move with an event.
        """
        with self.writing() as connection:
            if not self.database.shared:
                for table in (_POLL, _TIMER, _OUTBOX):
                    _follow(connection, table, "lease_until", jump, LONGEST_LEASE)
                for name in ("due_at", "created_at"):
                    _follow(connection, _OUTBOX, name, jump)
            if jump.by < 0:
                later = update(_POLL).where(col(PollRow.next_due) > seconds(now))
                connection.execute(later.values(next_due=col(PollRow.next_due) + jump.by))
                looks = update(_TRACE).where(_TRACE.c.due > seconds(now), _TRACE.c.due < NEVER)
                connection.execute(looks.values(due=_TRACE.c.due + jump.by))
                heard = update(_READING).where(_READING.c.seen_at > seconds(now))
                connection.execute(heard.values(seen_at=_READING.c.seen_at + jump.by))


def _follow(connection: Connection, table: Table, name: str, jump: ClockJump, ahead: float = 0.0) -> None:
    """Move the moments that are by the old clock; those by the new one lie at most `ahead` seconds in its future."""
    moment = table.c[name]
    old = moment < jump.first if jump.by > 0 else moment > jump.latest + ahead
    open_ = table.c.state.in_(("pending", "sending")) if table is _OUTBOX else true()
    connection.execute(update(table).where(moment > 0, old, open_).values({name: moment + jump.by}))
