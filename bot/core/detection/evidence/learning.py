"""Learns the noise of a healthy series from its baseline's history.

Moments of sums, so a minute of two tasks and one of two thousand each count for what they know. Nothing is assumed to
be normal: the tail is measured last.

*Scatter* is what neighbouring minutes do not share, *wander* what they do: E[r_t r_t+1] / (v_t v_t+1) is the variance
of the level, with r the residual of a minute and v its information. A window's wander is the variance beyond scatter of
windows of that length; it cannot grow with the length (a longer mean of a stationary level varies less), so what a
longer window shows holds for the shorter ones. It is taken a standard error up: a level that wanders slowly shows only
a few of its turns in two weeks.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

import numpy as np

from bot.core.detection.evidence.history import History
from bot.core.detection.evidence.learned import (
    CAUTIOUS_WANDER,
    LEAST_SHARE,
    NORMAL_EXCESS,
    TAIL_SHARE,
    LearnedBaseline,
    Tail,
    WindowNoise,
    unlearned,
)
from bot.core.detection.evidence.likelihood import Numbers
from bot.core.detection.evidence.scale import Scale
from bot.core.detection.evidence.track import JudgedSeries, Minute
from bot.core.detection.evidence.windows import DAY, HOUR, LONG, WINDOWS

PRIOR_DAYS = 0.1
"""Days of history that CAUTIOUS_WANDER is worth."""

QUEUE_PRIOR_DAYS = 0.01
"""The same of a depth, which may by itself wander by as much as it is long; its caution lies in the tail."""

TAIL_PRIOR = 4.0
"""How many windows beyond the start of the tail the next shorter window's tail counts for."""

UNKNOWN_NOISE = Tail(mean=1.2 * NORMAL_EXCESS)
"""The lightest tail of means and depths: nothing says what their noise is but their history."""

QUEUE = Tail(mean=1.0)
"""The tail of a depth as long as little is known of it: exponential, as that of a queue that is seldom empty."""

CLUSTERED = Tail(mean=1.35 * NORMAL_EXCESS)
"""The lightest tail of a share whose tasks go wrong together."""

OVER_DISPERSED = 1.2
"""Binomial variances from which on a share is not binomial."""

FULL_QUEUE = 8.0
"""Times its level up to which a depth counts nearly as it is, and beyond by its logarithm."""

SHORT = 0.25
"""Days: a history of so many shows only part of how a level wanders, and wander counts double; of 14 it adds 2 %."""

SURE = 2.0
"""Standard errors at which a wander is taken for what it seems."""

LEAST_DAYS = 3
"""Days of history below which a day's mean says nothing about how slowly the level wanders."""

LEAST_MINUTES = 60
"""Minutes with tasks below which nothing is learned."""


def learn(track: JudgedSeries, minutes: Sequence[Minute]) -> LearnedBaseline:
    """Level and noise of a healthy history: incidents and exercises left out by the caller, in any order.

    With less than an hour of data the answer says `learning` and stands on the objective.
    """
    told = track.sums([known for known in minutes if np.isfinite(known.value) and np.isfinite(known.n)])
    if len(told) < LEAST_MINUTES:
        return unlearned(track)
    first = told[0][0]
    x, n = np.zeros(told[-1][0] - first + 1), np.zeros(told[-1][0] - first + 1)
    at = np.array([minute for minute, _, _ in told]) - first
    x[at], n[at] = [bad for _, bad, _ in told], [tasks for _, _, tasks in told]
    return learn_sums(track, x, n)


def learn_sums(track: JudgedSeries, x: Numbers, n: Numbers) -> LearnedBaseline:
    """The same from arrays: summed badness and tasks of every minute of the history, 0 tasks where data is missing."""
    plain = _level(track, History(x, n))
    history = History(Scale.of(plain).scored(x, n).ravel(), n)
    if track.kind != "share":
        plain = replace(plain, centre=float(history.x.sum() / n.sum()))
        history = History(Scale.of(plain).scored(x, n).ravel(), n)
    scatter = _scatter(Scale.of(plain), history)
    known = replace(plain, scatter=scatter, days=history.days)
    wanders = _wanders(known, history)
    known = replace(known, hour=wanders[WINDOWS.index(HOUR)])
    memory = _memory(history) if known.kind == "depth" else 1.0
    noise = list[WindowNoise]()
    for minutes, wander in zip(WINDOWS, wanders, strict=True):
        noise.append(_window(known, history, minutes, wander, memory, noise[-1] if noise else None))
    return replace(known, windows=tuple(noise))


def _level(track: JudgedSeries, history: History) -> LearnedBaseline:
    total = float(history.n.sum())
    level = float(history.x.sum()) / total
    if track.kind == "share":
        level = max(level, 0.5 / total, track.lift / 100)
        return LearnedBaseline("share", level, 1.0, False, track.lift, 0.0, (), 0.0)
    known = history.n > 0
    lift = max(track.lift, FULL_QUEUE * level if track.kind == "depth" else 0.0)
    logarithmic = track.rising_is_bad and bool((history.x[known] >= 0).all()) and level + lift > 0
    return LearnedBaseline(track.kind, level, 0.0, logarithmic, lift, 0.0, (), 0.0)


def _scatter(scale: Scale, history: History) -> float:
    """What neighbouring minutes do not share, in binomial variances or as the variance of one task."""
    r, v = (column.ravel() for column in scale.residual(history.x, history.n, np.zeros(1)))
    shared = max(0.0, float((r[1:] * r[:-1]).sum()) / max(float((v[1:] * v[:-1]).sum()), LEAST_SHARE))
    own = float((r**2 - shared * v**2).sum() / v.sum())
    return max(own, 1.0 if scale.share else 0.0)


def _wanders(known: LearnedBaseline, history: History) -> tuple[float, ...]:
    """Variance of the level of each window, never growing with its length, a standard error up."""
    scale = Scale.of(known)
    found = [_seen(scale, history, minutes) for minutes in WINDOWS]
    held = np.maximum.accumulate(np.array(found)[::-1])[::-1]
    turns = _turns(scale, history, float(held[0]))
    _, v = scale.residual(history.x, history.n, np.zeros(1))
    doubt = known.scatter / float(v.sum())
    return tuple(_cautious(known, float(each) * (1 + sqrt(2 / turns))) + doubt for each in held)


def _seen(scale: Scale, history: History, minutes: int) -> float:
    """The wander of windows of this length, less where it is not told from the scatter's own chance."""
    x, n = history.windows(minutes, step=_step(minutes))
    found = _wander(scale, x[None], n[None], np.zeros(1))
    _, v = scale.residual(x, n, np.zeros(1))
    told = max(float(v.mean()), LEAST_SHARE)
    chance = float(scale.scatter[0, 0]) * sqrt((2 + 1 / told) * minutes / len(history.n)) / told
    return found * min(1.0, found / (SURE * chance)) if chance > 0 else found


def _step(minutes: int) -> int:
    return max(1, minutes // 5)


def _wander(scale: Scale, x: Numbers, n: Numbers, shift: Numbers, doubt: Numbers | float = 0.0) -> float:
    """Variance beyond the scatter, and beyond what is doubtful about the shift; of means and depths, upwards only."""
    r, v = scale.residual(x, n, shift)
    counts = np.ones(r.shape, dtype=bool) if scale.share else r > 0
    beyond = (r**2 - scale.scatter * v - doubt * v**2)[counts]
    return max(0.0, float(beyond.sum() / max(float((v[counts] ** 2).sum()), LEAST_SHARE)))


def _turns(scale: Scale, history: History, wander: float) -> float:
    """How often the level turned over in the history: the days, times the variance that a day's mean averages out."""
    days = len(history.n) / DAY
    if days < LEAST_DAYS:
        return max(1.0, 2 * days)
    x, n = history.windows(DAY, step=DAY // 24)
    daily = _wander(scale, x[None, 24:], n[None, 24:], np.zeros(1))
    return days * max(1.0, wander / max(daily, wander / 1000, LEAST_SHARE**2))


def _memory(history: History) -> float:
    """Minutes after which a depth is a new one, at most an hour: by how much less an hour's mean varies."""
    x, n = history.windows(HOUR, step=_step(HOUR))
    hours = x[n > 0] / n[n > 0]
    minute = float((history.x**2).sum() / history.n.sum())
    return HOUR * min(1.0, float((hours**2).mean()) / minute) if minute > 0 and len(hours) else 1.0


def _cautious(known: LearnedBaseline, wander: float) -> float:
    """With little history, towards the cautious prior; of a share, from the linear scale to log odds."""
    logs = known.kind == "share" or known.logarithmic
    prior, worth = CAUTIOUS_WANDER if logs else CAUTIOUS_WANDER * known.level**2, PRIOR_DAYS
    if known.kind == "depth":
        prior, worth = (known.level / (known.level + known.lift)) ** 2 if logs else known.level**2, QUEUE_PRIOR_DAYS
    found = float(np.log1p(wander)) if known.kind == "share" else wander
    held = (found * known.days + prior * worth) / (known.days + worth)
    return held * (1 + SHORT / known.days)


def _window(
    known: LearnedBaseline,
    history: History,
    minutes: int,
    wander: float,
    memory: float,
    shorter: WindowNoise | None,
) -> WindowNoise:
    scale, step = Scale.of(known), _step(minutes)
    turns = len(history.n) / max(minutes, memory)
    least = _lightest(known)
    x, n = (column[None, -(-minutes // step) :] for column in history.windows(minutes, step=step))
    price = scale.price(x, n, np.zeros(1), np.array(wander))
    first = _unseen(known)
    tail = _tail(price[n > 0], turns, least, shorter.tail if shorter else first)
    if minutes == LONG:
        return WindowNoise(minutes, wander, tail, 0.0, wander, tail)
    skip = -(-(minutes + HOUR) // step)
    x, n = (column[None, skip:] for column in history.windows(minutes, step=step))
    hour_x, hour_n = (column[None, skip:] for column in history.windows(HOUR, before=minutes, step=step))
    recent = scale.recent(hour_x, hour_n)
    carried = _carried(scale, x, n, recent)
    doubt = carried**2 * scale.hour_doubt(hour_n)
    left = _wander(scale, x, n, carried * recent, doubt) * (1 + sqrt(2 / max(1.0, 24 * known.days)))
    sudden = min(wander, _cautious(known, left))
    price = scale.price(x, n, carried * recent, np.minimum(wander, sudden + doubt))
    sudden_tail = _tail(price[n > 0], turns, least, shorter.sudden_tail if shorter else first)
    return WindowNoise(minutes, wander, tail, carried, sudden, sudden_tail)


def _lightest(known: LearnedBaseline) -> Tail:
    if known.kind != "share":
        return UNKNOWN_NOISE
    return CLUSTERED if known.scatter > OVER_DISPERSED else Tail()


def _unseen(known: LearnedBaseline) -> Tail:
    """The tail of which nothing was seen yet."""
    return QUEUE if known.kind == "depth" else _lightest(known)


def _carried(scale: Scale, x: Numbers, n: Numbers, recent: Numbers) -> float:
    """The slope of a window's distance on that of the hour before it, by least squares of what each knows."""
    r, v = scale.residual(x, n, np.zeros(1))
    told = float(((v * recent) ** 2).sum())
    return min(max(float((r * v * recent).sum()) / told, 0.0), 1.0) if told > 0 else 0.0


def _tail(price: Numbers, turns: float, least: Tail, shorter: Tail) -> Tail:
    """Where the upper half percent begin and their mean excess, in standard deviations; never lighter than `least`.

    Of `turns` windows that share no minute only a few lie so far out, so the tail of the next shorter window stands
    beside them, and what is heavier than `least` is taken up by its standard error.
    """
    told, known = np.sqrt(2 * price), TAIL_SHARE * turns
    start = max(least.start, float(np.quantile(told, 1 - TAIL_SHARE))) if len(told) else least.start
    excess = told[told > start] - start
    mean = float(excess.mean()) if len(excess) else least.mean
    shared = (mean * known + shorter.mean * TAIL_PRIOR) / (known + TAIL_PRIOR)
    doubt = 1 + 1 / sqrt(known + TAIL_PRIOR)
    return Tail(start, least.mean + max(0.0, shared - least.mean) * doubt)
