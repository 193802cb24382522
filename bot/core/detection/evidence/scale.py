"""Where a window lies on the scale of its baseline, for numbers or arrays of windows alike."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.core.detection.evidence.learned import LEAST_RATIO, LEAST_VARIANCE, LearnedBaseline
from bot.core.detection.evidence.likelihood import (
    LEAST_WANDER,
    Numbers,
    likeliest_shift,
    mean_price,
    share_of,
    share_price,
)

SCALED = ("scatter", "lift", "centre", "hour", "least")


@dataclass(frozen=True, slots=True)
class Scale:
    """Level and scatter of one series, or of many of one family (shares, logarithms, plain values) as arrays."""

    share: bool
    logarithmic: bool
    level: Numbers
    """Log odds of a share, else badness."""
    scatter: Numbers
    lift: Numbers
    centre: Numbers
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
            *([getattr(each, name) for each in learned] for name in SCALED),
        )
        return cls(share, logarithmic, *(np.array(column, dtype=np.float64)[:, None] for column in columns))

    def rows(self, which: npt.NDArray[np.intp]) -> "Scale":
        """Some of the series: `which` holds row numbers, and the answer's columns have its shape."""
        picked = (getattr(self, name)[which, 0] for name in ("level", *SCALED))
        return Scale(self.share, self.logarithmic, *picked)

    def scored(self, x: Numbers, n: Numbers) -> Numbers:
        """What each minute weighs: bad tasks of a share, else tasks times the minute's score (`LearnedBaseline.score`).

        A minute's mean is scored before minutes are added up, so that one task of a hundred times the usual cost makes
        one odd minute, and not an odd hour.
        """
        if self.share:
            return x
        mean = np.where(n > 0, x / np.maximum(n, LEAST_WANDER), self.level)
        if not self.logarithmic:
            return np.asarray(n * (mean - self.level - self.centre))
        ratio = (mean + self.lift) / (self.level + self.lift)
        return np.asarray(n * (np.log(np.maximum(ratio, LEAST_RATIO)) - self.centre))

    def recent(self, x: Numbers, n: Numbers) -> Numbers:
        """Where the level was in an hour with these sums, as a distance from the baseline shrunk by what n can tell."""
        if self.share:
            return likeliest_shift(x / self.scatter, n / self.scatter, self.level, self.hour)
        spread = self.scatter / np.maximum(n, LEAST_WANDER)
        mean = x / np.maximum(n, LEAST_WANDER)
        return np.asarray(mean * self.hour / np.maximum(self.hour + spread, np.finfo(float).tiny))

    def hour_doubt(self, n: Numbers) -> Numbers:
        """Variance of what an hour of so many tasks says about the level: `LearnedBaseline.hour_doubt` on arrays."""
        share = share_of(self.level)
        told = n * share * (1 - share) if self.share else n
        return np.asarray(self.hour * self.scatter / np.maximum(self.scatter + told * self.hour, LEAST_VARIANCE))

    def price(self, x: Numbers, n: Numbers, shift: Numbers, wander: Numbers) -> Numbers:
        """The price of an innocent explanation of windows with these sums against a level shifted by so much."""
        if self.share:
            return share_price(x / self.scatter, n / self.scatter, self.level + shift, wander)
        return mean_price(x / np.maximum(n, LEAST_WANDER) - shift, n, self.scatter, wander)

    def residual(self, x: Numbers, n: Numbers, shift: Numbers) -> tuple[Numbers, Numbers]:
        """Residual and its information: their ratio is the distance from the shifted level, in the scale's unit."""
        if not self.share:
            return x - n * shift, n
        share = share_of(self.level + shift)
        return x - n * share, n * share * (1 - share)
