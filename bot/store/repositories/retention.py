"""Letting go of what nobody needs any more, a few thousand rows at a time, so that other writers get in between.

Incidents, their timelines and changes of rung are the record and stay. Effects go some time after their incident has
closed: until then an edit needs the receipt of what it edits, and a key that is there is not carried out twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Table, delete, func, or_, select
from sqlmodel import col

from bot.core.model.samples import minute_of
from bot.ports.store import MINUTE_MARKER
from bot.store.codec import seconds
from bot.store.database.key_lists import among
from bot.store.repositories.tasks import SqlTaskRows
from bot.store.tables import (
    ActionRow,
    AlertRow,
    ApprovalRow,
    DeduplicationRow,
    EpisodeRow,
    IncidentRow,
    OnceMarkerRow,
    OutboxRow,
    OverrideRow,
    ReadingRow,
    TableModel,
    TaskRow,
    table_of,
)

_ALERT = table_of(AlertRow)
_ACTION = table_of(ActionRow)
_APPROVAL = table_of(ApprovalRow)
_INCIDENT = table_of(IncidentRow)
_OUTBOX = table_of(OutboxRow)
_READING = table_of(ReadingRow)
_DEDUPLICATION = table_of(DeduplicationRow)
_TASK = table_of(TaskRow)
_OCCASION = table_of(OnceMarkerRow)
_COVER = table_of(OverrideRow)
_EPISODE = table_of(EpisodeRow)
ROWS = 2_000
_OVER = col(OutboxRow.state).in_(("sent", "failed", "unknown", "folded"))
_REPEATABLE = col(OutboxRow.kind).in_(("edit_card", "set_topic"))


class SqlRetention(SqlTaskRows):
    """The part of the store that forgets."""

    def forget_tasks(self, before: datetime) -> int:
        """Task records whose newest word is older, but not those that still wait for a person."""
        try:
            return self._forget(_TASK, (col(TaskRow.minute) < minute_of(before), col(TaskRow.pending) == 0))
        finally:
            self.all_tasks_changed()

    def forget_effects(self, closed_before: datetime, finished_before: float) -> int:
        """Effects of incidents closed before then, and edits from before `finished_before` (wall)."""
        closed = select(col(IncidentRow.id)).where(
            col(IncidentRow.is_open) == 0, col(IncidentRow.closed_at) < seconds(closed_before)
        )
        alone = (col(OutboxRow.incident_id) == 0) | _REPEATABLE
        old = or_(col(OutboxRow.incident_id).in_(closed), alone & (col(OutboxRow.created_at) < finished_before))
        return self._forget(_OUTBOX, (_OVER, old))

    def forget_deduplication_keys(self, before: datetime) -> int:
        """Keys of deliveries seen: nobody delivers again after that long."""
        return self._forget(_DEDUPLICATION, (col(DeduplicationRow.at) < seconds(before),))

    def forget_readings(self, before: datetime) -> int:
        """What instances said that have not been heard since."""
        return self._forget(_READING, (col(ReadingRow.seen_at) < seconds(before),))

    def forget_enforcement(self, before: datetime) -> int:
        """Actions that began before then, and approvals that were asked for before then and have ended."""
        asked = (col(ApprovalRow.asked_at) < seconds(before), col(ApprovalRow.state) != "pending")
        return self._forget(_ACTION, (col(ActionRow.began) < seconds(before),)) + self._forget(_APPROVAL, asked)

    def forget_alerts(self, before: datetime) -> int:
        """Alerts that nobody has told of since then."""
        return self._forget(_ALERT, (col(AlertRow.seen_at) < seconds(before), col(AlertRow.told) == 1))

    def forget_minute_markers(self, before: datetime) -> int:
        """What was written down about single minutes."""
        minutes = col(OnceMarkerRow.kind).startswith(MINUTE_MARKER)
        return self._forget(_OCCASION, (minutes, col(OnceMarkerRow.at) < seconds(before)))

    def forget_once_markers(self, before: datetime) -> int:
        """Old daily and weekly rows, covers and episodes that are over."""
        at = seconds(before)
        return (
            self._forget(_OCCASION, (col(OnceMarkerRow.at) < at,))
            + self._forget(_COVER, (col(OverrideRow.until) < at,))
            + self._forget(_EPISODE, (col(EpisodeRow.ended_at) < at,))
        )

    def rows(self) -> Mapping[str, int]:
        """Rows by table."""
        with self.looking() as connection:
            return {
                name: int(connection.execute(select(func.count()).select_from(table)).scalar_one())
                for name, table in sorted(TableModel.metadata.tables.items())
            }

    def _forget(self, table: Table, where: Sequence[ColumnElement[bool]]) -> int:
        key = list(table.primary_key)
        gone = 0
        while True:
            with self.writing() as connection:
                some = [tuple(row) for row in connection.execute(select(*key).where(*where).limit(ROWS))]
                if not some:
                    return gone
                gone += connection.execute(delete(table).where(among(connection, key, some))).rowcount
