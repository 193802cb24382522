"""How much a count of tasks proves: the sampling arithmetic behind the recovery clock (`product.md` section 8).

Everything here speaks of *badness*, which grows in the bad direction: for a ratio the share of bad tasks (0 to 1), for
a gauge its value (negated where higher is better). Three levels are known of an SLI in an incident:

    base    its baseline,            HER 3 %    -> 0.03      DQR 92 %   -> 0.08
    limit   its recovery limit,      HER 3.3 %  -> 0.033     DQR 82.8 % -> 0.172
    ill     the incident's own level HER 9 %    -> 0.09      DQR 75 %   -> 0.25

and three questions are asked of n tasks:

1. *Can it be chance?* (`noise`) What a healthy agent's value strays from its level by luck: z standard errors,
   sqrt(b(1-b)/n) for ratios. Few bad tasks are skewed to the right, so the first Cornish-Fisher term
   (z^2 - 1)(1 - 2b) / 6 and half a task for continuity are added; without them a healthy agent with 50 tasks a window
   and a 3 % baseline is called out five times as often as z promises. For a gauge with counts the standard error is
   the spread of one task (baseline spread of an average minute * sqrt(tasks in it)) / sqrt(n).
2. *Are these tasks enough to tell?* (`enough`) n at which baseline and ill are told apart at 1 % / 5 % error:
   ((2.33 s_b + 1.64 s_i) / (ill - base))^2, s the standard deviation of one task. HER 3 against 9 %: 209.
3. *Which of the two is it?* (`weight`) The logarithm of how many times likelier the tasks are from a healthy agent
   than from one still ill (Wald 1945). Healthy is taken a quarter of the way from base to limit, so an agent that is
   a little worse than its baseline passes and a baseline of zero works. Weighed from the last minute that spoke for
   "ill" on, this is Page's test for the moment at which something changed (Page 1954): no test with as few false
   answers finds it sooner. A test at a fixed n, looked at every minute, would be wrong far more often than it says.

What is weighed against is not always the incident's own level. An agent that went from 18 % to 9 % is not well, and a
level measured on a few tasks is a guess that errs upwards (a breach is found where it looked worst). So it is the
incident's level, but at most FAR times the objective's odds: HER <= 5 % makes (0.05 / 0.95) * 1.8 = 0.0947, that is
8.65 %; DQR >= 85 % makes 0.3176, that is 24.1 % bad. The measured level counts where it is nearer: half a standard
error up (`near`), because a wrong "too near" makes a healthy agent wait for ever, and half a standard error down
(`nearest`) for the stricter question.
"""

from dataclasses import dataclass
from math import ceil, inf, log, log10, sqrt

from bot.core.detection.literal_rule import best, objective_limit, worse, worsened, worst
from bot.core.model.slis import Baseline, Better, Sli

Z_ONE_PERCENT = 2.326
Z_FIVE_PERCENT = 1.645
"""One-sided normal quantiles."""

HEALTHY_AT = 0.25
"""Where between base and limit a healthy agent is taken to be."""

LEAST_ILL = 1.5
"""Tolerances from the baseline at which an agent is called ill at the earliest: the limit is one, and half past it."""

FAR = 1.8
"""Times the objective (for shares: its odds) beyond which an agent need not be for the clock to call it ill."""

DOUBT = 0.5
"""Standard errors by which a measured level is taken up or down. Chosen, as FAR, in `bench/bench_recovery.py`."""

LEAST_SHARE = 1e-6
"""A share of bad tasks is held this far from 0 and 1 in logarithms."""


def tolerance(sli: Sli, value: float) -> float:
    """How far the band reaches: the larger of 10 % (`tolerance`) of the baseline and `absolute_tolerance`."""
    return max(sli.tolerance * abs(value), sli.absolute_tolerance or 0.0)


def band_limit(sli: Sli, baseline: Baseline) -> float:
    """The recovery limit in the SLI's unit: the baseline worsened by its tolerance. DQR 92 % -> 82.8 %."""
    return worsened(sli.better, baseline.value, tolerance(sli, baseline.value))


@dataclass(frozen=True, slots=True)
class Levels:
    """What tells a healthy agent from an ill one, for one SLI. Levels in badness; `sd` of one task at `base`."""

    ratio: bool
    lower: bool
    base: float
    limit: float
    ill: float
    """The incident's own level, less DOUBT: what the newest part of a window is told from."""
    sd: float
    near: float = 0.0
    """What the hold is weighed against."""
    nearest: float = 0.0
    """The same, with the measured level taken down."""

    def badness(self, value: float) -> float:
        """Turn a value in the SLI's unit into badness."""
        if self.ratio:
            return value / 100 if self.lower else 1 - value / 100
        return value if self.lower else -value

    def value(self, badness: float) -> float:
        """Turn badness into a value in the SLI's unit."""
        if self.ratio:
            return 100 * (badness if self.lower else 1 - badness)
        return badness if self.lower else -badness

    def error(self, n: float) -> float:
        """One standard error of n tasks at the baseline."""
        return self.sd / sqrt(n)

    def noise(self, z: float, n: float) -> float:
        """How far n tasks may stray upwards by chance, at z standard errors, skew and whole tasks allowed for."""
        skew = max(0.0, (z * z - 1) * (1 - 2 * self.base) / 6) + 0.5 if self.ratio else 0.0
        return z * self.error(n) + skew / n

    @property
    def sd_ill(self) -> float:
        """Spread of one task at the incident's own level."""
        return sqrt(self.ill * (1 - self.ill)) if self.ratio else self.sd

    @property
    def enough(self) -> float:
        """Tasks that tell base from ill at 1 % / 5 % error."""
        return ((Z_ONE_PERCENT * self.sd + Z_FIVE_PERCENT * self.sd_ill) / (self.ill - self.base)) ** 2

    def well_up_to(self, n: float) -> float:
        """The badness up to which `enough` tasks speak for the baseline: an ill agent gets there in 5 % at most."""
        healthy = max(self.limit, self.base + Z_ONE_PERCENT * self.error(n))
        return min(healthy, self.ill - Z_FIVE_PERCENT * self.sd_ill / sqrt(n))

    def weight(self, mean: float, n: float, *, strictly: bool = False) -> float:
        """Log likelihood ratio of n tasks of that mean badness: healthy against ill. Infinite without noise."""
        well = self.base + HEALTHY_AT * (self.limit - self.base)
        ill = self.nearest if strictly else self.near
        if not self.ratio:
            lean = (ill - well) * ((ill + well) / 2 - mean)
            return n * lean / self.sd**2 if self.sd > 0 else inf if lean > 0 else -inf
        well, ill = _inside(well), _inside(ill)
        return n * (mean * log(well / ill) + (1 - mean) * log((1 - well) / (1 - ill)))

    def owed(self, mean: float, n: float, target: float, *, strictly: bool = False) -> float:
        """Tasks that are still needed until `weight` reaches `target`, if they are like the baseline's."""
        a_task = self.weight(self.base, 1, strictly=strictly)
        return max(0.0, target - self.weight(mean, n, strictly=strictly)) / a_task if 0 < a_task < inf else 0.0


def _inside(share: float) -> float:
    return min(max(share, LEAST_SHARE), 1 - LEAST_SHARE)


def levels(
    sli: Sli, baseline: Baseline | None, incident_value: float | None, incident_n: float | None = None
) -> Levels | None:
    """Put the levels of one SLI together; None where neither a baseline nor an absolute objective is known.

    Without a baseline the objective stands in for baseline and limit. Every level that is called ill is at least the
    objective (it was breached) and LEAST_ILL tolerances from the baseline: nothing can be told from itself.
    """
    objective = objective_limit(sli, baseline)
    base = baseline.value if baseline is not None else objective
    if base is None:
        return None
    limit = band_limit(sli, baseline) if baseline is not None else base
    least = worsened(sli.better, base, LEAST_ILL * tolerance(sli, base))
    floor = least if objective is None else worst(sli.better, objective, least)
    spread = _task_spread(baseline)
    down, up = (
        _moved(sli, floor if incident_value is None else incident_value, incident_n, spread, by)
        for by in (-DOUBT, DOUBT)
    )
    far = _far(sli, floor if objective is None else objective)
    nearest, near = (best(sli.better, far, value) for value in (down, up))
    ills = tuple(worst(sli.better, value, floor) for value in (down, near, nearest))
    return _levels(sli, base, limit, ills, spread)


def _far(sli: Sli, objective: float) -> float:
    """The farthest level that the hold is weighed against, in the SLI's unit; without bound where nothing scales."""
    if sli.kind == "ratio":
        share = objective / 100 if sli.better is Better.LOWER else 1 - objective / 100
        odds = FAR * share / (1 - share) if share < 1 else inf
        far = 100 * (odds / (1 + odds) if odds < inf else 1.0)
        return far if sli.better is Better.LOWER else 100 - far
    if sli.better is Better.LOWER:
        return FAR * objective if objective > 0 else inf
    return -inf


def _moved(sli: Sli, value: float, n: float | None, task_spread: float, by: float) -> float:
    """The incident's level, worsened by so many standard errors where its n is known."""
    if not n:
        return value
    one = 100 * sqrt(max(0.0, value / 100 * (1 - value / 100))) if sli.kind == "ratio" else task_spread
    return worsened(sli.better, value, by * one / sqrt(n))


def _levels(sli: Sli, base: float, limit: float, ill: tuple[float, ...], task_spread: float) -> Levels:
    """Put into badness; `ill` holds the levels ill, near and nearest."""
    raw = Levels(sli.kind == "ratio", sli.better is Better.LOWER, 0.0, 0.0, 0.0, 0.0)
    low, line, *ills = (raw.badness(value) for value in (base, limit, *ill))
    if raw.ratio:
        low, line, *ills = (min(max(share, 0.0), 1.0) for share in (low, line, *ills))
    sd = sqrt(low * (1 - low)) if raw.ratio else task_spread
    high, close, closest = (share if share > low else low + LEAST_SHARE for share in ills)
    return Levels(raw.ratio, raw.lower, low, line, high, sd, close, closest)


def _task_spread(baseline: Baseline | None) -> float:
    """Spread of a single task: that of an average minute times the root of the tasks in it. 0 where unknown."""
    if baseline is None or not baseline.minutes:
        return 0.0
    return baseline.spread * sqrt(baseline.n / baseline.minutes)


def about(tasks: float) -> int:
    """Round up to two digits: 87.2 -> 88, 1,234 -> 1,300."""
    if tasks <= 0:
        return 0
    step = 10 ** max(0, ceil(log10(tasks)) - 2)
    return int(ceil(tasks / step) * step)


def meets(sli: Sli, value: float, baseline: Baseline | None) -> bool:
    """True on the good side of the objective, or on it; True too where the objective is not known."""
    objective = objective_limit(sli, baseline)
    return objective is None or not worse(sli.better, value, objective)
