"""Reading the minutes of many series at once."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, bindparam
from sqlmodel import col

from bot.core.model.samples import MinuteRow, Series
from bot.store.repositories.rollups import minute_columns, rollups_between
from bot.store.tables import MinuteRecord

MOST_IDS = 10_000
"""Ids in one query; SQLite takes 32,766 parameters."""
_SPAN = col(MinuteRecord.minute).between(bindparam("first"), bindparam("last"))
_OF_MANY = (
    # by series even where all are wanted: the key begins with it, and minutes alone would scan the whole table
    minute_columns()
    .add_columns(col(MinuteRecord.series_id))
    .where(_SPAN, col(MinuteRecord.series_id).in_(bindparam("ids", expanding=True)))
    .order_by(col(MinuteRecord.series_id), col(MinuteRecord.minute))
)
"""Asked several times a tick, so written once."""


def parts(ids: Sequence[int], most: int) -> Iterator[Sequence[int]]:
    """The ids, so many at a time."""
    return (ids[at : at + most] for at in range(0, len(ids), most))


def rows_of(
    connection: Connection, ids: Mapping[int, Series], first: int, last: int
) -> Mapping[Series, Sequence[MinuteRow]]:
    """Minutes first..last of these series by their numbers; each has its list, empty or not."""
    found = rollups_between(connection, ids, first, last)
    for some in parts(sorted(ids), MOST_IDS):
        rows = connection.execute(_OF_MANY, {"first": first, "last": last, "ids": some}).all()
        for number, own in groupby(rows, key=itemgetter(-1)):
            series = ids[number]
            found[series] += [MinuteRow(series, *row) for *row, _ in own]
    return found
