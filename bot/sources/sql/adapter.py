"""Values from the rows of one SELECT.

A row speaks of one agent (and workflow) and one minute, and holds every number of the SLI in columns that the query's
parts name: one statement answers both numbers of a ratio. `:start` and `:end` are seconds since 1970 (UTC): the first
second asked for, and the first one that is not.

What is NULL or no number makes no sample: the minute stays UNKNOWN, never 0. So does a minute with several rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.model.samples import Sample, Series, minute_of, minute_start, short_doubt
from bot.core.model.slis import PollQuery
from bot.ports.sources import STRANGERS, Fetch
from bot.sources.answers import kind_of, moment, number, says_none
from bot.sources.query_results import Key, roles, sample, unusable
from bot.sources.sql.database import Row, SqlClient
from bot.sources.sql.statement import statement_of

SHOWN = 5
"""As many complaints as are told of one by one."""
TIME = "minute"
"""The column with the time, where the query does not name it."""


class Sql:
    """See `bot.ports.Source`."""

    def __init__(self, name: str, client: SqlClient) -> None:
        self._name = name
        self._client = client

    def fetch(self, query: PollQuery, first: int, last: int) -> Fetch:
        """Ask once for all minutes; what no row speaks of stays unsaid."""
        start, end = (int(minute_start(minute).timestamp()) for minute in (first, last + 1))
        rows = self._client.rows(statement_of(query.parts), start, end)
        columns = _Columns(query, rows[0] if rows else {})
        if rows and (missing := columns.missing(one_minute=first == last)):
            raise self._client.error(f"{query.sli}: the statement answers without {missing}")
        found = _Found()
        samples = tuple(_samples(query, columns, rows, range(first, last + 1), found))
        told = list(dict.fromkeys(f"{one.series}: {one.degraded}" for one in samples if one.degraded))
        if len(told) > SHOWN:
            told = [*told[:SHOWN], f"{query.sli}: {len(told) - SHOWN} more like these"]
        some = frozenset(sorted(found.strangers)[:STRANGERS])
        return Fetch(samples, tuple(f"{self._name}: {text}" for text in told), strangers=some)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


@dataclass(slots=True)
class _Found:
    """The rows of an answer, by whose they are and their minute."""

    rows: dict[tuple[Key, int], list[Row]] = field(default_factory=dict)
    timeless: dict[Key, str] = field(default_factory=dict)
    """Whose rows have no time, and what stands there instead."""
    strangers: set[Key] = field(default_factory=set)

    def take(self, query: PollQuery, columns: "_Columns", row: Row, minutes: range) -> None:
        """Sort in one row."""
        key = columns.key(row)
        if not query.speaks_for(key):
            self.strangers.add(key)
            return
        at = columns.at(row, minutes[-1])
        if at is None:
            self.timeless[key] = f"`{columns.time}` is {kind_of(row[columns.time])}, not a time"
        elif minute_of(at) in minutes:
            self.rows.setdefault((key, minute_of(at)), []).append(row)


class _Columns:
    """Where what stands in a row."""

    def __init__(self, query: PollQuery, row: Row) -> None:
        self._query = query
        self._there = frozenset(row)
        alone = "query" not in query.parts
        self.numbers = {role: role if alone else query.parts[role] for role in roles(query) if role}
        self.time = query.parts.get("time", TIME)
        self.whose = {label: query.by.get(label, "") for label in ("agent", "workflow")}

    def missing(self, *, one_minute: bool) -> str:
        """The columns that the rows should have and do not, in words; empty where all are there.

        Where one minute is asked for, a row need not say which it is of.
        """
        wanted = [*self.numbers.values(), *(() if one_minute else (self.time,))]
        if not self._query.agent:
            wanted += [column for column in self.whose.values() if column]
        names = ", ".join(f"`{column}`" for column in wanted if column not in self._there)
        return f"the column {names}; it has {', '.join(sorted(self._there))}" if names else ""

    def key(self, row: Row) -> Key:
        """(agent, workflow) in the words of the fleet file; an agent of "" where the row names nobody."""
        agent, workflow = (row.get(column) if column else None for column in self.whose.values())
        return self._query.whose(agent if isinstance(agent, str) else "", workflow if isinstance(workflow, str) else "")

    def at(self, row: Row, last: int) -> datetime | None:
        """When the row was true, None where what stands there is no time."""
        return moment(row[self.time]) if self.time in self._there else minute_start(last)


def _samples(
    query: PollQuery, columns: _Columns, rows: Sequence[Row], minutes: range, found: _Found
) -> Iterator[Sample]:
    for row in rows:
        found.take(query, columns, row, minutes)
    for key, why in found.timeless.items():
        yield unusable(Series(*key, query.sli), minute_start(minutes[-1]), why)
    for (key, minute), own in found.rows.items():
        series, at = Series(*key, query.sli), minute_start(minute)
        if len(own) > 1:
            yield unusable(series, at, "several rows for one minute; none of them is used (GROUP BY)")
            continue
        wrong: list[str] = []
        part, n = (_numeric(columns.numbers.get(role, ""), own[0], wrong) for role in roles(query))
        made = sample(query, series, at, part, n, short_doubt(*wrong))
        if isinstance(made, Sample):
            yield made
        elif made or wrong:
            yield unusable(series, at, made or "; ".join(wrong))


def _numeric(column: str, row: Row, wrong: list[str]) -> float | None:
    """The number in a column, None where there is none; what is there and is no number is put into `wrong`."""
    found = row[column] if column else None
    value = number(found)
    if value is None and found is not None and not says_none(found):
        wrong.append(f"`{column}` is {kind_of(found)}, not a number")
    return value
