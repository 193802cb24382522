"""Old minutes rolled up into five-minute rows, and read back as if they were minutes still.

Raw minutes go in the same transaction in which their row of five is written, so a reader sees each minute once.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, update
from sqlmodel import col, select

from bot.core.model.samples import MinuteRow, Series
from bot.core.telemetry.rollup import SPAN, Rolled, history_of, minutes_of, roll
from bot.store.database.transactions import SqlRepository
from bot.store.tables import CounterRow, MinuteRecord, RollupRow, table_of

_MINUTE = table_of(MinuteRecord)
_ROLLUP = table_of(RollupRow)
_COUNTER = table_of(CounterRow)
HORIZON = "rolled-before"
"""Name of the counter that holds the minute before which minutes may be rolled."""
_READ_HORIZON = select(CounterRow.value).where(col(CounterRow.name) == HORIZON)
CHUNK = 50
"""Series rolled in one transaction: a few thousand rows, so that other writers get in between."""
Reading = Callable[[Series, Rolled], Iterable[MinuteRow]]


class SqlRollups(SqlRepository):
    """The part of the store that keeps old minutes small."""

    @abstractmethod
    def _known(self) -> Mapping[Series, int]:
        """Numbers of all series."""

    def roll_up(self, before: int) -> int:
        """Roll the minutes before this one (a multiple of five); returns how many rows went."""
        gone = 0
        numbers = sorted(self._known().values())
        with self.writing() as connection:
            _note_horizon(connection, before)
        for first in range(0, len(numbers), CHUNK):
            with self.writing() as connection:
                self.database.lift_time_limits(connection)
                self.database.lock(connection, "roll-up")
                gone += _roll(connection, numbers[first : first + CHUNK], before)
        return gone

    def history(self, series: Series, first: int, last: int) -> Sequence[MinuteRow]:
        """Minutes first..last for a baseline: what was rolled and has counts comes as one row of five minutes."""
        number = self._known().get(series)
        if number is None:
            return []
        raw = minute_columns().where(
            col(MinuteRecord.series_id) == number, col(MinuteRecord.minute).between(first, last)
        )
        with self.looking() as connection:
            old = rollups_between(connection, {number: series}, first, last, history_of)[series]
            rows = [minute_row(series, row) for row in connection.execute(raw.order_by(col(MinuteRecord.minute)))]
        return [*old, *rows]

    def drop_rolled(self, before: int) -> int:
        """Drop five-minute rows that began before this minute; returns how many."""
        gone = 0
        numbers = sorted(self._known().values())
        for first in range(0, len(numbers), CHUNK):
            some = numbers[first : first + CHUNK]
            statement = delete(_ROLLUP).where(col(RollupRow.series_id).in_(some), col(RollupRow.slot) < before // SPAN)
            with self.writing() as connection:
                gone += connection.execute(statement).rowcount
        return gone


def minute_columns() -> Select[Any]:
    """What a `MinuteRow` holds besides its series: read by `minute_row`."""
    return _MINUTE.select().with_only_columns(*(_MINUTE.c[name] for name in ("minute", "value", "n", "doubt", "tail")))


def minute_row(series: Series, row: Row[Any]) -> MinuteRow:
    """A row that begins with `minute_columns`."""
    return MinuteRow(series, row.minute, row.value, row.n, row.doubt, row.tail)


def rollups_between(
    connection: Connection, ids: Mapping[int, Series], first: int, last: int, reading: Reading = minutes_of
) -> Mapping[Series, list[MinuteRow]]:
    """What was rolled of these series, as rows of minutes first..last; each series has its list, empty or not."""
    found: dict[Series, list[MinuteRow]] = {series: [] for series in ids.values()}
    if first >= _horizon(connection):
        return found
    query = _ROLLUP.select().where(
        col(RollupRow.slot).between(first // SPAN, last // SPAN), col(RollupRow.series_id).in_(ids)
    )
    for row in connection.execute(query.order_by(col(RollupRow.series_id), col(RollupRow.slot))):
        series = ids[row.series_id]
        found[series] += [one for one in reading(series, _rollup(row)) if first <= one.minute <= last]
    return found


def _horizon(connection: Connection) -> int:
    """No minute from this one on was ever rolled: most reads are of the last hours and need no second look."""
    return int(connection.execute(_READ_HORIZON).scalar() or 0)


def _note_horizon(connection: Connection, before: int) -> None:
    """Written before anything is rolled, so that no reader trusts an older one."""
    if _horizon(connection) == 0:
        connection.execute(delete(_COUNTER).where(col(CounterRow.name) == HORIZON))
        connection.execute(insert(_COUNTER).values(name=HORIZON, value=before))
    later = (col(CounterRow.name) == HORIZON, col(CounterRow.value) < before)
    connection.execute(update(_COUNTER).where(*later).values(value=before))


def _roll(connection: Connection, numbers: Sequence[int], before: int) -> int:
    old = (col(MinuteRecord.series_id).in_(numbers), col(MinuteRecord.minute) < before)
    query = _MINUTE.select().where(*old).order_by(col(MinuteRecord.series_id), col(MinuteRecord.minute))
    rows = list(connection.execute(query))
    if not rows:
        return 0
    made: list[dict[str, object]] = []
    for number, own in groupby(rows, key=lambda row: int(row.series_id)):
        fresh = [minute_row(_NOBODY, row) for row in own]
        known = _known_rollups(connection, number, fresh)
        slots = {row.minute // SPAN for row in fresh}
        for slot, of_slot in groupby(fresh, key=lambda row: row.minute // SPAN):
            rolled = roll(list(of_slot), known.get(slot))
            made += [_row(number, rolled)] if rolled is not None else []
        if known:
            replaced = (
                col(RollupRow.series_id) == number,
                col(RollupRow.slot).in_([slot for slot in known if slot in slots]),
            )
            connection.execute(delete(_ROLLUP).where(*replaced))
    if made:
        connection.execute(insert(_ROLLUP), made)
    connection.execute(delete(_MINUTE).where(*old))
    return len(rows)


_NOBODY = Series("", "", "")
"""Rolling looks at minutes and numbers only."""


def _known_rollups(connection: Connection, number: int, fresh: Sequence[MinuteRow]) -> Mapping[int, Rolled]:
    slots = (fresh[0].minute // SPAN, fresh[-1].minute // SPAN)
    query = _ROLLUP.select().where(col(RollupRow.series_id) == number, col(RollupRow.slot).between(*slots))
    return {row.slot: _rollup(row) for row in connection.execute(query)}


def _row(number: int, rolled: Rolled) -> dict[str, object]:
    return {
        "series_id": number,
        "slot": rolled.slot,
        "seen": rolled.seen,
        "n": rolled.n,
        "total": rolled.total,
        "low": rolled.low,
        "high": rolled.high,
        "middle": rolled.middle,
        "tail": rolled.tail,
        "parts": rolled.parts,
    }


def _rollup(row: object) -> Rolled:
    names = ("slot", "seen", "n", "total", "low", "high", "middle", "tail", "parts")
    return Rolled(*(getattr(row, name) for name in names))
