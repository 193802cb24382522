"""Any HTTP address that answers JSON, read by JMESPath (https://jmespath.org).

Parts: `value` (and `count`), or `good` or `bad` and `total`; `time` where the answer says when it was true; `path` is
added to the source's address. One answer may hold many agents: `items` finds the list, and `by` what names each.

It tells the present only. An answer without `time` stands for the minute asked for last, if that is the one just over;
an answer with `time` stands for its own minute, and one up to a minute younger than asked for the minute asked for.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Protocol

import jmespath
from jmespath.exceptions import JMESPathError

from bot.core.freshness import skewed, stale
from bot.core.model import PollQuery, Sample, Series, minute_of, minute_start
from bot.ports import Clock, Fetch
from bot.sources.client import HttpClient, HttpSettings
from bot.sources.readings import Reading, sample

NUMBERS = ("value", "count", "good", "bad", "total")
PRESENT = 2
"""Minutes; a minute longer over than this is the past, of which an answer without a time cannot tell."""
MINUTE = 60.0
MILLISECONDS = 1e11
"""Seconds since the epoch reach this in the year 5138; larger numbers are milliseconds."""
SHOWN = 5


class HttpJsonSettings(HttpSettings):
    """`url` is the address; a query's `path` is added to it."""


class _Expression(Protocol):
    def search(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        """What the expression finds."""
        ...


@lru_cache(maxsize=1024)
def _compiled(text: str) -> _Expression:
    compiled: _Expression = jmespath.compile(text)
    return compiled


def fault(role: str, text: str) -> str:
    """Why a text cannot be a query's part; empty where it can. A path is not JMESPath."""
    if role == "path":
        return "" if re.fullmatch(r"/?[^\s]*", text) and "://" not in text else "a path such as /metrics.json is needed"
    try:
        _compiled(text)
    except JMESPathError as error:
        return f"not JMESPath: {' '.join(str(error).split())[:120]}"
    return ""


@dataclass(slots=True)
class _Found:
    samples: dict[tuple[str, str], Sample] = field(default_factory=dict)
    twice: set[tuple[str, str]] = field(default_factory=set)
    complaints: dict[str, None] = field(default_factory=dict)

    def put(self, key: tuple[str, str], made: Sample) -> None:
        """Keep one sample for each; a second one cannot be chosen between."""
        if key in self.samples:
            self.twice.add(key)
        self.samples[key] = made


class HttpJson:
    """See `bot.ports.Source`."""

    def __init__(self, name: str, client: HttpClient, clock: Clock) -> None:
        self._name = name
        self._client = client
        self._clock = clock

    def fetch(self, query: PollQuery, first: int, last: int) -> Fetch:
        """Ask once; what the answer does not say stays unsaid."""
        answer = self._client.get(query.parts.get("path", ""))
        found = _Found()
        for item in self._items(query, answer.data):
            self._read(query, item, first, last, found)
        return Fetch(
            tuple(made for key, made in found.samples.items() if key not in found.twice),
            tuple(f"{self._name}: {text}" for text in self._complaints(query, found, answer.skew)),
            answer.skew,
        )

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _items(self, query: PollQuery, data: Any) -> list[Any]:  # noqa: ANN401 - JSON
        path = query.parts.get("items")
        items = _search(path, data) if path else [data]
        if not isinstance(items, list):
            raise self._client.error(f"`items` of {query.sli} found {_kind(items)}, not a list")
        return items

    def _read(self, query: PollQuery, item: Any, first: int, last: int, found: _Found) -> None:  # noqa: ANN401 - JSON
        """One item of the answer: whose it is, when it was true, and its numbers."""
        key = _whose(query, item)
        if key is None or (query.serves and key not in query.serves):
            return
        series = Series(*key, query.sli)
        at, doubt = self._time(query, item, first, last)
        if doubt:
            found.complaints[f"{series}: {doubt}"] = None
        if at is None:
            return
        numbers = {}
        for role in NUMBERS:
            if role in query.parts:
                value = _search(query.parts[role], item)
                if (number := _number(value)) is not None:
                    numbers[role] = number
                elif value is not None:
                    found.complaints[f"{series}: `{role}` is {_kind(value)}, not a number"] = None
        made = sample(series, at, Reading(query, numbers))
        if isinstance(made, Sample):
            found.put(key, made)
        elif made:
            found.complaints[f"{series}: {made}"] = None

    def _time(self, query: PollQuery, item: Any, first: int, last: int) -> tuple[datetime | None, str]:  # noqa: ANN401 - JSON
        """The minute an item stands for, None where it is none of those asked for; and what is wrong with its time."""
        text = query.parts.get("time")
        if text is None:
            present = minute_of(self._clock.now()) - last <= PRESENT
            return (minute_start(last) if present else None), ""
        given = _search(text, item)
        at = _moment(given)
        if at is None:
            return None, "" if given is None else f"`time` is {_kind(given)}, not a time"
        end = minute_start(last).timestamp() + MINUTE
        ahead = at.timestamp() - end
        if ahead > MINUTE:
            return None, f"its time is {ahead:.0f} s later than the minute it was asked for"
        if ahead >= 0:
            return minute_start(last), ""
        return (at, "") if minute_of(at) >= first else (None, stale(-ahead, query.every))

    def _complaints(self, query: PollQuery, found: _Found, skew: float | None) -> Iterator[str]:
        yield from list(found.complaints)[:SHOWN]
        if len(found.complaints) > SHOWN:
            yield f"{query.sli}: {len(found.complaints) - SHOWN} more like these"
        for agent, workflow in sorted(found.twice):
            yield f"{Series(agent, workflow, query.sli)}: stands several times in the answer; none of them is used"
        if off := skewed(skew):
            yield off


def _whose(query: PollQuery, item: Any) -> tuple[str, str] | None:  # noqa: ANN401 - JSON
    """(agent, workflow), None where the item names nobody."""
    agent = query.agent or _name(query.by.get("agent"), item)
    workflow = query.workflow or _name(query.by.get("workflow"), item)
    return (agent, workflow) if agent else None


def _name(text: str | None, item: Any) -> str:  # noqa: ANN401 - JSON
    found = _search(text, item) if text else None
    return found if isinstance(found, str) else ""


def _search(text: str, data: Any) -> Any:  # noqa: ANN401 - JSON
    """What an expression finds; nothing where a function of it does not fit this data."""
    try:
        return _compiled(text).search(data)
    except (JMESPathError, RecursionError):
        return None


def _number(value: object) -> float | None:
    """A finite number, also as text (Langfuse and others send text); True is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _moment(value: object) -> datetime | None:
    """Seconds or milliseconds since the epoch, or ISO 8601 (UTC where it names no zone)."""
    number = _number(value)
    try:
        if number is not None:
            return datetime.fromtimestamp(number / 1000 if number >= MILLISECONDS else number, UTC)
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        return (at if at is None or at.tzinfo else at.replace(tzinfo=UTC)) if at else None
    except (ValueError, OverflowError, OSError):
        return None


def _kind(value: object) -> str:
    names: Mapping[type, str] = {list: "a list", dict: "an object", bool: "true or false", type(None): "nothing"}
    return names.get(type(value)) or repr(value)[:40]
