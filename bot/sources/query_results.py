"""From the numbers of one query to a sample, the same for every source."""

from datetime import datetime

from bot.core.model.samples import Sample, Series, short_doubt
from bot.core.model.slis import PollQuery
from bot.core.telemetry.plausibility import possible_share

NUMBERS = ("value", "count", "good", "bad", "total")
"""The parts of a query that are numbers."""

Key = tuple[str, str]
"""(agent, workflow)"""


def roles(query: PollQuery) -> tuple[str, str]:
    """The role that carries the value, and the one that carries n ("" where n is not known)."""
    if "total" in query.parts:
        return ("good" if "good" in query.parts else "bad"), "total"
    return "value", "count" if "count" in query.parts else ""


def unusable(series: Series, at: datetime, why: str) -> Sample:
    """A sample without a value: there was an answer, and `why` it cannot be used."""
    return Sample(series, at, None, None, short_doubt(why))


def sample(
    query: PollQuery, series: Series, at: datetime, part: float | None, n: float | None, degraded: str = ""
) -> Sample | str:
    """The sample, or why there is none: a sentence where the numbers cannot be, empty where one is just missing.

    `part` and `n` are the finite numbers found for `roles(query)`. The share of a ratio is of what the query counts,
    good or bad. n = 0 gives a sample without a value: the source answered, and nothing was done.
    """
    if n is None and ("total" in query.parts or "count" in query.parts):
        return ""
    if n == 0:
        return Sample(series, at, None, 0.0, degraded)
    if part is None:
        return ""
    if n is not None and n < 0:
        return f"a count of {n:g} cannot be"
    value = _in_unit(query, part, n)
    if query.kind == "ratio" or query.percent:
        if not possible_share(value):
            return f"{value:g} %" + ("" if n is None else f" of {n:g}") + " cannot be"
        value = min(value, 100.0)
    return Sample(series, at, value, n, degraded)


def _in_unit(query: PollQuery, part: float, n: float | None) -> float:
    """The value in the SLI's unit: a share that is counted, or written as a fraction, becomes per cent."""
    if n is not None and "total" in query.parts:
        return 100.0 * part / n
    return 100.0 * part if query.values_in == "fraction" else part
