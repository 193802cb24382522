"""Letting go of what nobody needs any more, a few thousand rows at a time, so that other writers get in between.

Incidents, their timelines and changes of rung are the record and stay. Effects go some time after their incident has
closed: until then an edit needs the receipt of what it edits, and a key that is there is not carried out twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, func, or_, select, tuple_

from bot.core.model.samples import minute_of
from bot.store.codec import seconds
from bot.store.database.transactions import SqlRepository
from bot.store.tables import (
    DeduplicationRow,
    EpisodeRow,
    IncidentRow,
    OnceMarkerRow,
    OutboxRow,
    OverrideRow,
    ReadingRow,
    TaskRow,
)

_INCIDENT = IncidentRow.__table__  # type: ignore[attr-defined]
_OUTBOX = OutboxRow.__table__  # type: ignore[attr-defined]
_READING = ReadingRow.__table__  # type: ignore[attr-defined]
_SIGHT = DeduplicationRow.__table__  # type: ignore[attr-defined]
_TASK = TaskRow.__table__  # type: ignore[attr-defined]
_OCCASION = OnceMarkerRow.__table__  # type: ignore[attr-defined]
_COVER = OverrideRow.__table__  # type: ignore[attr-defined]
_EPISODE = EpisodeRow.__table__  # type: ignore[attr-defined]
ROWS = 2_000
_OVER = _OUTBOX.c.state.in_(("sent", "failed", "unknown", "folded"))
_REPEATABLE = _OUTBOX.c.kind.in_(("edit_card", "set_topic"))


class SqlRetention(SqlRepository):
    """The part of the store that forgets."""

    def forget_tasks(self, before: datetime) -> int:
        """Task records whose newest word is older, but not those that still wait for a person."""
        return self._forget(_TASK, (_TASK.c.minute < minute_of(before), _TASK.c.pending == 0))

    def forget_effects(self, closed_before: datetime, finished_before: float) -> int:
        """Effects of incidents closed before then, and edits from before `finished_before` (wall)."""
        closed = select(_INCIDENT.c.id).where(_INCIDENT.c.is_open == 0, _INCIDENT.c.closed_at < seconds(closed_before))
        alone = (_OUTBOX.c.incident_id == 0) | _REPEATABLE
        old = or_(_OUTBOX.c.incident_id.in_(closed), alone & (_OUTBOX.c.created_at < finished_before))
        return self._forget(_OUTBOX, (_OVER, old))

    def forget_deduplication_keys(self, before: datetime) -> int:
        """Keys of deliveries seen: nobody delivers again after that long."""
        return self._forget(_SIGHT, (_SIGHT.c.at < seconds(before),))

    def forget_readings(self, before: datetime) -> int:
        """What instances said that have not been heard since."""
        return self._forget(_READING, (_READING.c.seen_at < seconds(before),))

    def forget_once_markers(self, before: datetime) -> int:
        """Old daily and weekly rows, covers and episodes that are over."""
        at = seconds(before)
        return (
            self._forget(_OCCASION, (_OCCASION.c.at < at,))
            + self._forget(_COVER, (_COVER.c.until < at,))
            + self._forget(_EPISODE, (_EPISODE.c.ended_at < at,))
        )

    def rows(self) -> Mapping[str, int]:
        """Rows by table."""
        with self.looking() as connection:
            return {
                name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
                for name, table in sorted(IncidentRow.metadata.tables.items())
            }

    def _forget(self, table: Table, where: Sequence[ColumnElement[bool]]) -> int:
        key = list(table.primary_key)
        gone = 0
        while True:
            with self.writing() as connection:
                some = [tuple(row) for row in connection.execute(select(*key).where(*where).limit(ROWS))]
                if not some:
                    return gone
                chosen = key[0].in_([row[0] for row in some]) if len(key) == 1 else tuple_(*key).in_(some)
                gone += connection.execute(delete(table).where(chosen)).rowcount
