"""When a baseline's noise is learned again, and from what: the same for a running bot and for a replay."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.core.detection import baseline as baselines
from bot.core.detection.evidence_rule import learned_noise, line_moved, noise_of, tail_line
from bot.core.model.samples import MinuteRow
from bot.core.model.slis import Baseline, Sli

NOISE_FRESH_FOR = 1440
"""Minutes after which the noise of a series is learned again at the latest: two weeks teach the same an hour later."""
NOISE_RETRY = 60
"""Minutes after which it is learned again at the earliest, and where history was too short to learn anything."""
GROWTH = 0.25
"""Part of its history by which a young series may grow first: what two hours taught is not good for a whole day."""


def noise_due(sli: Sli, known: Baseline, minute: int) -> bool:
    """Whether the noise is to be learned: once a day, more often of a young series, after an hour again without any.

    At once where the objective of a percentile, past which its tasks are counted, has moved.
    """
    if sli.rule != "evidence" or known.method == baselines.PINNED:
        return False
    noise = noise_of(known.noise)
    if noise is None:
        return minute - known.noise_until >= NOISE_RETRY
    return line_moved(sli, known) or minute - known.noise_until >= noise_good_for(noise.own.days)


def noise_good_for(days: float) -> float:
    """Minutes for which what so many days of history taught is good."""
    return min(max(GROWTH * days * baselines.DAY, NOISE_RETRY), NOISE_FRESH_FOR)


def with_noise(
    sli: Sli,
    rows: Iterable[MinuteRow],
    minute: int,
    exclude: Sequence[tuple[int, int]],
    found: Baseline,
    beside: Sequence[tuple[Sli, Sequence[MinuteRow]]] = (),
) -> Baseline:
    """The baseline with its noise learned at a minute from the stored rows before it.

    `exclude`: see `baseline`; `beside`: see `evidence_rule.learned_noise`.
    """
    history = baselines.healthy(sli, rows, minute, exclude)
    noise, line = learned_noise(sli, history, found, beside), tail_line(sli, found) or 0.0
    return replace(found, noise=noise, noise_until=minute, noise_line=line)
