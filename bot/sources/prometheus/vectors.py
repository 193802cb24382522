"""The series of Prometheus's answers, sorted by part, by minute and by whose they are."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bot.core.model.slis import PollQuery
from bot.sources.prometheus.queries import ALL
from bot.sources.query_results import Key

STEP = 60
PRESENT = 60
"""Minutes: a range that is no longer is a poll of the present, a longer one asks for history."""

_Numbers = dict[str, dict[int, dict[Key, float]]]
Labels = Mapping[str, str]
Points = tuple[Labels, Iterable[Any]]
"""The labels of a series, and its [[time, "value"], ...]."""


class PartOf(NamedTuple):
    """The part that a series belongs to. `summed`: it is one of several that are added up."""

    role: str
    summed: bool = False


@dataclass(slots=True)
class Vectors:
    """What the parts of one query answered. A series has one place: its part, and whose it is."""

    numbers: _Numbers = field(default_factory=lambda: defaultdict(lambda: defaultdict(dict)))
    """Part -> minute -> whose -> number."""
    unusable: set[tuple[str, int, Key]] = field(default_factory=set)
    """Where a point stood that is no number: NaN of 0/0, Inf."""
    begins: dict[tuple[str, Key], int] = field(default_factory=dict)
    """The first minute in which a part had anything of somebody."""
    twice: dict[Key, str] = field(default_factory=dict)
    """Whose answer had several series, and in which part; one of them cannot be chosen, and a sum was not asked for."""
    strangers: set[Key] = field(default_factory=set)
    """Whose series the query does not speak for."""
    warnings: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    skew: float | None = None

    def take(self, data: Iterator[Points], query: PollQuery, parts_of: Callable[[Labels], Iterable[PartOf]]) -> None:
        """Sort in the series of one answer."""
        seen: set[tuple[str, Key]] = set()
        for labels, points in data:
            key = whose(query, labels)
            if not query.speaks_for(key):
                self.strangers.add(key)
                continue
            numbers = list(_numbers(points))
            for part in parts_of(labels):
                if (part.role, key) in seen and not part.summed:
                    self.twice[key] = part.role
                seen.add((part.role, key))
                self._put(part, key, numbers)

    def _put(self, part: PartOf, key: Key, numbers: Iterable[tuple[int, float]]) -> None:
        for minute, value in numbers:
            self.begins[part.role, key] = min(minute, self.begins.get((part.role, key), minute))
            if not math.isfinite(value):
                self.unusable.add((part.role, minute, key))
                continue
            row = self.numbers[part.role][minute]
            row[key] = row.get(key, 0.0) + value if part.summed else value

    def number(self, role: str, minute: int, key: Key) -> float | None:
        """The number of a part, None where there is none or it is not to be used."""
        if (role, minute, key) in self.unusable:
            return None
        return self.numbers[role][minute].get(key)

    def has_nothing(self, role: str, minute: int, key: Key, span: int) -> bool:
        """Whether a part has no series at that minute, though it could have one.

        `span` is how many minutes were asked for. In history a series is missed only after it had begun: before that
        the counter may not have been invented.
        """
        if (role, minute, key) in self.unusable or key in self.numbers[role][minute]:
            return False
        return span <= PRESENT or self.begins.get((role, key), minute) < minute


def whose(query: PollQuery, labels: Labels) -> Key:
    """Whose a series is, by its labels."""
    agent, workflow = (labels.get(query.by.get(ours, ""), "") for ours in ("agent", "workflow"))
    return query.whose(*(name if isinstance(name, str) else "" for name in (agent, workflow)))  # JSON may say anything


def parts_by_label(query: PollQuery) -> Callable[[Labels], Iterable[PartOf]]:
    """How the series of a `query` that answers all parts are told apart: by the value of one label."""
    label, wanted = query.by["part"], {role: text for role, text in query.parts.items() if role != "query"}

    def parts_of(labels: Labels) -> Iterable[PartOf]:
        value = labels.get(label, "")
        return [PartOf(role, text == ALL) for role, text in wanted.items() if text in (value, ALL)]

    return parts_of


def points_of(kind: str, result: list[Any]) -> Iterator[Points]:
    """Every series of a result of that type; what is none (a histogram) is left out."""
    if kind == "scalar":
        yield {}, [result]
        return
    field_name = "value" if kind == "vector" else "values"
    for item in result:
        labels = item.get("metric") if isinstance(item, dict) else None
        points = item.get(field_name) if isinstance(item, dict) else None  # absent where it is a histogram
        if isinstance(labels, dict) and isinstance(points, list):
            yield labels, [points] if kind == "vector" else points


def _numbers(points: Iterable[Any]) -> Iterator[tuple[int, float]]:
    """(minute, number) of each point that is one; the number may be NaN."""
    for point in points:
        try:
            yield math.ceil(point[0] / STEP) - 1, float(point[1])
        except (TypeError, ValueError, OverflowError, LookupError):
            continue
