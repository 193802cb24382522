"""Series for the tests of the rule by evidence: healthy stretches, and a jump at the end of one."""

from collections.abc import Sequence

import numpy as np

from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.detection.evidence.learning import learn
from bot.core.detection.evidence.track import JudgedSeries, Minute

DAY = 1_440
HER = JudgedSeries("share", 5.0)
DQR = JudgedSeries("share", 85.0, rising_is_bad=False)
COST = JudgedSeries("mean", 1.5)
QUEUE = JudgedSeries("depth", 20.0, lift=1.0)


def shares(share: float, rate: float, first: int, length: int, seed: int = 1) -> list[Minute]:
    """Minutes of a share (0 to 1): tasks Poisson, bad ones binomial; minutes without tasks are left out."""
    random = np.random.default_rng([seed, first])
    n = random.poisson(rate, length)
    bad = random.binomial(n, share)
    rows = zip(range(first, first + length), bad.tolist(), n.tolist(), strict=True)
    return [Minute(at, 100 * few / all_, all_) for at, few, all_ in rows if all_]


def costs(level: float, rate: int, first: int, length: int, seed: int = 1) -> list[Minute]:
    """Minutes of a mean of log-normal costs."""
    random = np.random.default_rng([seed, first])
    means = level * np.exp(0.8 * random.standard_normal((length, rate)) - 0.32).mean(axis=1)
    return [Minute(first + at, float(mean), rate) for at, mean in enumerate(means)]


def depths(level: float, first: int, length: int, seed: int = 1) -> list[Minute]:
    """Minutes of a queue whose depth is remembered for a few minutes."""
    random = np.random.default_rng([seed, first])
    steps = np.cumsum(random.poisson(16, length) - random.poisson(20, length))
    depth = steps - np.minimum.accumulate(np.minimum(steps, 0))
    return [Minute(first + at, float(level * each / 4.5)) for at, each in enumerate(depth)]


def taught(track: JudgedSeries, history: Sequence[Minute]) -> LearnedBaseline:
    """What a history teaches."""
    return learn(track, history)
