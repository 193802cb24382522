"""What the watch asks of the database: what is late, what waits and since when, whether it can be written."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select, text, update

from bot.ports.store import Waiting
from bot.store.codec import seconds
from bot.store.database.transactions import SqlRepository
from bot.store.database.upsert import keep_first
from bot.store.tables import CounterRow, IncidentRow, OutboxRow, PollRow, TimerRow

_TIMER = TimerRow.__table__  # type: ignore[attr-defined]
_OUTBOX = OutboxRow.__table__  # type: ignore[attr-defined]
_POLL = PollRow.__table__  # type: ignore[attr-defined]
_COUNTER = CounterRow.__table__  # type: ignore[attr-defined]
_INCIDENT = IncidentRow.__table__  # type: ignore[attr-defined]
PROBE = "probe"


class SqlHealthQueries(SqlRepository):
    """The part of the store that is looked at by the watch and by Prometheus."""

    def late(self, kind: str, before: datetime) -> Sequence[tuple[int, float]]:
        """(incident, due time in epoch seconds) of deadlines of a kind that were due before then, the oldest first."""
        overdue = (_TIMER.c.kind == kind, _TIMER.c.due_at < seconds(before))
        query = select(_TIMER.c.incident_id, _TIMER.c.due_at).where(*overdue).order_by(_TIMER.c.due_at).limit(20)
        with self.looking() as connection:
            return [(row.incident_id, row.due_at) for row in connection.execute(query)]

    def waiting(self, wall: float) -> Mapping[str, Waiting]:
        """Effects still to be done, by lane: how many, and the age of the oldest in seconds."""
        open_ = _OUTBOX.c.state.in_(("pending", "sending"))
        query = select(_OUTBOX.c.lane, func.count(), func.min(_OUTBOX.c.created_at)).where(open_)
        with self.looking() as connection:
            now = self.database.moment(connection, wall)
            return {
                lane: Waiting(count, max(0.0, now - oldest))
                for lane, count, oldest in connection.execute(query.group_by(_OUTBOX.c.lane))
            }

    def polls_behind(self, before: datetime) -> Sequence[tuple[str, float]]:
        """(poll group, when it was due in epoch seconds) of those that were due before then, the oldest first."""
        query = select(_POLL.c.name, _POLL.c.next_due).where(_POLL.c.next_due < seconds(before))
        with self.looking() as connection:
            return [(row.name, row.next_due) for row in connection.execute(query.order_by(_POLL.c.next_due))]

    def write_something(self) -> None:
        """Write one row. Raises whatever the database says."""
        with self.writing() as connection:
            turned = update(_COUNTER).where(_COUNTER.c.name == PROBE).values(value=1 - _COUNTER.c.value)
            if connection.execute(turned).rowcount == 0:
                keep_first(connection, _COUNTER, [{"name": PROBE, "value": 1}], ["name"])

    def size(self) -> int:
        """Bytes of the database."""
        with self.looking() as connection:
            if connection.dialect.name == "sqlite":
                pages = connection.execute(text("PRAGMA page_count")).scalar_one()
                return int(pages) * int(connection.execute(text("PRAGMA page_size")).scalar_one())
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())

    def open_by(self) -> Mapping[tuple[str, str], int]:
        """(kind, severity) -> how many incidents are open."""
        severity = func.json_extract(_INCIDENT.c.body, "$.severity")
        with self.looking() as connection:
            if connection.dialect.name == "postgresql":
                severity = text("(body::json ->> 'severity')")  # type: ignore[assignment]
            query = select(_INCIDENT.c.kind, severity, func.count()).where(_INCIDENT.c.is_open == 1)
            rows = connection.execute(query.group_by(text("1"), text("2")))
            return {(kind, str(found)): count for kind, found, count in rows}
