"""Falling is news too: an agent that stopped asking while it went wrong (`docs/design/detection.md`, two more senses).

HER, escalations and refusals are judged in the other direction as well. Falling alone is a note and no page. It is a
*silent failure* when another sign of trouble (tool calls, TIE, DQR falling, ...) rises in the very window: chance alone
would have to make both. Their standard deviations are added and divided by that of the sum (Stouffer's method), and
each must bear its part. Two signs that move together by themselves say less than two that do not: a task that is handed
over needs fewer calls. So how far they do is learned (`together`): with correlation r the sum varies by 2 (1 + r).

Both must have left what is normal by more than the SLI's own tolerance: with a million tasks the smallest move is more
than chance, and nobody is to be woken by it. Each track's objective is that line.

On recorded runs of a real agent this tells sick stretches of 60 tasks from healthy ones better than any one sign
(`bench/detection/bench_sick_stretches.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
import numpy.typing as npt

from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.detection.evidence.likelihood import Numbers
from bot.core.detection.evidence.plain import Look, looks
from bot.core.detection.evidence.track import JudgedSeries, Minute

PART = 1 / 3
"""Of the threshold that the fall and the companion each must bear."""

BLOCKS = (1, 10)
"""Minutes over which it is seen how far two SLIs move together: neighbouring tasks, and levels that wander."""

LEAST_BLOCKS = 30
"""Blocks below which they say nothing of a correlation."""


@dataclass(frozen=True, slots=True)
class JudgedSignal:
    """One SLI with its minutes and what was learned of them; the objective of its track is where normal ends."""

    track: JudgedSeries
    minutes: Sequence[Minute]
    learned: LearnedBaseline
    together: float = 0.0
    """Of a companion: how far it moves with the fall by itself, a correlation from 0 to 1."""

    def looks(self, newest: int, since: int | None = None) -> list[Look]:
        """Its windows. `since`: see `judgement.judge`."""
        return looks(self.track, self.minutes, newest, self.learned, since)


@dataclass(frozen=True, slots=True)
class SilentFailure:
    """A fall and the sign that rose with it. `companion` None: the fall alone, a note and no page."""

    companion: str | None
    evidence: float
    fall: Look
    rise: Look | None = None

    @property
    def minutes(self) -> int:
        """The window that speaks."""
        return self.fall.minutes

    @property
    def page(self) -> bool:
        """Whether somebody is to be paged."""
        return self.companion is not None


def mirrored(track: JudgedSeries) -> JudgedSeries:
    """The same SLI with falling as its bad direction; learn a baseline of its own for it."""
    return replace(track, rising_is_bad=not track.rising_is_bad)


def silent_failure(
    falling: JudgedSignal,
    companions: Mapping[str, JudgedSignal],
    newest: int,
    allowance: Allowance | None = None,
    since: int | None = None,
) -> SilentFailure | None:
    """What the fall of an SLI says at this minute: None while it does not fall for sure.

    `falling` holds the `mirrored` track and its baseline. Companions that have no data say nothing. `allowance` counts
    each pair that is looked at as one more SLI.
    """
    threshold = (allowance or Allowance()).threshold
    part = threshold * PART
    falls = [look for look in falling.looks(newest, since) if look.may_breach and look.evidence >= part]
    if not falls:
        return None
    pairs = [
        found
        for name, signal in companions.items()
        for found in _pairs(falls, name, signal, newest, since)
        if found.rise is not None and found.rise.evidence >= part and found.evidence >= threshold
    ]
    alone = [SilentFailure(None, look.evidence, look) for look in falls if look.evidence >= threshold]
    return max(pairs or alone, key=lambda found: found.evidence, default=None)


def strongest_pair(
    falling: JudgedSignal, companions: Mapping[str, JudgedSignal], newest: int, since: int | None = None
) -> float:
    """The most evidence of any fall with any companion, however little: how near this minute is to a silent failure."""
    falls = [look for look in falling.looks(newest, since) if look.may_breach]
    found = (pair for name, signal in companions.items() for pair in _pairs(falls, name, signal, newest, since))
    return max((pair.evidence for pair in found), default=0.0)


def joint(fall: float, rise: float, together: float = 0.0) -> float:
    """The evidence of both: of z1 and z2 standard deviations, (z1 + z2)^2 / (2 (1 + together)) / 2."""
    return (sqrt(fall) + sqrt(rise)) ** 2 / (2 * (1 + together))


def _pairs(
    falls: Sequence[Look], name: str, signal: JudgedSignal, newest: int, since: int | None
) -> Iterator[SilentFailure]:
    by_window = {look.minutes: look for look in signal.looks(newest, since) if look.may_breach}
    for look in falls:
        beside = by_window.get(look.minutes)
        if beside is not None:
            yield SilentFailure(name, joint(look.evidence, beside.evidence, signal.together), look, beside)


def moves_together(
    falling: JudgedSeries, fall: Sequence[Minute], companion: JudgedSeries, rise: Sequence[Minute]
) -> float:
    """How far two healthy series go bad together by themselves, from 0 to 1, a standard error up.

    `falling` is the `mirrored` track. 1, which is to say that the second adds nothing, where history is too short.
    """
    told, beside = (
        {at: (x, n) for at, x, n in track.sums(rows)} for track, rows in ((falling, fall), (companion, rise))
    )
    shared = sorted(told.keys() & beside.keys())
    found = [_correlation(shared, told, beside, companion, block) for block in BLOCKS]
    known = [one for one in found if one is not None]
    return min(1.0, max(0.0, *known)) if known else 1.0


Sums = Mapping[int, tuple[float, float]]


def _correlation(shared: Sequence[int], one: Sums, other: Sums, companion: JudgedSeries, block: int) -> float | None:
    blocks = sorted({minute // block for minute in shared})
    if len(blocks) < LEAST_BLOCKS:
        return None
    place = np.searchsorted(blocks, [minute // block for minute in shared])
    first, second = (_means(place, [sums[minute] for minute in shared], len(blocks)) for sums in (one, other))
    if companion.kind != "share" and (second >= 0).all():
        second = np.log1p(second / max(float(second.mean()), np.finfo(float).tiny))
    if not (first.std() > 0 and second.std() > 0):
        return None
    return float(np.corrcoef(first, second)[0, 1]) + 1 / sqrt(len(blocks))


def _means(place: npt.NDArray[np.intp], sums: Sequence[tuple[float, float]], blocks: int) -> Numbers:
    x, n = (np.bincount(place, [pair[at] for pair in sums], blocks) for at in (0, 1))
    return np.asarray(x / np.maximum(n, np.finfo(float).tiny))
