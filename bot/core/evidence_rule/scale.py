"""Where a window lies on the scale of its baseline, for numbers or arrays of windows alike."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.core.evidence_rule.learned import LearnedBaseline
from bot.core.evidence_rule.likelihood import (
    LEAST_WANDER,
    Numbers,
    likeliest_shift,
    mean_price,
    share_of,
    share_price,
)


@dataclass(frozen=True, slots=True)
class Scale:
    """Level and scatter of one series, or of many of one family (shares, logarithms, plain values) as arrays."""

    share: bool
    logarithmic: bool
    level: Numbers
    """Log odds of a share, else badness."""
    scatter: Numbers
    lift: Numbers
    hour: Numbers
    least: Numbers
    """Bad tasks (tasks, of a mean; minutes, of a depth) below which nothing is a breach."""

    @classmethod
    def of(cls, *learned: LearnedBaseline) -> "Scale":
        """The scale of series of one family, one row each. Raises ValueError where families are mixed."""
        families = {(each.kind == "share", each.logarithmic) for each in learned}
        if len(families) != 1:
            raise ValueError(f"series of one family are judged together, got {sorted(families)}")
        ((share, logarithmic),) = families
        levels = [each.log_odds if share else each.level for each in learned]
        columns = (
            levels,
            *([getattr(each, name) for each in learned] for name in ("scatter", "lift", "hour", "least")),
        )
        return cls(share, logarithmic, *(np.array(column, dtype=np.float64)[:, None] for column in columns))

    def rows(self, which: npt.NDArray[np.intp]) -> "Scale":
        """Some of the series: `which` holds row numbers, and the answer's columns have its shape."""
        picked = (column[which, 0] for column in (self.level, self.scatter, self.lift, self.hour, self.least))
        return Scale(self.share, self.logarithmic, *picked)

    def distance(self, x: Numbers, n: Numbers) -> Numbers:
        """How far a mean lies from the level; 0 without tasks."""
        mean = np.where(n > 0, x / np.maximum(n, LEAST_WANDER), self.level)
        if not self.logarithmic:
            return np.asarray(mean - self.level)
        tiny = np.finfo(float).tiny
        return np.asarray(np.log(np.maximum(mean + self.lift, tiny) / np.maximum(self.level + self.lift, tiny)))

    def recent(self, x: Numbers, n: Numbers) -> Numbers:
        """Where the level was in an hour with these sums, as a distance from the baseline shrunk by what n can tell."""
        if self.share:
            return likeliest_shift(x / self.scatter, n / self.scatter, self.level, self.hour)
        spread = self.scatter / np.maximum(n, LEAST_WANDER)
        return self.distance(x, n) * self.hour / np.maximum(self.hour + spread, np.finfo(float).tiny)

    def price(self, x: Numbers, n: Numbers, shift: Numbers, wander: Numbers) -> Numbers:
        """The price of an innocent explanation of windows with these sums against a level shifted by so much."""
        if self.share:
            return share_price(x / self.scatter, n / self.scatter, self.level + shift, wander)
        return mean_price(self.distance(x, n) - shift, n, self.scatter, wander)

    def residual(self, x: Numbers, n: Numbers, shift: Numbers) -> tuple[Numbers, Numbers]:
        """Residual and its information: their ratio is the distance from the shifted level, in the scale's unit."""
        if not self.share:
            return n * (self.distance(x, n) - shift), n
        share = share_of(self.level + shift)
        return x - n * share, n * share * (1 - share)
