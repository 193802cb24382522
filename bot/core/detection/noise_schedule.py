"""When a baseline's noise is learned again, and from what: the same for a running bot and for a replay."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.core.detection import baseline as baselines
from bot.core.detection.evidence_rule import learned_noise, line_moved, tail_line
from bot.core.model.samples import MinuteRow
from bot.core.model.slis import Baseline, Sli

NOISE_FRESH_FOR = 1440
"""Minutes after which the noise of a series is learned again: two weeks teach the same an hour later."""
NOISE_RETRY = 60
"""The same where history was too short to learn anything."""


def noise_due(sli: Sli, known: Baseline, minute: int) -> bool:
    """Whether the noise is to be learned: once a day, after an hour again where history was too short.

    At once where the objective of a percentile, past which its tasks are counted, has moved.
    """
    if sli.rule != "evidence" or known.method == baselines.PINNED:
        return False
    if known.noise and line_moved(sli, known):
        return True
    return minute - known.noise_until >= (NOISE_FRESH_FOR if known.noise else NOISE_RETRY)


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
