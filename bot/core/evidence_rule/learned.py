"""What a baseline's history taught about the noise of one series: small, frozen with the baseline, stored as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import log
from typing import Any

from bot.core.evidence_rule.track import Kind, Track
from bot.core.evidence_rule.windows import WINDOWS

LEAST_SHARE = 1e-6
"""A share of bad tasks is held this far from 0 and 1 in logarithms."""

LEAST_BAD = 3
"""Bad tasks below which nothing is a breach, whatever the evidence (`docs/design/detection.md`)."""

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
    tail: float
    """How much heavier than normal the upper tail of the first look is, at least 1: evidence is divided by it."""
    carried: float
    """Part of the last hour's distance from the baseline that is still there in the window, 0 to 1."""
    sudden: float
    """Variance of a healthy level around what the last hour promised."""
    sudden_tail: float
    """`tail` of the second look."""


@dataclass(frozen=True, slots=True)
class LearnedBaseline:
    """Level and noise of a healthy series. Serialise with `to_json`, read back with `from_json`."""

    kind: Kind
    level: float
    """Badness as `Track.bad` gives it."""
    scatter: float
    """Shares: how many times the binomial variance tasks have, at least 1. Else: variance of one task's badness."""
    logarithmic: bool
    """Whether the badness of a mean or depth is taken as ln((value + lift) / (level + lift))."""
    lift: float
    hour: float
    """Variance of the level of an hour, to shrink what the last hour seems to say."""
    windows: tuple[WindowNoise, ...]
    days: float
    """Days of history; 0 while learning: the objective itself is then what chance is measured against."""

    @property
    def learning(self) -> bool:
        """True where there was no history."""
        return self.days == 0

    @property
    def least(self) -> int:
        """Bad tasks (tasks, of a mean) below which nothing is a breach; a depth needs one minute."""
        return 1 if self.kind == "depth" else LEAST_BAD

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
        windows = tuple(WindowNoise(**window) for window in stored["windows"])
        return cls(**{**stored, "windows": windows})


def unlearned(track: Track) -> LearnedBaseline:
    """What stands in without history: the objective as level, and cautious noise."""
    share = track.kind == "share"
    logarithmic = not share and track.rising_is_bad and track.line + track.lift > 0
    unit = 1.0 if share or logarithmic else max(track.line**2, track.lift**2, LEAST_SHARE)
    wander = CAUTIOUS_WANDER * unit
    noise = tuple(WindowNoise(minutes, wander, 1.0, 0.0, wander, 1.0) for minutes in WINDOWS)
    scatter = 1.0 if share else CAUTIOUS_SPREAD * unit
    return LearnedBaseline(track.kind, track.line, scatter, logarithmic, track.lift, wander, noise, 0.0)
