"""Any HTTP address that answers JSON, read by JMESPath (https://jmespath.org).

Parts: `value` (and `count`), or `good` or `bad` and `total`; `time` where the answer says when it was true; `partial`
where it says of itself that it is not whole; `path` is added to the source's address. One answer may hold many agents:
`items` finds the list, and `by` what names each.

It tells what it has, which need not be what was asked for. An item with `time` stands for its own minute; where there
is none for the last minute asked for, one up to a minute younger stands in. An item without `time` stands for that last
minute, if it is the one just over: of the past it cannot tell.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import jmespath
from jmespath.exceptions import JMESPathError

from bot.core.formatting.one_line import one_line
from bot.core.model.samples import Sample, Series, minute_of, minute_start, short_doubt
from bot.core.model.slis import PollQuery
from bot.core.telemetry.freshness import SKEW_LIMIT, skewed, stale
from bot.ports.clock import Clock
from bot.ports.sources import STRANGERS, Fetch
from bot.sources.answers import kind_of, moment, number, says_none
from bot.sources.http import SAID, HttpAnswer, HttpClient, HttpSettings
from bot.sources.query_results import Key, roles, sample, unusable

PRESENT = 2
"""Minutes; a minute longer over than this is the past, of which an answer without a time cannot tell."""
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


def faults(parts: Mapping[str, str], by: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(part or `by`, why it cannot work). What names the agent and the workflow is JMESPath too."""
    for role, text in parts.items():
        if why := fault(role, text):
            yield role, why
    for label, text in by.items():
        if why := fault(label, text):
            yield "by", f"{label}: {why}"


def fault(role: str, text: str) -> str:
    """Why a text cannot be a query's part; empty where it can. A path is not JMESPath."""
    if role == "path":
        return "" if re.fullmatch(r"/?[^\s]*", text) and "://" not in text else "a path such as /metrics.json is needed"
    try:
        _compiled(text)
    except JMESPathError as error:
        return f"not JMESPath: {' '.join(str(error).split())[:120]}"
    return ""


class _Span(NamedTuple):
    """The minutes asked for, and now."""

    first: int
    last: int
    now: datetime

    @property
    def present(self) -> bool:
        """False where the past is asked for."""
        return minute_of(self.now) - self.last <= PRESENT


@dataclass(slots=True)
class _One:
    """What the answer says of one agent or workflow: items by minute."""

    items: dict[int, Any] = field(default_factory=dict)
    twice: set[int] = field(default_factory=set)
    doubt: str = ""
    """What is wrong with the time of an item that stands for no minute."""

    def put(self, minute: int, item: Any) -> None:  # noqa: ANN401 - JSON
        """Keep one item a minute; between two it cannot be chosen."""
        if minute in self.items:
            self.twice.add(minute)
        self.items[minute] = item

    def asked_for(self, span: _Span, *, timed: bool) -> dict[int, Any]:
        """The items of the minutes asked for."""
        if not timed:
            return {span.last: self.items[span.last]} if span.present else {}
        found = {minute: item for minute, item in self.items.items() if span.first <= minute <= span.last}
        if span.last not in found and span.last + 1 in self.items:
            found[span.last] = self.items[span.last + 1]
        return found


class HttpJson:
    """See `bot.ports.Source`."""

    def __init__(self, name: str, client: HttpClient, clock: Clock) -> None:
        self._name = name
        self._client = client
        self._clock = clock

    def fetch(self, query: PollQuery, first: int, last: int) -> Fetch:
        """Ask once; what the answer does not say stays unsaid."""
        answer = self._client.get(query.parts.get("path", ""))
        span = _Span(first, last, self._clock.now())
        samples: list[Sample] = []
        found, strangers = self._sorted(query, answer.data, span)
        doubt = _of_the_whole(query, answer)
        for key, one in found.items():
            made = _samples(query, Series(*key, query.sli), one, span)
            samples += (replace(each, degraded=short_doubt(*filter(None, (each.degraded, doubt)))) for each in made)
        told = [f"{one.series}: {one.degraded}" for one in samples if one.degraded]
        if len(told) > SHOWN:
            told = [*told[:SHOWN], f"{query.sli}: {len(told) - SHOWN} more like these"]
        if off := skewed(answer.skew):
            told.append(off)
        some = frozenset(sorted(strangers)[:STRANGERS])
        return Fetch(tuple(samples), tuple(f"{self._name}: {text}" for text in told), answer.skew, strangers=some)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _items(self, query: PollQuery, data: Any) -> list[Any]:  # noqa: ANN401 - JSON
        path = query.parts.get("items")
        items = _search(path, data) if path else [data]
        if not isinstance(items, list):
            raise self._client.error(f"`items` of {query.sli} found {kind_of(items)}, not a list")
        return items

    def _sorted(
        self,
        query: PollQuery,
        data: Any,  # noqa: ANN401 - JSON
        span: _Span,
    ) -> tuple[dict[Key, _One], set[Key]]:
        """Every item that is ours, by whose it is and its minute; and whose the others are."""
        found: dict[Key, _One] = {}
        strangers: set[Key] = set()
        for item in self._items(query, data):
            key = _whose(query, item)
            if not query.speaks_for(key):
                strangers.add(key)
                continue
            minute, doubt = _minute(query, item, span)
            one = found.setdefault(key, _One())
            if doubt:
                one.doubt = doubt
            elif minute is not None:
                one.put(minute, item)
        return found, strangers


def _of_the_whole(query: PollQuery, answer: HttpAnswer) -> str:
    """Why nothing in the answer can be relied on, in words: it says that it is partial, or a cache kept it for long."""
    path = query.parts.get("partial")
    if path and (found := _search(path, answer.data)):
        return f"the answer says that it is partial (`partial` found {one_line(json.dumps(found), SAID)})"
    aged = stale(answer.age, query.every) if "time" not in query.parts else ""
    return f"{aged} (a cache kept it, says its header Age)" if aged else ""


def _minute(query: PollQuery, item: Any, span: _Span) -> tuple[int | None, str]:  # noqa: ANN401 - JSON
    """The minute an item stands for, or what is wrong with its time."""
    if "time" not in query.parts:
        return span.last, ""
    given = _search(query.parts["time"], item)
    at = moment(given)
    if at is None:
        return None, "" if given is None else f"`time` is {kind_of(given)}, not a time"
    ahead = (at - span.now).total_seconds()
    if ahead > SKEW_LIMIT:
        return None, f"its time is {ahead:.0f} s ahead of our clock"
    return minute_of(at), ""


def _samples(query: PollQuery, series: Series, one: _One, span: _Span) -> Iterator[Sample]:
    asked_for = one.asked_for(span, timed="time" in query.parts)
    for minute, item in asked_for.items():
        made = _sample(query, series, minute, item, one)
        if made is not None:
            yield made
    if not asked_for and span.present:
        why = one.doubt or _age(query, one, span)
        if why:
            yield unusable(series, minute_start(span.last), why)


def _sample(query: PollQuery, series: Series, minute: int, item: Any, one: _One) -> Sample | None:  # noqa: ANN401 - JSON
    """The sample of one minute; one without a value where the item cannot be used, None where it says nothing."""
    at = minute_start(minute)
    if minute in one.twice or (minute not in one.items and minute + 1 in one.twice):
        return unusable(series, at, "stands several times in the answer for one minute; none of them is used")
    wrong: list[str] = []
    part, n = (_numeric(query, role, item, wrong) for role in roles(query))
    made = sample(query, series, at, part, n)
    if isinstance(made, Sample):
        return replace(made, degraded=short_doubt(*wrong)) if wrong else made
    why = made or "; ".join(wrong)
    return unusable(series, at, why) if why else None


def _age(query: PollQuery, one: _One, span: _Span) -> str:
    """That the newest item is too old, in words."""
    if not one.items:
        return ""
    return stale((span.now - minute_start(max(one.items) + 1)).total_seconds(), query.every)


def _numeric(query: PollQuery, role: str, item: Any, wrong: list[str]) -> float | None:  # noqa: ANN401 - JSON
    """The number of one role, None where there is none; what is there and is no number is put into `wrong`."""
    found = _search(query.parts[role], item) if role else None
    value = number(found)
    if value is None and found is not None and not says_none(found):
        wrong.append(f"`{role}` is {kind_of(found)}, not a number")
    return value


def _whose(query: PollQuery, item: Any) -> Key:  # noqa: ANN401 - JSON
    """Whose an item is, by what it names."""
    return query.whose(_name(query.by.get("agent"), item), _name(query.by.get("workflow"), item))


def _name(text: str | None, item: Any) -> str:  # noqa: ANN401 - JSON
    found = _search(text, item) if text else None
    return found if isinstance(found, str) else ""


def _search(text: str, data: Any) -> Any:  # noqa: ANN401 - JSON
    """What an expression finds; nothing where a function of it does not fit this data."""
    try:
        return _compiled(text).search(data)
    except (JMESPathError, RecursionError):
        return None
