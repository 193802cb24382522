"""Traffic of agents for the benchmark of detection: healthy levels that wander, waves, bursts, skew, queues.

A case draws the level of every minute first and its tasks afterwards, so that a jump can be laid over any stretch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, sqrt
from typing import Literal

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
DAY = 1_440
EXACT_TASKS = 60
"""Tasks a minute up to which each one's cost is drawn; the sum of more is drawn as a gamma of its mean and variance."""


@dataclass(frozen=True, slots=True)
class Case:
    """A kind of healthy agent and its objective. `level` and `objective`: shares 0 to 1, means and depths in units."""

    kind: Literal["share", "mean", "depth"]
    level: float
    objective: float
    rate: float
    wander: float = 0.0
    """Standard deviation of the level in log odds or logarithms, AR(1)."""
    memory: float = 120.0
    """Minutes after which the wandering has lost all but 1/e."""
    wave: float = 0.0
    """Amplitude of the daily wave of the level."""
    traffic: Literal["even", "daily", "bursty"] = "even"
    clusters: int = 1
    """Tasks that go wrong together."""
    beta: float = 0.0
    """Concentration of a share drawn anew each minute; 0: none."""
    skew: float = 0.8
    """Standard deviation of the logarithm of one task's cost, or, below 0, the exponent of its Pareto tail."""
    load: float = 0.8
    """Of the queue: arrivals by what can be served."""
    shape: str = ""
    """A shape of its own, looked at only with `--held-out`: `steps` or `regimes`."""

    @property
    def name(self) -> str:
        """Such as "share 3% <=5% at 100, wander 0.2"."""
        size = f"{100 * self.level:g}% <={100 * self.objective:g}%"
        size = size if self.kind == "share" else f"<={self.objective:g}x"
        told = {"wander": self.wander, "memory": 0 if self.memory == 120 else self.memory, "wave": self.wave}
        told |= {"clusters": self.clusters - 1 and self.clusters, "beta": self.beta}
        told |= {"skew": self.skew if self.kind == "mean" else 0, "load": self.load if self.kind == "depth" else 0}
        extra = [f"{key} {value:g}" for key, value in told.items() if value]
        extra += [self.traffic] * (self.traffic != "even") + [self.shape] * bool(self.shape)
        rate = f" at {self.rate:g}" if self.kind != "depth" else ""
        return ", ".join([f"{self.kind} {size}{rate}", *extra])


@dataclass(frozen=True, slots=True)
class Healthy:
    """A healthy stretch: level, tasks and summed badness of every minute."""

    level: Numbers
    x: Numbers
    n: Numbers


def healthy(case: Case, random: np.random.Generator, minutes: int) -> Healthy:
    """So many minutes of a healthy agent."""
    n = _tasks(case, random, minutes)
    level = _level(case, random, minutes)
    return Healthy(level, drawn(case, random, level, n), n)


def drawn(case: Case, random: np.random.Generator, level: Numbers, n: Numbers) -> Numbers:
    """The summed badness of minutes with these levels and tasks."""
    return {"share": _bad, "mean": _costs, "depth": _queue}[case.kind](case, random, level, n)


def _tasks(case: Case, random: np.random.Generator, minutes: int) -> Numbers:
    if case.kind == "depth":
        return np.ones(minutes)
    rate = np.full(minutes, float(case.rate))
    if case.traffic == "daily":
        rate *= np.exp(0.8 * np.sin(2 * np.pi * np.arange(minutes) / DAY))
    if case.traffic == "bursty":
        rate *= random.gamma(0.5, 2.0, minutes)
    n = random.poisson(rate)
    return (n // case.clusters * case.clusters).astype(float)


def _level(case: Case, random: np.random.Generator, minutes: int) -> Numbers:
    moved = case.wander * wandering(random, minutes, case.memory)
    moved += case.wave * np.sin(2 * np.pi * np.arange(minutes) / DAY)
    moved += SHAPES[case.shape](random, minutes)
    if case.kind != "share":
        return case.level * np.exp(moved)
    odds = case.level / (1 - case.level) * np.exp(moved)
    return np.asarray(odds / (1 + odds))


def wandering(random: np.random.Generator, minutes: int, memory: float) -> Numbers:
    """AR(1) of variance one."""
    kept = exp(-1 / memory)
    now, path = float(random.standard_normal()), []
    for push in (sqrt(1 - kept**2) * random.standard_normal(minutes)).tolist():
        now = kept * now + push
        path.append(now)
    return np.array(path)


def _steps(random: np.random.Generator, minutes: int) -> Numbers:
    """A new level twice a day, a tenth up or down, as after a deployment."""
    changes = random.random(minutes) < 2 / DAY
    levels = 0.1 * random.standard_normal(int(changes.sum()) + 1)
    return np.asarray(levels[np.cumsum(changes)])


def _regimes(random: np.random.Generator, minutes: int) -> Numbers:
    """Two kinds of day, a third apart, from one to the other within an hour."""
    state = np.sign(wandering(random, minutes, 6 * 60.0))
    return np.asarray(0.15 * np.convolve(state, np.ones(60) / 60, mode="same"))


SHAPES: dict[str, Callable[[np.random.Generator, int], Numbers]] = {
    "": lambda _, minutes: np.zeros(minutes),
    "steps": _steps,
    "regimes": _regimes,
}


def _bad(case: Case, random: np.random.Generator, level: Numbers, n: Numbers) -> Numbers:
    share = np.clip(level, 1e-9, 1.0)
    if case.beta:
        share = np.where(share < 1, random.beta(share * case.beta, np.maximum((1 - share) * case.beta, 1e-9)), 1.0)
    return case.clusters * random.binomial((n // case.clusters).astype(int), share).astype(float)


def _costs(case: Case, random: np.random.Generator, level: Numbers, n: Numbers) -> Numbers:
    if case.rate > EXACT_TASKS:
        spread = exp(case.skew**2) - 1 if case.skew > 0 else 1.0
        shape = np.maximum(n, 1e-9) / spread
        return np.asarray(level * spread * random.gamma(shape))
    at = np.repeat(np.arange(len(n)), n.astype(int))
    size = len(at)
    if case.skew > 0:
        each = np.exp(case.skew * random.standard_normal(size) - case.skew**2 / 2)
    else:
        each = (1 + random.pareto(-case.skew, size)) * (1 + 1 / case.skew)
    return np.asarray(level * np.bincount(at, weights=each, minlength=len(n)))


def _queue(case: Case, random: np.random.Generator, level: Numbers, n: Numbers) -> Numbers:
    """Depth of a queue in units of its mean: what came and was not served; a factor of the level lies on top."""
    served = 20.0
    steps = random.poisson(case.load * served, len(n)) - random.poisson(served, len(n))
    total = np.cumsum(steps).astype(float)
    depth = total - np.minimum.accumulate(np.minimum(total, 0))
    return np.asarray(level * depth / max(float(depth.mean()), 1e-9))
