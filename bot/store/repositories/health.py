"""What the watch asks of the database: what is late, what waits and since when, whether it can be written."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal_column, text, update
from sqlmodel import col, select

from bot.ports.store import Waiting
from bot.store.codec import seconds
from bot.store.database.transactions import SqlRepository
from bot.store.database.upsert import keep_first
from bot.store.tables import CounterRow, IncidentRow, OutboxRow, PollRow, TimerRow, table_of

_COUNTER = table_of(CounterRow)
PROBE = "probe"


class SqlHealthQueries(SqlRepository):
    """The part of the store that is looked at by the watch and by Prometheus."""

    def late(self, kind: str, before: datetime) -> Sequence[tuple[int, float]]:
        """(incident, due time in epoch seconds) of deadlines of a kind that were due before then, the oldest first."""
        overdue = (TimerRow.kind == kind, TimerRow.due_at < seconds(before))
        query = select(TimerRow.incident_id, TimerRow.due_at).where(*overdue).order_by(col(TimerRow.due_at)).limit(20)
        with self.read_models() as session:
            return [(incident, due_at) for incident, due_at in session.exec(query)]

    def waiting(self, wall: float) -> Mapping[str, Waiting]:
        """Effects still to be done, by lane: how many, and the age of the oldest in seconds."""
        open_ = col(OutboxRow.state).in_(("pending", "sending"))
        query = select(OutboxRow.lane, func.count(), func.min(OutboxRow.created_at)).where(open_)
        with self.looking() as connection:
            now = self.database.moment(connection, wall)
            return {
                lane: Waiting(count, max(0.0, now - oldest))
                for lane, count, oldest in connection.execute(query.group_by(col(OutboxRow.lane)))
            }

    def polls_behind(self, before: datetime) -> Sequence[tuple[str, float]]:
        """(poll group, when it was due in epoch seconds) of those that were due before then, the oldest first."""
        query = select(PollRow.name, PollRow.next_due).where(PollRow.next_due < seconds(before))
        with self.read_models() as session:
            return [(name, due) for name, due in session.exec(query.order_by(col(PollRow.next_due)))]

    def write_something(self) -> None:
        """Write one row. Raises whatever the database says."""
        with self.writing() as connection:
            turned = update(_COUNTER).where(col(CounterRow.name) == PROBE).values(value=1 - col(CounterRow.value))
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
        severity: ColumnElement[str] = func.json_extract(IncidentRow.body, "$.severity")
        with self.looking() as connection:
            if connection.dialect.name == "postgresql":
                severity = literal_column("(body::json ->> 'severity')")
            query = select(IncidentRow.kind, severity, func.count()).where(IncidentRow.is_open == 1)
            rows = connection.execute(query.group_by(text("1"), text("2")))
            return {(kind, str(found)): count for kind, found, count in rows}
