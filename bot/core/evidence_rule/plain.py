"""The rule on one series, as it is told: the oracle of `fleet.py`, and what cards and timelines are made from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp, inf, log, log1p

from bot.core.evidence_rule.learned import LearnedBaseline, WindowNoise
from bot.core.evidence_rule.track import Minute, Track
from bot.core.evidence_rule.windows import HOUR, LONG

TINY = 1e-9
FARTHEST = 30.0
PAST = 1e-9
HALVINGS = 80


@dataclass(frozen=True, slots=True)
class Look:
    """One window and the evidence of both looks at it; `may_breach`: past the objective, with enough bad tasks."""

    minutes: int
    x: float
    n: float
    normal: float
    sudden: float
    may_breach: bool

    @property
    def evidence(self) -> float:
        """The stronger look."""
        return max(self.normal, self.sudden)


def looks(track: Track, minutes: Sequence[Minute], newest: int, learned: LearnedBaseline) -> list[Look]:
    """Every window that ends at `newest`, shortest first."""
    told = {at: (x, n) for at, x, n in track.sums(minutes)}
    return [_look(track, told, newest, learned, noise) for noise in learned.windows]


def _look(
    track: Track, told: dict[int, tuple[float, float]], newest: int, learned: LearnedBaseline, noise: WindowNoise
) -> Look:
    x, n = _sum(told, newest - noise.minutes, newest)
    hour = _sum(told, newest - noise.minutes - HOUR, newest - noise.minutes)
    if n <= 0:
        return Look(noise.minutes, x, n, 0.0, 0.0, may_breach=False)
    normal = noise.tail.evidence(price(learned, x, n, 0.0, noise.wander))
    shift = noise.carried * recent_shift(learned, *hour)
    sudden = noise.sudden_tail.evidence(price(learned, x, n, shift, noise.sudden)) if noise.minutes != LONG else 0.0
    return Look(noise.minutes, x, n, normal, sudden, _may_breach(track, learned, x, n))


def _sum(told: dict[int, tuple[float, float]], after: int, last: int) -> tuple[float, float]:
    held = [told[minute] for minute in range(after + 1, last + 1) if minute in told]
    return sum(x for x, _ in held), sum(n for _, n in held)


def _may_breach(track: Track, learned: LearnedBaseline, x: float, n: float) -> bool:
    """An objective that is a line stays a line: nothing breaches while the pooled value is on its good side."""
    line = track.line * n
    enough = (x if learned.kind == "share" else n) >= learned.least
    return enough and x > line + PAST * max(abs(x), abs(line))


def price(learned: LearnedBaseline, x: float, n: float, shift: float, wander: float) -> float:
    """The price of the cheapest innocent explanation of a window; 0 where it is no worse than expected."""
    if learned.kind == "share":
        return _share_price(x / learned.scatter, n / learned.scatter, learned.log_odds + shift, wander)
    away = distance(learned, x / n) - shift
    return away**2 / (2 * (learned.scatter / n + wander)) if away > 0 else 0.0


def distance(learned: LearnedBaseline, mean: float) -> float:
    """How far a mean lies from the baseline, on its scale."""
    if not learned.logarithmic:
        return mean - learned.level
    low, high = (max(each + learned.lift, 5e-324) for each in (learned.level, mean))
    return log(high) - log(low)


def recent_shift(learned: LearnedBaseline, x: float, n: float) -> float:
    """Where the level was in an hour: its distance from the baseline, shrunk by what so few tasks can tell."""
    if n <= 0:
        return 0.0
    if learned.kind == "share":
        return likeliest_shift(x / learned.scatter, n / learned.scatter, learned.log_odds, learned.hour)
    return distance(learned, x / n) * learned.hour / max(learned.hour + learned.scatter / n, 5e-324)


def share_of(log_odds: float) -> float:
    """Log odds as a share."""
    return 1 / (1 + exp(-log_odds))


def _share_price(x: float, n: float, log_odds: float, wander: float) -> float:
    share = min(max(x / n, 0.0), 1.0)
    if share <= share_of(log_odds):
        return 0.0
    shift = likeliest_shift(x, n, log_odds, wander)
    return n * divergence(share, log_odds + shift) + shift**2 / (2 * max(wander, TINY))


def likeliest_shift(x: float, n: float, log_odds: float, wander: float) -> float:
    """The d that solves n p_d - x + d / wander = 0: by halving, since the left side grows with d."""
    low, high, wander = -FARTHEST, FARTHEST, max(wander, TINY)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if n * share_of(log_odds + middle) - x + middle / wander > 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def divergence(share: float, log_odds: float) -> float:
    """Kullback and Leibler's divergence of a share from a level in log odds, in nats a task."""
    entropy = sum(part * log(part) for part in (share, 1 - share) if part > 0)
    return max(0.0, entropy + share * _softplus(-log_odds) + (1 - share) * _softplus(log_odds))


def _softplus(value: float) -> float:
    return max(value, 0.0) + log1p(exp(-abs(value)))


def strongest(looked: Sequence[Look]) -> Look | None:
    """The look with the most evidence of those that may breach; of equals the shortest window."""
    return max((look for look in looked if look.may_breach), key=lambda look: look.evidence, default=None)


def _gains(told: Sequence[tuple[float, float]], learned: LearnedBaseline) -> Iterator[tuple[float, int]]:
    """What each split into a level before and a worse one after explains, and where it splits."""
    all_x, all_n = (sum(column) for column in zip(*told, strict=True))
    x = n = 0.0
    for index, (bad, tasks) in enumerate(told[:-1], start=1):
        x, n = x + bad, n + tasks
        if n > 0 and all_n > n and (all_x - x) / (all_n - n) > x / n:
            yield _gain(learned, (x, n), (all_x - x, all_n - n)), index


def _gain(learned: LearnedBaseline, before: tuple[float, float], after: tuple[float, float]) -> float:
    (x, n), (worse_x, worse_n) = before, after
    if learned.kind != "share":
        jump = distance(learned, worse_x / worse_n) - distance(learned, x / n)
        return n * worse_n / (n + worse_n) * jump**2
    pooled = _log_odds((x + worse_x) / (n + worse_n))
    return n * divergence(x / n, pooled) + worse_n * divergence(worse_x / worse_n, pooled)


def _log_odds(share: float) -> float:
    return inf if share >= 1 else -inf if share <= 0 else log(share / (1 - share))


def onset(track: Track, minutes: Sequence[Minute], newest: int, window: int, learned: LearnedBaseline) -> int:
    """The likeliest first bad minute: the split of the window and the hour before it that explains them best.

    The level before is the stretch's own, so a healthy agent's wandering is not taken for the onset. Of minutes that
    explain equally well, the first; where there is nothing before the window, its first minute.
    """
    oldest = newest - window - HOUR + 1
    told = [row for row in track.sums(minutes) if oldest <= row[0] <= newest]
    best = max(_gains([(x, n) for _, x, n in told], learned), key=lambda gain: gain[0], default=None)
    return told[best[1]][0] if best is not None else max(told[0][0], newest - window + 1) if told else newest
