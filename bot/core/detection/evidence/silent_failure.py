"""Falling is news too: an agent that stopped asking while it went wrong (`docs/design/detection.md`, two more senses).

HER, escalations and refusals are judged in the other direction as well. Falling alone is a note and no page. It is a
*silent failure* when another sign of trouble (tool calls, tool errors, repeated calls, TIE, DQR falling) rises in the
very window: chance alone would have to make both. Their standard deviations are added and divided by the root of two
(Stouffer's method), and each must bear its part. On recorded runs of a real agent that tells sick stretches of 60 tasks
from healthy ones better than any one sign (`bench/detection/bench_sick_stretches.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.detection.evidence.plain import Look, looks
from bot.core.detection.evidence.track import JudgedSeries, Minute

PART = 1 / 3
"""Of the threshold that the fall and the companion each must bear."""


@dataclass(frozen=True, slots=True)
class JudgedSignal:
    """One SLI with its minutes and what was learned of them."""

    track: JudgedSeries
    minutes: Sequence[Minute]
    learned: LearnedBaseline

    def looks(self, newest: int) -> list[Look]:
        """Its windows, whatever its objective: a companion need not be in breach itself."""
        return looks(self.track, self.minutes, newest, self.learned)


@dataclass(frozen=True, slots=True)
class SilentFailure:
    """A fall and the sign that rose with it. `companion` None: the fall alone, a note and no page."""

    minutes: int
    companion: str | None
    evidence: float
    page: bool


def mirrored(track: JudgedSeries) -> JudgedSeries:
    """The same SLI with falling as its bad direction; learn a baseline of its own for it."""
    return replace(track, rising_is_bad=not track.rising_is_bad)


def silent_failure(
    falling: JudgedSignal, companions: Mapping[str, JudgedSignal], newest: int, allowance: Allowance | None = None
) -> SilentFailure | None:
    """What the fall of an SLI says at this minute: None while it does not fall for sure.

    `falling` holds the `mirrored` track and its baseline. Companions that have no data say nothing.
    """
    threshold = (allowance or Allowance()).threshold
    falls = [look for look in falling.looks(newest) if look.enough and look.evidence >= threshold * PART]
    pairs = [
        SilentFailure(look.minutes, name, joint(look.evidence, beside.evidence), page=True)
        for name, signal in companions.items()
        for look, beside in _together(falls, signal.looks(newest))
        if beside.evidence >= threshold * PART and joint(look.evidence, beside.evidence) >= threshold
    ]
    alone = [SilentFailure(look.minutes, None, look.evidence, page=False) for look in falls]
    sure = [note for note in alone if note.evidence >= threshold]
    return max(pairs or sure, key=lambda found: found.evidence, default=None)


def joint(fall: float, rise: float) -> float:
    """The evidence of both: of z1 and z2 standard deviations, ((z1 + z2) / sqrt 2)^2 / 2."""
    return (sqrt(fall) + sqrt(rise)) ** 2 / 2


def _together(falls: Sequence[Look], looked: Sequence[Look]) -> list[tuple[Look, Look]]:
    by_window = {look.minutes: look for look in looked if look.enough}
    return [(look, by_window[look.minutes]) for look in falls if look.minutes in by_window]
