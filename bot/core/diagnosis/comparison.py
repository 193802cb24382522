"""Before against after: the arithmetic behind attribution. Worked by hand in `tests/core/test_contrast.py`.

*A share* (failed calls of calls): two proportions, pooled (sum over sum), z = (b - a) / sqrt(p(1-p)(1/n + 1/m)) with p
of both together. *A mean* (calls per task): Welch, z = (b - a) / sqrt(va/n + vb/m). Both are held away from a variance
of zero by one more task of the other kind, so that "never before, twice now" is not proof of anything.

*A step*: the minute at which a series moved. Of all minutes the one that leaves the least weighted sum of squares when
each side is replaced by its own mean (one binary segmentation; for noise that is normal it is the likeliest place of a
single change). *Sudden* or *gradual* is the better of two fits after that minute: a level, or a line that climbs to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from typing import NamedTuple

from bot.core.telemetry.weighted_mean import weighted_mean

CLEAR = 3.5
"""Standard errors from which a difference counts as seen. Some thirty differences are looked at for one incident; at
3.5 chance shows one in about seventy incidents."""
LEAST_N = 8
"""Tasks (or calls) on each side below which nothing is said."""
LEAST_SIDE = 2
"""Minutes on each side of a step."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure before and after. `z` in standard errors, positive for a rise; n in tasks or calls."""

    before: float
    after: float
    z: float
    n_before: float
    n_after: float

    @property
    def known(self) -> bool:
        """Whether there is enough on both sides to say anything."""
        return min(self.n_before, self.n_after) >= LEAST_N

    @property
    def times(self) -> float:
        """After as a multiple of before; a before of nothing counts as one in so many tasks."""
        floor = 1.0 / max(self.n_before, 1.0)
        return self.after / max(self.before, floor)

    def rose(self, times: float = 1.0, by: float = 0.0) -> bool:
        """Clearly higher: beyond chance, at least so many times, and at least by so much."""
        return self.known and self.z >= CLEAR and self.times >= times and self.after - self.before >= by

    def fell(self, times: float = 1.0) -> bool:
        """Clearly lower, to at most `times` of before."""
        return self.known and self.z <= -CLEAR and self.after <= times * self.before


def shares(before: tuple[float, float], after: tuple[float, float]) -> Comparison:
    """Contrast of two shares given as (count, of)."""
    (k, n), (j, m) = before, after
    a, b = _part(k, n), _part(j, m)
    if not n or not m:
        return Comparison(a, b, 0.0, n, m)
    pooled = min(max((k + j + 0.5) / (n + m + 1), 0.5 / (n + m)), 1 - 0.5 / (n + m))
    return Comparison(a, b, (b - a) / sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)), n, m)


def _part(k: float, n: float) -> float:
    return k / n if n else 0.0


def means(before: Sequence[float], after: Sequence[float]) -> Comparison:
    """Contrast of two means of single values."""
    n, m = len(before), len(after)
    a, b = (sum(values) / len(values) if values else 0.0 for values in (before, after))
    if not n or not m:
        return Comparison(a, b, 0.0, n, m)
    spread = _variance(before, a) / n + _variance(after, b) / m
    return Comparison(a, b, (b - a) / sqrt(spread) if spread else 0.0, n, m)


def _variance(values: Sequence[float], mean: float) -> float:
    """Sample variance with one task more in it, as far from the mean as the mean is from nothing: never zero."""
    unit = abs(mean) or 1.0
    return (sum((value - mean) ** 2 for value in values) + unit**2) / len(values)


def chance_of(count: int, expected: float) -> float:
    """How likely so many or more rare events are by chance where `expected` are usual (Poisson)."""
    term, below = exp(-expected), 0.0
    for k in range(count):
        below += term
        term *= expected / (k + 1)
    return max(0.0, 1.0 - below)


def loudest(counts: Mapping[int, float], first: int, last: int) -> tuple[float, int] | None:
    """The minute since which events are most out of line with the time before: (z, minute); None for too few.

    Every minute of the span is tried, so a z here means less than elsewhere: about one more is needed.
    """
    found = []
    for cut in range(first + MIN_BEFORE, last - LEAST_SIDE):
        before = sum(counts.get(minute, 0.0) for minute in range(first, cut))
        after = sum(counts.get(minute, 0.0) for minute in range(cut, last))
        usual = (before + 0.5) / (cut - first) * (last - cut)
        found.append(((after - usual) / sqrt(usual + usual**2 / max(before, 1.0)), cut))
    return max(found, default=None)


MIN_BEFORE = 30
"""Minutes that are normal, at the least."""


class Point(NamedTuple):
    """One minute of a series: its value, and the weight (tasks) behind it."""

    minute: int
    value: float
    weight: float


@dataclass(frozen=True, slots=True)
class LevelShift:
    """Where a series moved, its weighted means on both sides, and how (`sudden` None: too few minutes to tell)."""

    minute: int
    before: float
    after: float
    share: float
    """Share of the series' variation that the step explains, 0 to 1."""
    sudden: bool | None


def step(points: Sequence[Point]) -> LevelShift | None:
    """The likeliest place of one change; None for too few minutes or a series that never moves."""
    ordered = sorted(points)
    total = _squares(ordered)
    if len(ordered) < 2 * LEAST_SIDE + 1 or total <= 0:
        return None
    cuts = range(LEAST_SIDE, len(ordered) - LEAST_SIDE + 1)
    cut = min(cuts, key=lambda at: _squares(ordered[:at]) + _squares(ordered[at:]))
    left = _squares(ordered[:cut]) + _squares(ordered[cut:])
    before, after = _mean(ordered[:cut]), _mean(ordered[cut:])
    return LevelShift(ordered[cut].minute, before, after, 1 - left / total, _sudden(ordered[cut:], before, after))


def _mean(points: Sequence[Point]) -> float:
    return weighted_mean((point.value, point.weight) for point in points) or 0.0


def _squares(points: Sequence[Point]) -> float:
    mean = _mean(points)
    return sum(point.weight * (point.value - mean) ** 2 for point in points)


LEAST_SHAPE = 6
"""Minutes after a step below which its shape is not judged."""
CLIMBS = 0.35
"""A line that climbs by this share of the whole move from the first to the last third is gradual."""


def _sudden(points: Sequence[Point], before: float, level: float) -> bool | None:
    """Whether the new level was there at once: the first third after the step against the last."""
    if len(points) < LEAST_SHAPE or level == before:
        return None
    third = len(points) // 3
    first, last = _mean(points[:third]), _mean(points[-third:])
    return (last - first) / (level - before) < CLIMBS
