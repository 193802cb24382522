"""How strong the evidence of many series is at one minute: as `plain.py` says it, on arrays of stored minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bot.core.detection.evidence.fleet import Noises, evidence, past_objective, window_sums
from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.detection.evidence.likelihood import Numbers
from bot.core.detection.evidence.scale import Scale
from bot.core.detection.evidence.track import JudgedSeries
from bot.core.detection.evidence.windows import LONG

UNCOUNTED = -1.0
"""Stands for the count of a minute with a value that tells none; other counts below 0 make no value."""


@dataclass(frozen=True, slots=True)
class WeighedSeries:
    """One series: values (NaN where there is none) and counts of its last LONG minutes, oldest first."""

    track: JudgedSeries
    learned: LearnedBaseline
    values: Sequence[float]
    counts: Sequence[float]
    known: int = LONG
    """How many of the newest minutes count: with fewer than all of them, only `past` is asked."""


class WeighedEvidence(NamedTuple):
    """The strongest evidence of a series, and whether any window is past its objective at all."""

    strength: float
    past: bool


def weights(series: Sequence[WeighedSeries]) -> list[WeighedEvidence]:
    """Weigh series of any kind, those of one family together."""
    families = dict[tuple[bool, bool], list[int]]()
    for place, one in enumerate(series):
        families.setdefault((one.track.kind == "share", one.learned.logarithmic), []).append(place)
    found = dict[int, WeighedEvidence]()
    for places in families.values():
        found.update(zip(places, _of_family([series[place] for place in places]), strict=True))
    return [found[place] for place in range(len(series))]


def _of_family(series: Sequence[WeighedSeries]) -> list[WeighedEvidence]:
    values, counts = (np.array([getattr(one, name) for one in series]) for name in ("values", "counts"))
    for place, one in enumerate(series):
        counts[place, : LONG - one.known] = 0.0
    tracks = [one.track for one in series]
    x, n = _sums(tracks, values, counts)
    scale = Scale.of(*(one.learned for one in series))
    sums = window_sums(scale, x, n)
    where = past_objective(sums, scale, np.array([track.line for track in tracks]))
    asked = where & np.array([one.known == LONG for one in series])[:, None]
    looks = evidence(sums, scale, Noises.of(*(one.learned for one in series)), np.asarray(asked))
    strongest = np.maximum(*looks).max(axis=1)
    return [
        WeighedEvidence(float(strength), bool(np.any(past))) for strength, past in zip(strongest, where, strict=True)
    ]


def _sums(tracks: Sequence[JudgedSeries], values: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
    """Badness and tasks of every minute: `JudgedSeries.bad` on arrays. A minute that does not count has no tasks."""
    depth = np.array([track.kind == "depth" for track in tracks])[:, None]
    share = np.array([track.kind == "share" for track in tracks])[:, None]
    rising = np.array([track.rising_is_bad for track in tracks])[:, None]
    n = np.where(depth, counts == UNCOUNTED, np.maximum(counts, 0.0))
    n = np.where(np.isfinite(values), n, 0.0)
    known = np.where(n > 0, values, 0.0)
    part = np.clip(known / 100, 0.0, 1.0)
    shares, plain = np.where(rising, part, 1 - part), np.where(rising, known, -known)
    return np.where(share, shares, plain) * n, n
