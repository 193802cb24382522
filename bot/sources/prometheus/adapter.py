"""Prometheus and whatever answers its HTTP API (Mimir, Thanos, VictoriaMetrics, Grafana Cloud).

An evaluation at the END of a minute tells of that minute: `increase(x[1m])` at 10:05:00 counts 10:04. So the sample of
minute 10:04 is asked for at 10:05:00 and stored under 10:04. Queries look back one minute; Stepdown pools minutes.

What is no number (NaN of 0/0, Inf, an absent series) makes no sample: the minute stays UNKNOWN, never 0. A count of 0
is an answer: asked, and nothing was done, so the sample has no value and n = 0. A good counter without a series is 0
while there are tasks: nothing good was counted.

What stands in `warnings` are "errors that do not inhibit the request execution" (HTTP API, "Format overview"): a store
that Thanos could not reach, a remote read that failed. The numbers are then of a part of the data, and every sample is
marked. The engine's own annotations on a query's text begin with `PromQL info:` or `PromQL warning:` (Prometheus,
`util/annotations`), and older versions put both kinds into `warnings`: they are told and put nothing in doubt.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from bot.core.model.samples import Sample, Series, minute_start, short_doubt
from bot.core.model.slis import PollQuery
from bot.core.telemetry.freshness import skewed
from bot.ports.sources import STRANGERS, Fetch
from bot.sources.http import HttpAnswer, HttpClient
from bot.sources.prometheus.queries import ALL
from bot.sources.prometheus.settings import PrometheusSettings
from bot.sources.prometheus.vectors import STEP, Labels, PartOf, Points, Vectors, parts_by_label, points_of
from bot.sources.query_results import roles, sample, unusable

POINTS_LIMIT = 11_000
"""Prometheus refuses ranges of more points a series."""
VALUES_LIMIT = 400_000
"""As many values as one answer should hold, about 16 MB."""
WARNING_LENGTH = 200
ANNOTATION = re.compile(r"PromQL (info|warning)\b|\d+ more (info|warning) annotations omitted")
"""What the engine says of a query's text, and of how much more it has to say."""
SHOWN = 5
"""As many refused samples as are told of one by one."""


class Prometheus:
    """See `bot.ports.Source`."""

    def __init__(self, name: str, settings: PrometheusSettings, client: HttpClient) -> None:
        self._name = name
        self._client = client
        self._lookback = f"{settings.lookback:g}s"

    def fetch(self, query: PollQuery, first: int, last: int) -> Fetch:
        """Ask for every part of the query and put them together, whose by whose and minute by minute."""
        found = Vectors()
        for text, parts_of in _questions(query):
            for start, end in _chunks(first, last, len(query.serves)):
                answer = self._ask(text, start, end)
                found.skew = answer.skew
                found.take(self._data(answer, found), query, parts_of)
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

    def _data(self, answer: HttpAnswer, found: Vectors) -> Iterator[Points]:
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
        if body.get("isPartial") is True:  # as VictoriaMetrics' cluster says that a storage node is away
            found.warnings.append(f"{self._name}: the answer is partial (isPartial)")
        data = body.get("data")
        kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, dict) else (None, None)
        if kind not in {"vector", "matrix", "scalar"} or not isinstance(result, list):
            raise self._client.error(f"answered a {kind or 'result of no type'}, not a vector")
        return points_of(kind, result)

    def _fetch(self, query: PollQuery, found: Vectors, minutes: range) -> Fetch:
        degraded = short_doubt(*found.warnings)
        samples: list[Sample] = []
        odd: dict[str, None] = {}
        for minute in minutes:
            for made in _made(query, found, minute, len(minutes), degraded):
                if isinstance(made, str):
                    odd[f"{self._name}: {made}"] = None
                    continue
                samples.append(made)
                if made.degraded != degraded:
                    odd[f"{self._name}: {made.series}: {made.degraded}"] = None
        told = [*dict.fromkeys(found.warnings), *self._complaints(found), *list(odd)[:SHOWN]]
        some = frozenset(sorted(found.strangers)[:STRANGERS])
        return Fetch(tuple(samples), tuple(told), found.skew, tuple(dict.fromkeys(found.remarks)), some)

    def _complaints(self, found: Vectors) -> Iterator[str]:
        if off := skewed(found.skew):
            yield f"{self._name}: {off}"


def _questions(query: PollQuery) -> Iterator[tuple[str, Callable[[Labels], Iterable[PartOf]]]]:
    """Each text to be asked, and which part a series of its answer belongs to."""
    if "query" in query.parts:
        yield query.parts["query"], parts_by_label(query)
        return
    for role, text in query.parts.items():
        yield text, lambda _, role=role: (PartOf(role),)  # type: ignore[misc]  # mypy takes no default for a lambda


def _chunks(first: int, last: int, series: int) -> Iterator[tuple[int, int]]:
    size = max(STEP, min(POINTS_LIMIT, VALUES_LIMIT // max(series, 1)))
    for start in range(first, last + 1, size):
        yield start, min(start + size - 1, last)


def _made(query: PollQuery, found: Vectors, minute: int, span: int, degraded: str) -> Iterator[Sample | str]:
    """The samples of one minute (what cannot be one has no value and says why), and sentences on what counts as 0."""
    value_role, n_role = roles(query)
    for key in found.numbers[n_role or value_role][minute]:
        series = Series(*key, query.sli)
        if key in found.twice:
            why = f"several series for `{found.twice[key]}`; aggregate them in the query (sum by ...)"
            yield unusable(series, minute_start(minute), why)
            continue
        n = found.number(n_role, minute, key) if n_role else None
        part = found.number(value_role, minute, key)
        # a partial answer may lack the series only because a store is away
        counts = n and not degraded and _counts_as_none(query, value_role)
        if counts and found.has_nothing(value_role, minute, key, span):
            part = 0.0
            yield f"{series}: `{value_role}` has no series while tasks go on; it counts as 0"
        made = sample(query, series, minute_start(minute), part, n, degraded)
        if isinstance(made, Sample):
            yield made
        elif made:
            yield unusable(series, minute_start(minute), made)


def _counts_as_none(query: PollQuery, role: str) -> bool:
    """Whether a part without a series is 0 while there are tasks.

    A good counter that does not exist has counted nothing good. A bad one may as well be misspelt, and what is missing
    must not make an agent look well; unless the total is the sum over all values of its own label.
    """
    return role == "good" or (role == "bad" and "query" in query.parts and query.parts.get("total") == ALL)
