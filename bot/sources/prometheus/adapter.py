"""Prometheus and whatever answers its HTTP API (Mimir, Thanos, VictoriaMetrics, Grafana Cloud).

An evaluation at the END of a minute tells of that minute: `increase(x[1m])` at 10:05:00 counts 10:04. So the sample of
minute 10:04 is asked for at 10:05:00 and stored under 10:04. Queries look back one minute; Stepdown pools minutes.

What is no number (NaN of 0/0, Inf, an absent series) makes no sample: the minute stays UNKNOWN, never 0. A count of 0
is an answer: asked, and nothing was done, so the sample has no value and n = 0.

What stands in `warnings` are "errors that do not inhibit the request execution" (HTTP API, "Format overview"): a store
that Thanos could not reach, a remote read that failed. The numbers are then of a part of the data, and every sample is
marked. The engine's own annotations on a query's text begin with `PromQL info:` or `PromQL warning:` (Prometheus,
`util/annotations`), and older versions put both kinds into `warnings`: they are told and put nothing in doubt.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field

from bot.core.model.samples import Sample, Series, minute_start, short_doubt
from bot.core.model.slis import PollQuery
from bot.core.telemetry.freshness import skewed
from bot.ports.sources import STRANGERS, Fetch
from bot.sources.http import HttpAnswer, HttpClient, HttpSettings, Span
from bot.sources.query_results import Key, roles, sample, unusable

STEP = 60
POINTS_LIMIT = 11_000
"""Prometheus refuses ranges of more points a series."""
VALUES_LIMIT = 400_000
"""As many values as one answer should hold, about 16 MB."""
WARNING_LENGTH = 200
ANNOTATION = re.compile(r"PromQL (info|warning)\b|\d+ more (info|warning) annotations omitted")
"""What the engine says of a query's text, and of how much more it has to say."""
SHOWN = 5
"""As many refused samples as are told of one by one."""

_TASKS = "sum by ($by) (increase(agent_tasks_total[1m]))"


def _per_task(counter: str) -> Mapping[str, str]:
    return MappingProxyType({"value": f"sum by ($by) (increase({counter}[1m])) / {_TASKS}", "count": _TASKS})


def _share(role: str, counter: str) -> Mapping[str, str]:
    """A counter of bad things is absent until the first bad thing happens: then it is 0 wherever there are tasks."""
    counted = f"sum by ($by) (increase({counter}[1m]))"
    return MappingProxyType({role: f"{counted} or 0 * {_TASKS}" if role == "bad" else counted, "total": _TASKS})


_TOOL = 'sum by ($by) (increase(agent_tool_calls_total{tool="$tool"}[1m]))'
_TOOL_ERRORS = 'sum by ($by) (increase(agent_tool_errors_total{tool="$tool"}[1m]))'

NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "dqr": _share("good", "agent_decisions_good_total"),
        "tie": _per_task("agent_tool_calls_total"),
        "her": _share("bad", "agent_escalations_total"),
        "aqdd": MappingProxyType({"value": "sum by ($by) (agent_approvals_pending)"}),
        "task_success": _share("good", "agent_tasks_succeeded_total"),
        "tool_success": MappingProxyType({"good": f"{_TOOL} - ({_TOOL_ERRORS} or 0 * {_TOOL})", "total": _TOOL}),
        "trajectory_length": _per_task("agent_steps_total"),
        "cost_per_task": _per_task("agent_cost_usd_total"),
        "time_to_resolution": _per_task("agent_task_duration_seconds_sum"),
        "replans_per_task": _per_task("agent_replans_total"),
        "context_use": MappingProxyType(
            {"value": "100 * max by ($by) (agent_context_tokens) / max by ($by) (agent_context_limit_tokens)"}
        ),
    }
)
"""The metric names an agent's exporter may use so that the fleet file needs no queries: label `agent`, `task_class`."""


class PrometheusSettings(HttpSettings):
    """`url` is the address before `/api/v1`. `lookback` bounds how old a gauge's last scrape may be."""

    lookback: Annotated[Span, Field(ge=15, le=3600)] = 120


@dataclass(slots=True)
class _Vectors:
    """What the parts of one query answered: role -> minute -> whose -> number."""

    numbers: dict[str, dict[int, dict[Key, float]]] = field(default_factory=dict)
    twice: dict[Key, str] = field(default_factory=dict)
    """Whose answer had several series, and in which role; one of them cannot be chosen, and a sum was not asked for."""
    strangers: set[Key] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    skew: float | None = None


class Prometheus:
    """See `bot.ports.Source`."""

    def __init__(self, name: str, settings: PrometheusSettings, client: HttpClient) -> None:
        self._name = name
        self._client = client
        self._lookback = f"{settings.lookback:g}s"

    def fetch(self, query: PollQuery, first: int, last: int) -> Fetch:
        """Ask for every part of the query and put them together, whose by whose and minute by minute."""
        found = _Vectors()
        for role, text in query.parts.items():
            numbers = found.numbers.setdefault(role, defaultdict(dict))
            for start, end in _chunks(first, last, len(query.serves)):
                answer = self._ask(text, start, end)
                found.skew = answer.skew
                _collect(self._data(answer, found), query, role, numbers, found)
        return self._fetch(query, found, range(first, last + 1))

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _ask(self, text: str, first: int, last: int) -> HttpAnswer:
        form = {"query": text, "lookback_delta": self._lookback}
        if first == last:
            return self._client.post_form("/api/v1/query", {**form, "time": str((last + 1) * STEP)})
        span = {"start": str((first + 1) * STEP), "end": str((last + 1) * STEP), "step": str(STEP)}
        return self._client.post_form("/api/v1/query_range", {**form, **span})

    def _data(self, answer: HttpAnswer, found: _Vectors) -> Iterator[tuple[Mapping[str, str], Iterable[Any]]]:
        """(labels, [[time, "value"], ...]) of every series; raises SourceError for what is not an answer."""
        body = answer.data
        if not isinstance(body, dict) or body.get("status") != "success":
            said = body.get("error") if isinstance(body, dict) else None
            raise self._client.error(f"answered JSON that is not a query's result: {str(said or body)[:80]}")
        for field_name in ("warnings", "infos"):
            said = body.get(field_name)
            for text in said if isinstance(said, list) else []:
                remark = field_name == "infos" or ANNOTATION.match(str(text))
                kept = found.remarks if remark else found.warnings
                kept.append(f"{self._name}: {str(text)[:WARNING_LENGTH]}")
        data = body.get("data")
        kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, dict) else (None, None)
        if kind not in {"vector", "matrix", "scalar"} or not isinstance(result, list):
            raise self._client.error(f"answered a {kind or 'result of no type'}, not a vector")
        return _points(kind, result)

    def _fetch(self, query: PollQuery, found: _Vectors, minutes: range) -> Fetch:
        degraded = short_doubt(*found.warnings)
        samples: list[Sample] = []
        refused: dict[str, None] = {}
        for minute in minutes:
            for made in _made(query, found, minute, degraded):
                samples.append(made)
                if made.degraded != degraded:
                    refused[f"{self._name}: {made.series}: {made.degraded}"] = None
        told = [*dict.fromkeys(found.warnings), *self._complaints(found), *list(refused)[:SHOWN]]
        some = frozenset(sorted(found.strangers)[:STRANGERS])
        return Fetch(tuple(samples), tuple(told), found.skew, tuple(dict.fromkeys(found.remarks)), some)

    def _complaints(self, found: _Vectors) -> Iterator[str]:
        if off := skewed(found.skew):
            yield f"{self._name}: {off}"


def _whose(query: PollQuery, labels: Mapping[str, str]) -> Key:
    """Whose a series is, by its labels."""
    agent, workflow = (labels.get(query.by.get(ours, ""), "") for ours in ("agent", "workflow"))
    return query.whose(agent, workflow)


def _chunks(first: int, last: int, series: int) -> Iterator[tuple[int, int]]:
    size = max(STEP, min(POINTS_LIMIT, VALUES_LIMIT // max(series, 1)))
    for start in range(first, last + 1, size):
        yield start, min(start + size - 1, last)


def _points(kind: str, result: list[Any]) -> Iterator[tuple[Mapping[str, str], Iterable[Any]]]:
    if kind == "scalar":
        yield {}, [result]
        return
    field_name = "value" if kind == "vector" else "values"
    for item in result:
        labels = item.get("metric") if isinstance(item, dict) else None
        points = item.get(field_name) if isinstance(item, dict) else None  # absent where it is a histogram
        if isinstance(labels, dict) and isinstance(points, list):
            yield labels, [points] if kind == "vector" else points


def _collect(
    data: Iterator[tuple[Mapping[str, str], Iterable[Any]]],
    query: PollQuery,
    role: str,
    numbers: dict[int, dict[Key, float]],
    found: _Vectors,
) -> None:
    """Sort the series of one answer by minute and by whose they are. Each has one series in one answer, or none."""
    seen: set[Key] = set()
    for labels, points in data:
        key = _whose(query, labels)
        if not query.speaks_for(key):
            found.strangers.add(key)
            continue
        if key in seen:
            found.twice[key] = role
        seen.add(key)
        for point in points:
            try:
                value, minute = float(point[1]), math.ceil(point[0] / STEP) - 1
            except (TypeError, ValueError, OverflowError, LookupError):
                continue
            if math.isfinite(value):
                numbers[minute][key] = value


def _made(query: PollQuery, found: _Vectors, minute: int, degraded: str) -> Iterator[Sample]:
    """The samples of one minute; what cannot be one has no value and says why."""
    value_role, n_role = roles(query)
    at = minute_start(minute)
    values = found.numbers[value_role].get(minute, {})
    counts = found.numbers[n_role].get(minute, {}) if n_role else values
    for key in counts:
        series = Series(*key, query.sli)
        if key in found.twice:
            yield unusable(series, at, f"several series for `{found.twice[key]}`; aggregate them in the query")
            continue
        made = sample(query, series, at, values.get(key), counts[key] if n_role else None, degraded)
        if isinstance(made, Sample):
            yield made
        elif made:
            yield unusable(series, at, made)
