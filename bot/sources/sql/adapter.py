"""Values from the rows of one SELECT.

A row speaks of one agent (and workflow) and one minute, and holds every number of the SLI in columns that the query's
parts name: one statement answers both numbers of a ratio. `:start` and `:end` are seconds since 1970 (UTC): the first
second asked for, and the first one that is not.

What is NULL or no number makes no sample: the minute stays UNKNOWN, never 0. So does a minute with several rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from bot.core.model.samples import Sample, Series, minute_of, minute_start
from bot.core.model.slis import PollQuery
from bot.ports.sources import Fetch
from bot.sources.answers import kind_of, moment, number
from bot.sources.query_results import Key, roles, sample
from bot.sources.sql.database import Row, SqlClient
from bot.sources.sql.statement import statement_of

SHOWN = 5
"""As many complaints as are told of one by one."""
TIME = "minute"
"""The column with the time, where the query does not name it."""

Complaints = dict[str, None]
"""Sentences, each once, in order."""


class Sql:
    """See `bot.ports.Source`."""

    def __init__(self, name: str, client: SqlClient) -> None:
        self._name = name
        self._client = client

    def fetch(self, query: PollQuery, first: int, last: int) -> Fetch:
        """Ask once for all minutes; what no row speaks of stays unsaid."""
        start, end = (int(minute_start(minute).timestamp()) for minute in (first, last + 1))
        rows = self._client.rows(statement_of(query.parts), start, end)
        complaints: Complaints = {}
        columns = _Columns(query, rows[0] if rows else {})
        if rows and (missing := columns.missing(one_minute=first == last)):
            raise self._client.error(f"{query.sli}: the statement answers without {missing}")
        samples = tuple(_samples(query, columns, rows, range(first, last + 1), complaints))
        told = list(complaints)
        if len(told) > SHOWN:
            told = [*told[:SHOWN], f"{query.sli}: {len(told) - SHOWN} more like these"]
        return Fetch(samples, tuple(f"{self._name}: {text}" for text in told))

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


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

    def key(self, row: Row) -> Key | None:
        """(agent, workflow), None where the row names nobody."""
        agent = self._query.agent or row.get(self.whose["agent"])
        workflow = self._query.workflow or (row.get(self.whose["workflow"]) or "" if self.whose["workflow"] else "")
        if not isinstance(agent, str) or not agent or not isinstance(workflow, str):
            return None
        return agent, workflow

    def at(self, row: Row, last: int) -> datetime | None:
        """When the row was true, None where what stands there is no time."""
        return moment(row[self.time]) if self.time in self._there else minute_start(last)


def _samples(
    query: PollQuery, columns: _Columns, rows: Sequence[Row], minutes: range, complaints: Complaints
) -> Iterator[Sample]:
    sorted_rows = _sorted(query, columns, rows, minutes, complaints)
    for (key, minute), found in sorted_rows.items():
        series = Series(*key, query.sli)
        if len(found) > 1:
            complaints[f"{series}: several rows for one minute; none of them is used (GROUP BY)"] = None
            continue
        part, n = (_numeric(columns.numbers.get(role, ""), series, found[0], complaints) for role in roles(query))
        made = sample(query, series, minute_start(minute), part, n)
        if isinstance(made, Sample):
            yield made
        elif made:
            complaints[f"{series}: {made}"] = None


def _sorted(
    query: PollQuery, columns: _Columns, rows: Sequence[Row], minutes: range, complaints: Complaints
) -> Mapping[tuple[Key, int], list[Row]]:
    """Every row that is ours, by whose it is and its minute."""
    found: dict[tuple[Key, int], list[Row]] = {}
    for row in rows:
        key = columns.key(row)
        if key is None or (query.serves and key not in query.serves):
            continue
        at = columns.at(row, minutes[-1])
        if at is None:
            series, there = Series(*key, query.sli), kind_of(row[columns.time])
            complaints[f"{series}: `{columns.time}` is {there}, not a time"] = None
        elif minute_of(at) in minutes:
            found.setdefault((key, minute_of(at)), []).append(row)
    return found


def _numeric(column: str, series: Series, row: Row, complaints: Complaints) -> float | None:
    """The number in a column, None where there is none; what is there and is no number is said."""
    found = row[column] if column else None
    value = number(found)
    if value is None and found is not None:
        complaints[f"{series}: `{column}` is {kind_of(found)}, not a number"] = None
    return value
