"""Recorded samples in a file, for a replay: CSV with a header line, or one JSON object a line.

Columns `time, agent, workflow, sli, value, n`, in any order; `workflow` and `n` may be left out. Times are ISO 8601
(UTC where no zone stands) or seconds since the epoch. An empty value is "asked, and no answer"; an empty n "not told".
Read row by row in bounded memory. A row that cannot be read ends it: `FILE:LINE: what was found; what is allowed`.
"""

import csv
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from math import isfinite
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from bot.core.model.samples import minute_start

COLUMNS = ("time", "agent", "workflow", "sli", "value", "n")
OPTIONAL = frozenset({"workflow", "n"})
FIRST, LAST = 946_684_800, 4_102_444_800
"""Seconds since the epoch of the years 2000 and 2100: outside of them a time is in milliseconds, or broken."""
LATENESS = 60
"""Minutes by which a row may be late. They are put in order; more needs sorting."""
MOST_DAYS = 400
"""A replay walks through every minute, also those without a row: one wrong year must not make it walk for ever."""
MOST_TIMES = 100_000
BROKEN_TEXT = "\ufffd"

Key = tuple[str, str, str]


class RecordingError(Exception):
    """The file cannot be replayed; the sentence says where, what was found and what is allowed."""


class Recorded(NamedTuple):
    """One row: the UTC minute, (agent, workflow, SLI), the value and the tasks behind it."""

    minute: int
    key: Key
    value: float | None
    n: float | None


class RowError(ValueError):
    """What is wrong with one row; the line is added by whoever knows it."""


Fields = Sequence[object]
"""time, agent, workflow, sli, value, n, as they stand in the file."""


def recorded(path: Path, *, in_any_order: bool = False) -> Iterator[Recorded]:
    """The rows of a file, each late by an hour at most. Raises RecordingError.

    `in_any_order`: sort them by time first, in a temporary file.
    """
    read = {".csv": _csv_rows, ".jsonl": _json_rows, ".ndjson": _json_rows}.get(path.suffix.lower())
    if read is None:
        raise RecordingError(f"{path}: {path.suffix or 'no suffix'!r} is not a format; allowed are .csv and .jsonl")
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            rows = _converted(path, read(path, file))
            yield from _in_order(path, _sorted(rows) if in_any_order else rows)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from error


Numbered = Iterator[tuple[int, Fields]]


def _csv_rows(path: Path, file: Iterable[str]) -> Numbered:
    reader, line = csv.reader(file, strict=True), 1
    try:
        pick, width = _picker(path, next(reader, []))
        for line, row in enumerate(reader, start=2):
            if len(row) == width:
                yield line, pick(row)
            elif row:
                raise _at(path, line, f"{len(row)} fields stand here; the header has {width}")
    except csv.Error as error:
        # the reader stops after the row that it could not end, so the fault began one line after the last good row
        raise _at(path, line + 1, f"broken CSV ({error}); a quote may be open or a NUL byte stand here") from error


def _picker(path: Path, header: Sequence[str]) -> tuple[Callable[[Sequence[str]], Fields], int]:
    """A function from a row to the six fields, and how many fields a row has."""
    names = [name.strip().lower() for name in header]
    _check_names(path, names)
    if tuple(names) == COLUMNS:
        return (lambda row: row), len(COLUMNS)
    places = {name: place for place, name in enumerate(names)}
    empty = len(names)
    pick = itemgetter(*(places.get(name, empty) for name in COLUMNS))
    return (lambda row: pick([*row, ""])), len(names)


def _check_names(path: Path, names: Sequence[str]) -> None:
    missing = [name for name in COLUMNS if name not in names and name not in OPTIONAL]
    unknown = [name for name in names if name not in COLUMNS]
    if missing or unknown or len(set(names)) != len(names):
        allowed = f"{', '.join(COLUMNS)} (workflow and n may be left out)"
        raise _at(path, 1, f"the header has {_shown(', '.join(names))}; allowed are {allowed}")


def _json_rows(path: Path, file: Iterable[str]) -> Numbered:
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _at(path, line, f"not JSON ({error}); write one object a line") from error
        yield line, _json_fields(path, line, record)


def _json_fields(path: Path, line: int, record: object) -> Fields:
    if not isinstance(record, dict):
        raise _at(path, line, f"{_shown(record)} is not an object with the keys {', '.join(COLUMNS)}")
    try:
        _check_keys(record)
    except RowError as error:
        raise _at(path, line, error) from error
    return [record.get(name) for name in COLUMNS]


def _check_keys(record: Mapping[str, object]) -> None:
    for name in record:
        if name not in COLUMNS:
            raise RowError(f"{name!r} is not a key; allowed are {', '.join(COLUMNS)}")
    for name in COLUMNS:
        if name not in record and name not in OPTIONAL:
            raise RowError(f"{name!r} is missing; needed are time, agent, sli and value")


class Placed(NamedTuple):
    """A row and the line on which it stands."""

    line: int
    row: Recorded


def _converted(path: Path, rows: Numbered) -> Iterator[Placed]:
    minutes: dict[object, int] = {}
    keys: dict[tuple[object, object, object], Key] = {}
    for line, (time, agent, workflow, sli, value, n) in rows:
        try:
            minute = minutes.get(time)
            if minute is None:
                if len(minutes) >= MOST_TIMES:
                    minutes.clear()
                minute = minutes[time] = written_minute(time)
            key = keys.get((agent, workflow, sli))
            if key is None:
                key = keys[agent, workflow, sli] = _key(agent, workflow, sli)
            found = Recorded(minute, key, _number("value", value), _count(n))
        except (RowError, TypeError) as error:
            raise _at(path, line, error) from error
        yield Placed(line, found)


def written_minute(given: object) -> int:
    """The UTC minute of a time as a recording has it. Raises RowError with what is allowed."""
    if isinstance(given, str):
        try:
            return _in_range(given, float(given)) if _looks_like_seconds(given) else _iso(given)
        except ValueError as error:
            raise _bad_time(given) from error
    if isinstance(given, int | float) and not isinstance(given, bool):
        return _in_range(given, given)
    raise _bad_time(given)


def _looks_like_seconds(text: str) -> bool:
    return text.strip().replace(".", "", 1).isdecimal()


def _iso(text: str) -> int:
    at = datetime.fromisoformat(text.strip())
    return _in_range(text, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def _in_range(given: object, seconds: float) -> int:
    if not FIRST <= seconds < LAST:
        raise _bad_time(given)
    return int(seconds // 60)


def _bad_time(given: object) -> RowError:
    allowed = "write 2026-11-20T10:05:00Z or seconds since the epoch, in the years 2000 to 2099"
    return RowError(f"time {_shown(given)} is not a time; {allowed}")


def _key(agent: object, workflow: object, sli: object) -> Key:
    """Names as text. A workflow that is not told is the agent as a whole."""
    for name, given in (("agent", agent), ("workflow", workflow or ""), ("sli", sli)):
        if not isinstance(given, str) or BROKEN_TEXT in given:
            raise RowError(f"{name} {_shown(given)} is not a name in UTF-8")
        if not given.strip() and name != "workflow":
            raise RowError(f"{name} is empty; write its key of the fleet file")
    return str(agent).strip(), str(workflow or "").strip(), str(sli).strip()


def _number(name: str, given: object) -> float | None:
    if isinstance(given, str):
        if not given or given.isspace():
            return None
        try:
            if "_" not in given:
                return float(given)
        except ValueError:
            pass
    elif given is None:
        return None
    elif isinstance(given, int | float) and not isinstance(given, bool):
        with suppress(OverflowError):
            return float(given)
    raise RowError(f"{name} {_shown(given)} is not a number; write a number, or nothing where none is known")


def _count(given: object) -> float | None:
    n = _number("n", given)
    if n is not None and not (n >= 0 and isfinite(n)):
        raise RowError(f"n {_shown(given)} is not a number of tasks; write 0 or more, or nothing where none is known")
    return n


def _shown(given: object) -> str:
    text = repr(given)
    return text if len(text) <= 60 else f"{text[:60]}..."  # noqa: PLR2004 - as much as a line bears


def _at(path: Path, line: int, what: object) -> RecordingError:
    return RecordingError(f"{path}:{line}: {what}")


def _in_order(path: Path, rows: Iterable[Placed]) -> Iterator[Recorded]:
    """Refuse what is more than an hour late, and a span that no replay could walk through."""
    newest, end = -1, LAST
    for line, row in rows:
        minute = row.minute
        if minute > newest:
            if newest < 0:
                end = minute + MOST_DAYS * 1440
            if minute > end:
                first = minute_start(end - MOST_DAYS * 1440)
                what = f"{minute_start(minute):%Y-%m-%d} is more than {MOST_DAYS} days after the first row"
                raise _at(path, line, f"{what} ({first:%Y-%m-%d}); replay a shorter file")
            newest = minute
        elif minute < newest - LATENESS:
            late = f"{minute_start(minute):%Y-%m-%d %H:%M} stands {newest - minute} min after a later row"
            raise _at(path, line, f"{late}; rows stand in order of time, at most an hour late (or use --sort)")
        yield row


def _sorted(rows: Iterable[Placed]) -> Iterator[Placed]:
    """Every row by time, then by line, through a temporary database: memory stays bounded however long the file is."""
    with closing(sqlite3.connect("")) as scratch:
        scratch.execute("CREATE TABLE rows (minute INT, line INT, agent, workflow, sli, value REAL, n REAL)")
        flat = ((row.minute, line, *row.key, row.value, row.n) for line, row in rows)
        scratch.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)", flat)
        for minute, line, agent, workflow, sli, value, n in scratch.execute("SELECT * FROM rows ORDER BY minute, line"):
            yield Placed(line, Recorded(minute, (agent, workflow, sli), value, n))
