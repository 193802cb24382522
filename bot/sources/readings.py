"""From the numbers of one query's parts to a sample, the same for every source."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from bot.core.model import PollQuery, Sample, Series

Key = tuple[str, str]
"""(agent, workflow)"""

OVERSHOOT = 1.05
"""A count extrapolated from scrapes may pass its total by a little; by more it counts something else."""


class Reading(NamedTuple):
    """The finite numbers that were found, by role. A role that is absent was asked for and not answered."""

    query: PollQuery
    numbers: Mapping[str, float]


def sample(series: Series, at: datetime, reading: Reading, degraded: str = "") -> Sample | str:
    """The sample, or why there is none: a sentence where the numbers cannot be, empty where one is just missing.

    A total (or count) of 0 gives a sample without a value and with n = 0: the source answered, and nothing was done.
    """
    parts, numbers = reading.query.parts, reading.numbers
    n = numbers.get("total", numbers.get("count"))
    if n is None and ("total" in parts or "count" in parts):
        return ""
    if n is not None and n < 0:
        return f"a count of {n:g} cannot be"
    if n == 0:
        return Sample(series, at, None, 0.0, degraded)
    value = _percentage(numbers, n) if "total" in parts else numbers.get("value")
    if value is None:
        return ""
    if reading.query.kind == "ratio" and not 0 <= value <= 100 * OVERSHOOT:
        return f"{value:g} % of {n:g} cannot be" if n is not None else f"{value:g} % cannot be"
    if reading.query.kind == "ratio":
        value = min(value, 100.0)
    return Sample(series, at, value, n, degraded)


def _percentage(numbers: Mapping[str, float], total: float | None) -> float | None:
    """100 x part / total for `good` or `bad`; the SLI is the percentage of whichever the query counts."""
    part = numbers.get("good", numbers.get("bad"))
    return None if part is None or not total else 100.0 * part / total
