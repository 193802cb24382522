"""The rule on one series, as it is told: the oracle of `fleet.py`, and what cards and timelines are made from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, inf, log, log1p
from typing import Literal, NamedTuple

from bot.core.detection.evidence.learned import LearnedBaseline, WindowNoise
from bot.core.detection.evidence.track import JudgedSeries, Minute, Slot
from bot.core.detection.evidence.windows import HOUR, SECONDS, SLOT

TINY = 1e-9
FARTHEST = 30.0
PAST = 1e-9
HALVINGS = 80
TINIEST = 2.2250738585072014e-308


@dataclass(frozen=True, slots=True)
class Look:
    """One window and the evidence of both looks at it."""

    minutes: int
    x: float
    """Summed badness."""
    score: float
    """Bad tasks of a share, else the minutes' scores times their tasks."""
    n: float
    normal: float
    """Evidence against the baseline's level."""
    sudden: float
    """Evidence against where the last hour was."""
    enough: bool
    """Whether it holds enough bad tasks."""
    past: bool
    """Whether it is past the objective as a whole."""

    @property
    def evidence(self) -> float:
        """The stronger look."""
        return max(self.normal, self.sudden)

    @property
    def may_breach(self) -> bool:
        """An objective that is a line stays a line: nothing breaches while the pooled value is on its good side."""
        return self.enough and self.past


class Sum(NamedTuple):
    """Badness, scores and tasks of some minutes."""

    x: float
    score: float
    n: float


Weighed = Literal["all", "past", "none"]
"""Of which windows the evidence is asked: weighing one costs more than adding it up."""


def looks(
    track: JudgedSeries,
    minutes: Sequence[Minute],
    newest: int,
    learned: LearnedBaseline,
    since: int | None = None,
    weighed: Weighed = "all",
) -> list[Look]:
    """Every window that ends at `newest`, shortest first. The evidence of those that are not `weighed` reads 0.

    With `since`, minutes before it are left out, and both looks are one: at where the SLI has settled since then, if
    that is worse than normal. An SLI between normal and objective does not breach again by a little chance.
    """
    told = {at: Sum(x, _score(learned, x, n), n) for at, x, n in track.sums(minutes) if since is None or at >= since}
    return [_look(track, told, newest, learned, noise, since, weighed) for noise in learned.windows]


def _score(learned: LearnedBaseline, x: float, n: float) -> float:
    return x if learned.kind == "share" else n * learned.score(x / n)


def _look(
    track: JudgedSeries,
    told: Mapping[int, Sum],
    newest: int,
    learned: LearnedBaseline,
    noise: WindowNoise,
    since: int | None,
    weighed: Weighed,
) -> Look:
    first = newest - noise.minutes
    window = _sum(told, first, newest)
    x, score, n = window
    enough, past = n > 0 and _enough(learned, x, n), n > 0 and _past(x, track.line * n)
    if n <= 0 or weighed == "none" or (weighed == "past" and not (enough and past)):
        return Look(noise.minutes, x, score, n, 0.0, 0.0, enough, past)
    if since is None:
        normal, sudden = (
            _normal(learned, noise, window),
            _sudden(learned, noise, window, _sum(told, first - HOUR, first)),
        )
    else:
        normal, sudden = _settled(learned, noise, window, _sum(told, since - 1, first)), 0.0
    return Look(noise.minutes, x, score, n, normal, sudden, enough, past)


def second_looks(
    track: JudgedSeries, slots: Sequence[Slot], minutes: Sequence[Minute], learned: LearnedBaseline
) -> list[Look]:
    """The windows of SECONDS that end with the newest slot; `minutes` says where the last hour was.

    Their noise is that of a minute: a level does not wander less in a shorter time. `Look.minutes` holds seconds here.
    """
    if not slots:
        return []
    newest = max(slot.second for slot in slots)
    begun = (newest - max(SECONDS) + SLOT) // 60
    told = {at: Sum(x, _score(learned, x, n), n) for at, x, n in track.sums(minutes)}
    hour = _sum(told, begun - HOUR - 1, begun - 1)
    parts = {at: Sum(x, _score(learned, x, n), n) for at, x, n in track.sums([Minute(*slot) for slot in slots])}
    return [_second_look(track, _sum(parts, newest - seconds, newest), seconds, hour, learned) for seconds in SECONDS]


def _second_look(track: JudgedSeries, window: Sum, seconds: int, hour: Sum, learned: LearnedBaseline) -> Look:
    x, score, n = window
    if n <= 0:
        return Look(seconds, x, score, n, 0.0, 0.0, enough=False, past=False)
    noise, line = learned.windows[0], track.line * n
    normal, sudden = _normal(learned, noise, window), _sudden(learned, noise, window, hour)
    return Look(seconds, x, score, n, normal, sudden, _enough(learned, x, n), _past(x, line))


def _enough(learned: LearnedBaseline, x: float, n: float) -> bool:
    # a share is stored in percent, so three of seven come back as a rounding error less than three
    return (x if learned.kind == "share" else n) >= learned.least * (1 - PAST)


def _past(x: float, line: float) -> bool:
    return x > line + PAST * max(abs(x), abs(line))


def _normal(learned: LearnedBaseline, noise: WindowNoise, window: Sum) -> float:
    return noise.tail.evidence(price(learned, window.score, window.n, 0.0, noise.wander))


def _sudden(learned: LearnedBaseline, noise: WindowNoise, window: Sum, hour: Sum) -> float:
    shift = noise.carried * recent_shift(learned, hour.score, hour.n)
    wander = min(noise.wander, noise.sudden + noise.carried**2 * learned.hour_doubt(hour.n))
    return noise.sudden_tail.evidence(price(learned, window.score, window.n, shift, wander))


def _settled(learned: LearnedBaseline, noise: WindowNoise, window: Sum, before: Sum) -> float:
    logs = learned.kind == "share" or learned.logarithmic
    open_minded = replace(learned, hour=1.0 if logs else learned.level**2)
    shift = max(0.0, recent_shift(open_minded, before.score, before.n))
    wander = noise.wander + (open_minded.hour_doubt(before.n) if shift > 0 else 0.0)
    return noise.tail.evidence(price(learned, window.score, window.n, shift, wander))


def _sum(told: Mapping[int, Sum], after: int, last: int) -> Sum:
    held = [told[minute] for minute in range(after + 1, last + 1) if minute in told]
    return Sum(sum(each.x for each in held), sum(each.score for each in held), sum(each.n for each in held))


def price(learned: LearnedBaseline, score: float, n: float, shift: float, wander: float) -> float:
    """The price of the cheapest innocent explanation of a window; 0 where it is no worse than expected."""
    if learned.kind == "share":
        return _share_price(score / learned.scatter, n / learned.scatter, learned.log_odds + shift, wander)
    away = score / n - shift
    return away**2 / (2 * max(learned.scatter / n + wander, TINIEST)) if away > 0 else 0.0


def recent_shift(learned: LearnedBaseline, score: float, n: float) -> float:
    """Where the level was in an hour: its distance from the baseline, shrunk by what so few tasks can tell."""
    if n <= 0:
        return 0.0
    if learned.kind == "share":
        return likeliest_shift(score / learned.scatter, n / learned.scatter, learned.log_odds, learned.hour)
    return score / n * learned.hour / max(learned.hour + learned.scatter / n, TINIEST)


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
        if n > 0 and all_n > n and _past((all_x - x) / (all_n - n), x / n):
            yield _gain(learned, (x, n), (all_x - x, all_n - n)), index


def _gain(learned: LearnedBaseline, before: tuple[float, float], after: tuple[float, float]) -> float:
    (x, n), (worse_x, worse_n) = before, after
    if learned.kind != "share":
        return n * worse_n / (n + worse_n) * (worse_x / worse_n - x / n) ** 2
    pooled = _log_odds((x + worse_x) / (n + worse_n))
    return n * divergence(x / n, pooled) + worse_n * divergence(worse_x / worse_n, pooled)


def _log_odds(share: float) -> float:
    return inf if share >= 1 else -inf if share <= 0 else log(share / (1 - share))


def onset(track: JudgedSeries, minutes: Sequence[Minute], newest: int, window: int, learned: LearnedBaseline) -> int:
    """The likeliest first bad minute: the split of the window and the hour before it that explains them best.

    The level before is the stretch's own, so a healthy agent's wandering is not taken for the onset. Of minutes that
    explain equally well, the first; where there is nothing before the window, its first minute.
    """
    oldest = newest - window - HOUR + 1
    told = [(at, _score(learned, x, n), n) for at, x, n in track.sums(minutes) if oldest <= at <= newest]
    best = max(_gains([(score, n) for _, score, n in told], learned), key=lambda gain: gain[0], default=None)
    return told[best[1]][0] if best is not None else max(told[0][0], newest - window + 1) if told else newest
