"""The newest minutes of many series at once, added up by the database; rows are read only of those that need it."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Row, Select, and_, bindparam, case, func, or_, select
from sqlmodel import col

from bot.core.model.recent_sums import CLOSED, RECENT, Pooled, RecentSums
from bot.core.model.samples import MinuteRow, Series
from bot.store.database.transactions import SqlRepository
from bot.store.repositories.telemetry.minute_rows import MOST_IDS, parts, rows_of
from bot.store.tables import MinuteRecord

_VALUE, _N, _MINUTE = col(MinuteRecord.value), col(MinuteRecord.n), col(MinuteRecord.minute)
_LARGEST = 1e308
_OF_THESE = and_(
    _MINUTE.between(bindparam("first"), bindparam("last")),
    col(MinuteRecord.series_id).in_(bindparam("ids", expanding=True)),
)
_FINITE = _VALUE.between(-_LARGEST, _LARGEST)  # neither infinity nor NaN, where a database keeps one
_ANSWERED = or_(and_(_N.is_(None), _FINITE), and_(_N > 0, _N <= _LARGEST, _FINITE), _N == 0)
"""As `literal_rule.answered` has it."""


def _summed() -> Select[Any]:
    """One row a series: see `RecentSums`."""
    newest = func.max(_MINUTE).over(partition_by=col(MinuteRecord.series_id)).label("newest")
    told = and_(_ANSWERED, _FINITE, or_(_N.is_(None), _N != 0))
    of = (
        select(
            col(MinuteRecord.series_id).label("series_id"),
            _MINUTE.label("minute"),
            newest,
            _VALUE.label("value"),
            case((_N.is_not(None), 1), else_=0).label("counted"),
            case((and_(_N.is_(None), _VALUE.is_not(None)), 1), else_=0).label("uncounted"),
            case((told, _VALUE * func.coalesce(_N, 1.0)), else_=0.0).label("total"),
            case((told, func.coalesce(_N, 1.0)), else_=0.0).label("tasks"),
        )
        .where(_OF_THESE)
        .subquery()
    )

    def within(what: ColumnElement[float], span: int, last: ColumnElement[int]) -> ColumnElement[float]:
        return func.sum(case((and_(of.c.minute > last - span, of.c.minute <= last), what), else_=0.0))

    closed = bindparam("closed", type_=Integer)
    ends = [(span, of.c.newest) for span in RECENT] + [(span, closed) for span in CLOSED]
    sums = [within(what, span, last) for span, last in ends for what in (of.c.total, of.c.tasks)]
    return select(
        of.c.series_id,
        func.max(of.c.newest),
        func.min(of.c.value),
        func.max(of.c.value),
        func.sum(of.c.counted),
        func.sum(of.c.uncounted),
        *sums,
    ).group_by(of.c.series_id)


_RECENT = 2 * len(RECENT)
_SUMS = _summed()
_HEARD = select(col(MinuteRecord.series_id)).where(_OF_THESE, _ANSWERED).distinct()
"""Asked each time that detection looks at the fleet, so written once."""


class SqlRecentSums(SqlRepository):
    """Questions to the minutes of a whole fleet."""

    @abstractmethod
    def _known(self) -> Mapping[Series, int]:
        """The numbers of all series."""

    def recent_sums(self, agents: Collection[str], first: int, last: int, closed: int) -> Mapping[Series, RecentSums]:
        """What minutes first..last of every series of these agents add up to; without rows, no seen."""
        wanted = frozenset(agents)
        ids = {number: series for series, number in self._known().items() if series.agent in wanted}
        asked = {"first": first, "last": last, "closed": closed}
        with self.looking() as connection:
            return {
                ids[row[0]]: _told(row)
                for some in parts(sorted(ids), MOST_IDS)
                for row in connection.execute(_SUMS, {**asked, "ids": some})
            }

    def heard(self, first: int, last: int) -> Collection[Series]:
        """The series with a usable answer in one of the minutes first..last."""
        ids = {number: series for series, number in self._known().items()}
        with self.looking() as connection:
            return {
                ids[number]
                for some in parts(sorted(ids), MOST_IDS)
                for (number,) in connection.execute(_HEARD, {"first": first, "last": last, "ids": some})
            }

    def minutes_of_series(
        self, series: Collection[Series], first: int, last: int
    ) -> Mapping[Series, Sequence[MinuteRow]]:
        """Minutes first..last of these series, in one read."""
        known = self._known()
        ids = {known[one]: one for one in series if one in known}
        with self.looking() as connection:
            return rows_of(connection, ids, first, last)


def _told(row: Row[Any]) -> RecentSums:
    _, newest, low, high, counted, uncounted, *sums = tuple(row)
    return RecentSums(newest, low, high, counted, uncounted, _pooled(sums[:_RECENT]), _pooled(sums[_RECENT:]))


def _pooled(sums: Sequence[float]) -> tuple[Pooled, ...]:
    """(total, tasks) of one span after the other."""
    return tuple(map(Pooled, sums[::2], sums[1::2]))
