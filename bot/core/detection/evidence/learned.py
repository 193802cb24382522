"""What a baseline's history taught about the noise of one series: small, frozen with the baseline, stored as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import log, sqrt
from typing import Any

from bot.core.detection.evidence.track import JudgedSeries, Kind
from bot.core.detection.evidence.windows import WINDOWS

LEAST_SHARE = 1e-6
"""A share of bad tasks is held this far from 0 and 1 in logarithms."""

LEAST_VARIANCE = 1e-300
"""Keeps a series without any noise from dividing by nothing."""

LEAST_RATIO = 0.05
"""Below a twentieth of the usual, less is no better."""

LEAST_BAD = 3
"""Bad tasks below which nothing is a breach, whatever the evidence (`docs/design/detection.md`)."""

TAIL_SHARE = 0.005
NORMAL_START = 2.576
NORMAL_EXCESS = 0.316
"""Where the upper 0.5 % of a normal begin and their mean excess, in standard deviations."""

WINDOWS_COST = 2.5
"""Logarithm of how many windows that do not move together are looked through."""

CAUTIOUS_WANDER = 0.04
"""Variance of a healthy level before anything is known: 0.2 in log odds or in logarithms, a fifth up or down."""

CAUTIOUS_SPREAD = 1.0
"""Variance of one task's logarithm before anything is known: costs and times have about that."""


@dataclass(frozen=True, slots=True)
class WindowNoise:
    """The noise of one window. Variances are squared log odds (shares), logarithms or squared units."""

    minutes: int
    wander: float
    """Variance of a healthy level around the baseline."""
    tail: "Tail"
    """The upper tail of the first look."""
    carried: float
    """Part of the last hour's distance from the baseline that is still there in the window, 0 to 1."""
    sudden: float
    """Variance of a healthy level around what the last hour promised, were that hour known exactly."""
    sudden_tail: "Tail"
    """`tail` of the second look."""


@dataclass(frozen=True, slots=True)
class Tail:
    """What lies beyond the upper half percent of a look, in standard deviations: exponential, no lighter than normal.

    A normal tail falls faster than any exponential one, so evidence is the smaller of what the two say.
    """

    start: float = NORMAL_START
    mean: float = NORMAL_EXCESS

    @property
    def least(self) -> float:
        """Evidence where the tail starts.

        A price bounds a normal tail's chance ten times too high, which pays for the many windows that are looked
        through. A measured tail that is heavier has no such slack, so there the windows are paid for.
        """
        return -log(TAIL_SHARE) - WINDOWS_COST * min(1.0, 2 * (1 - NORMAL_EXCESS / self.mean))

    def evidence(self, price: float) -> float:
        """The price of an innocent explanation as evidence: minus the logarithm of its chance, as far as known."""
        return min(price, self.least + max(0.0, sqrt(2 * price) - self.start) / self.mean)


@dataclass(frozen=True, slots=True)
class LearnedBaseline:
    """Level and noise of a healthy series. Serialise with `to_json`, read back with `from_json`."""

    kind: Kind
    level: float
    """Badness as `JudgedSeries.bad` gives it."""
    scatter: float
    """Shares: how many times the binomial variance tasks have, at least 1. Else: variance of one task's badness."""
    logarithmic: bool
    """Whether the badness of a mean or depth is taken as ln((value + lift) / (level + lift))."""
    lift: float
    """The SLI's `absolute_tolerance`, and of a depth at least its level: a queue is empty every other minute."""
    hour: float
    """Variance of the level of an hour, to shrink what the last hour seems to say."""
    windows: tuple[WindowNoise, ...]
    days: float
    """Days of history; 0 while learning: the objective itself is then what chance is measured against."""
    centre: float = 0.0
    """Mean score of the history's minutes: the mean of logarithms lies below the logarithm of the mean."""

    @property
    def learning(self) -> bool:
        """True where there was no history."""
        return self.days == 0

    @property
    def least(self) -> int:
        """Bad tasks (tasks, of a mean) below which nothing is a breach; a depth needs one minute."""
        return 1 if self.kind == "depth" else LEAST_BAD

    def score(self, mean: float) -> float:
        """A minute's mean on the scale of the baseline: 0 is usual, and a log-scale 0.1 about a tenth above it."""
        if not self.logarithmic:
            return mean - self.level - self.centre
        return log(max((mean + self.lift) / (self.level + self.lift), LEAST_RATIO)) - self.centre

    def hour_doubt(self, n: float) -> float:
        """Variance of what an hour of so many tasks says about the level: all of `hour` without tasks."""
        told = n * (self.level * (1 - self.level) if self.kind == "share" else 1.0)
        return self.hour * self.scatter / max(self.scatter + told * self.hour, LEAST_VARIANCE)

    @property
    def log_odds(self) -> float:
        """The level of a share in log odds."""
        share = min(max(self.level, LEAST_SHARE), 1 - LEAST_SHARE)
        return log(share / (1 - share))

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, strings and lists."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "LearnedBaseline":
        """Read what `to_json` gave. Raises KeyError or TypeError for anything else."""
        windows = tuple(_noise(window) for window in stored["windows"])
        return cls(**{**stored, "windows": windows})


def _noise(stored: Mapping[str, Any]) -> WindowNoise:
    tails = {name: Tail(**stored[name]) for name in ("tail", "sudden_tail")}
    return WindowNoise(**{**stored, **tails})


def unlearned(track: JudgedSeries) -> LearnedBaseline:
    """What stands in without history: the objective as level, and cautious noise."""
    share = track.kind == "share"
    logarithmic = not share and track.rising_is_bad and track.line + track.lift > 0
    unit = 1.0 if share or logarithmic else max(track.line**2, track.lift**2, LEAST_SHARE)
    wander = CAUTIOUS_WANDER * unit
    noise = tuple(WindowNoise(minutes, wander, Tail(), 0.0, wander, Tail()) for minutes in WINDOWS)
    scatter = 1.0 if share else CAUTIOUS_SPREAD * unit
    return LearnedBaseline(track.kind, track.line, scatter, logarithmic, track.lift, wander, noise, 0.0)
