"""Minutes and baselines: what was measured."""

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func
from sqlmodel import col, select

from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.model.slis import Baseline
from bot.core.telemetry.rollup import minutes_of, told_of
from bot.ports.errors import LostClaim
from bot.ports.store import PollClaim
from bot.store.codec import baseline_json, moment, seconds
from bot.store.database.partitions import DAY, days_of, drop_days, make_days
from bot.store.database.transactions import Database, SqlRepository
from bot.store.database.upsert import keep_first, keep_newest
from bot.store.repositories.rollups import Reading, minute_columns, minute_row, rollups_between
from bot.store.repositories.telemetry.minute_rows import parts, rows_of
from bot.store.tables import BaselineRow, MinuteRecord, PollRow, SeriesRow, table_of

_SERIES = table_of(SeriesRow)
_MINUTE = table_of(MinuteRecord)
_BASELINE = table_of(BaselineRow)
_POLL = table_of(PollRow)

SERIES_AT_ONCE = 50
"""Series whose old minutes are deleted in one transaction."""
NAMES_GOOD_FOR = 1.0
"""Seconds after which the numbers of series are read again where other replicas may have given some."""


class SqlMinutes(SqlRepository):
    """The measuring part of the store."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._ids: Mapping[Series, int] = {}
        self._loaded_at: float | None = None
        self._naming = threading.Lock()
        self._days: frozenset[int] = frozenset()

    def put_minutes(self, rows: Sequence[MinuteRow], claim: PollClaim | None = None) -> None:
        """Upsert minutes, many at once: the newest word on a minute wins. Raises LostClaim where `claim` ran out."""
        if not rows:
            return
        self._make_days({row.minute // DAY for row in rows})
        with self.writing() as connection:
            if claim is not None:
                _hold(connection, claim)
            ids, fresh = self._identify(connection, {row.series for row in rows})
            values = [
                {
                    "series_id": ids[row.series],
                    "minute": row.minute,
                    "value": row.value,
                    "n": row.n,
                    "doubt": row.doubt,
                    "tail": row.tail,
                }
                for row in sorted(rows, key=lambda row: (ids[row.series], row.minute))
            ]
            keep_newest(connection, _MINUTE, values, ["series_id", "minute"])
        self._remember(fresh)

    def prepare_minutes(self, now: datetime) -> None:
        """Make room for the minutes of today and the next two days, so that midnight waits for nobody."""
        today = minute_of(now) // DAY
        self._make_days({today, today + 1, today + 2})

    def drop_minutes(self, before: int) -> int:
        """Drop the minutes of whole UTC days that ended by minute `before`; returns how many there were.

        Days on PostgreSQL go as partitions. On SQLite a few series at a time, so that writers get in between.
        """
        end = before // DAY
        if self.database.shared:
            with self.writing() as connection:
                dropped = drop_days(connection, end)
            self._days = frozenset(day for day in self._days if day >= end)
            return dropped
        dropped = 0
        for some in parts(sorted(self._known().values()), SERIES_AT_ONCE):
            gone = delete(_MINUTE).where(col(MinuteRecord.series_id).in_(some), col(MinuteRecord.minute) < end * DAY)
            with self.writing() as connection:
                dropped += connection.execute(gone).rowcount
        return dropped

    def _make_days(self, days: set[int]) -> None:
        if self.database.shared and not days <= self._days:
            with self.writing() as connection:
                make_days(connection, days)
                self._days = frozenset(days_of(connection))

    def minutes(self, series: Series, first: int, last: int) -> Sequence[MinuteRow]:
        """Stored minutes first..last inclusive, in order."""
        return self._minutes(series, first, last, minutes_of)

    def minutes_as_told(self, series: Series, first: int, last: int) -> Sequence[MinuteRow]:
        """The same without the minutes of which only the sum of five is known: an older version rolled them."""
        return self._minutes(series, first, last, told_of)

    def _minutes(self, series: Series, first: int, last: int, reading: Reading) -> Sequence[MinuteRow]:
        series_id = self._known().get(series)
        if series_id is None:
            return []
        query = minute_columns().where(
            col(MinuteRecord.series_id) == series_id, col(MinuteRecord.minute).between(first, last)
        )
        with self.looking() as connection:
            old = rollups_between(connection, {series_id: series}, first, last, reading)[series]
            return [
                *old,
                *(minute_row(series, row) for row in connection.execute(query.order_by(col(MinuteRecord.minute)))),
            ]

    def minutes_of(self, agents: Sequence[str], first: int, last: int) -> Mapping[Series, Sequence[MinuteRow]]:
        """The same for every series of these agents (all when empty), in one read."""
        wanted = frozenset(agents)
        ids = {number: series for series, number in self._known().items() if not wanted or series.agent in wanted}
        with self.looking() as connection:
            return rows_of(connection, ids, first, last)

    def newest_minute(self, series: Series) -> int | None:
        """The newest minute with a row, None when there is none."""
        series_id = self._known().get(series)
        query = (
            select(MinuteRecord.minute)
            .where(col(MinuteRecord.series_id) == series_id)
            .order_by(col(MinuteRecord.minute).desc())
        )
        with self.looking() as connection:
            found = connection.execute(query.limit(1)).scalar()
        return None if found is None else int(found)

    def baseline(self, series: Series) -> tuple[Baseline, datetime] | None:
        """The last computed baseline of a series."""
        query = _BASELINE.select().where(col(BaselineRow.series_id) == self._known().get(series))
        with self.looking() as connection:
            row = connection.execute(query).first()
        return None if row is None else (baseline_json.validate_json(row.body), moment(row.computed_at))

    def put_baselines(self, rows: Sequence[tuple[Series, Baseline]], at: datetime) -> None:
        """Store computed baselines."""
        if not rows:
            return
        with self.writing() as connection:
            ids, fresh = self._identify(connection, {series for series, _ in rows})
            values = [
                {
                    "series_id": ids[series],
                    "computed_at": seconds(at),
                    "body": baseline_json.dump_json(baseline).decode(),
                }
                for series, baseline in sorted(rows, key=lambda row: ids[row[0]])
            ]
            keep_newest(connection, _BASELINE, values, ["series_id"])
        self._remember(fresh)

    def _known(self) -> Mapping[Series, int]:
        """Numbers of all series, replaced as a whole when a commit names new ones; other replicas name some as well."""
        now = time.monotonic()
        if self._loaded_at is None or (self.database.shared and now - self._loaded_at > NAMES_GOOD_FOR):
            with self._naming, self.looking() as connection:
                count = connection.execute(select(func.count()).select_from(_SERIES)).scalar_one()
                if count != len(self._ids):
                    self._ids = {**_named(connection), **self._ids}
                self._loaded_at = now
        return self._ids

    def _remember(self, fresh: Mapping[Series, int]) -> None:
        """Take over numbers that were committed. Readers hold the mapping they have: it never changes under them."""
        if fresh:
            with self._naming:
                self._ids = {**self._ids, **fresh}

    def _identify(
        self, connection: Connection, wanted: set[Series]
    ) -> tuple[Mapping[Series, int], Mapping[Series, int]]:
        """(numbers for these series, those of them that this store did not know)."""
        known = self._ids
        new = sorted(wanted - known.keys(), key=lambda series: (series.agent, series.workflow, series.sli))
        if not new:
            return known, {}
        rows = [{"agent": series.agent, "workflow": series.workflow, "sli": series.sli} for series in new]
        keep_first(connection, _SERIES, rows, ["agent", "workflow", "sli"])
        named = _named(connection)
        return named, {series: named[series] for series in new}


def _hold(connection: Connection, claim: PollClaim) -> None:
    """Nobody can claim the group while its minutes are written; somebody who has it already is not written over."""
    query = select(PollRow.fence).where(col(PollRow.name) == claim.name).with_for_update(read=True)
    if connection.execute(query).scalar() != claim.fence:
        raise LostClaim(claim.name)


def _named(connection: Connection) -> Mapping[Series, int]:
    return {Series(row.agent, row.workflow, row.sli): row.id for row in connection.execute(_SERIES.select())}
