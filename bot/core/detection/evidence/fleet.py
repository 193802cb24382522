"""The rule on many series at once: windows as columns, series as rows. `plain.py` is what it must agree with."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from bot.core.detection.evidence.history import History
from bot.core.detection.evidence.learned import LearnedBaseline, WindowNoise
from bot.core.detection.evidence.likelihood import Numbers, tail_evidence
from bot.core.detection.evidence.scale import Scale
from bot.core.detection.evidence.windows import HOUR, LONG, SECONDS, WINDOWS

PAST = 1e-9
"""Relative slack: on the line, give or take rounding, is not past it."""


@dataclass(frozen=True, slots=True)
class Noises:
    """The learned noise of many series: one row a series, one column a window."""

    wander: Numbers
    carried: Numbers
    sudden: Numbers
    least: Numbers
    start: Numbers
    tail: Numbers
    sudden_least: Numbers
    sudden_start: Numbers
    sudden_tail: Numbers

    @classmethod
    def of(cls, *learned: LearnedBaseline) -> "Noises":
        """Stack what was learned."""
        told = np.array([[_numbers(window) for window in each.windows] for each in learned], dtype=np.float64)
        return cls(*np.moveaxis(told, 2, 0))

    def seconds(self) -> "Noises":
        """The noise of the windows of SECONDS: that of a minute, since a level wanders no less in a shorter time."""
        columns = (getattr(self, each.name)[:, :1] for each in fields(self))
        return Noises(*(np.repeat(column, len(SECONDS), axis=1) for column in columns))

    def repeated(self, times: int) -> "Noises":
        """The noise of one series, for many moments of it."""
        columns = (getattr(self, each.name) for each in fields(self))
        return Noises(*(np.broadcast_to(column, (times, column.shape[1])) for column in columns))


def _numbers(noise: WindowNoise) -> tuple[float, ...]:
    tail, sudden = noise.tail, noise.sudden_tail
    tails = tail.least, tail.start, tail.mean, sudden.least, sudden.start, sudden.mean
    return noise.wander, noise.carried, noise.sudden, *tails


@dataclass(frozen=True, slots=True)
class Sums:
    """Each window and the hour before it: badness, scores (`Scale.scored`), tasks. Rows are series, columns windows."""

    x: Numbers
    score: Numbers
    n: Numbers
    hour_score: Numbers
    hour_n: Numbers


def window_sums(scale: Scale, x: Numbers, n: Numbers) -> Sums:
    """The sums from minutes: one row a series, its newest minute last. Rows shorter than LONG minutes will do."""
    (window_x, hour_x), (window_n, hour_n) = _trailing(x), _trailing(n)
    score, hour_score = (window_x, hour_x) if scale.share else _trailing(scale.scored(x, n))
    return Sums(window_x, score, window_n, hour_score, hour_n)


def _trailing(minutes: Numbers) -> tuple[Numbers, Numbers]:
    """Sums of the windows and of the hours before them, from one pass over the minutes."""
    length = minutes.shape[1]
    edges = sorted({min(back, length) for window in WINDOWS for back in (window, min(window + HOUR, LONG))})
    starts = [length - back for back in reversed(edges)]
    total = np.cumsum(np.add.reduceat(minutes, starts, axis=1)[:, ::-1], axis=1)
    at = {back: column for column, back in enumerate(edges)}
    near = total[:, [at[min(window, length)] for window in WINDOWS]]
    far = total[:, [at[min(window + HOUR, LONG, length)] for window in WINDOWS]]
    return near, far - near


def past_objective(sums: Sums, scale: Scale, lines: Numbers) -> Numbers:
    """Which windows may breach: past the objective as a whole, with enough bad tasks. `lines`: badness, a row each."""
    bad = sums.x if scale.share else sums.n
    line = lines[:, None] * sums.n
    slack = PAST * np.maximum(np.abs(sums.x), np.abs(line))
    return np.asarray((sums.x > line + slack) & (bad >= scale.least * (1 - PAST)) & (sums.n > 0))


def evidence(sums: Sums, scale: Scale, noises: Noises, where: Numbers) -> tuple[Numbers, Numbers]:
    """The evidence of both looks, against normal and against the last hour, where it is asked for; else 0."""
    normal, sudden = np.zeros(sums.x.shape), np.zeros(sums.x.shape)
    rows, columns = np.nonzero(where)
    if not len(rows):
        return normal, sudden
    here, at = scale.rows(rows), (rows, columns)
    x, n = sums.score[at], sums.n[at]
    price = here.price(x, n, np.zeros(len(x)), noises.wander[at])
    normal[at] = tail_evidence(price, noises.least[at], noises.start[at], noises.tail[at])
    shift = noises.carried[at] * here.recent(sums.hour_score[at], sums.hour_n[at])
    doubt = noises.carried[at] ** 2 * here.hour_doubt(sums.hour_n[at])
    price = here.price(x, n, shift, np.minimum(noises.wander[at], noises.sudden[at] + doubt))
    sudden[at] = tail_evidence(price, noises.sudden_least[at], noises.sudden_start[at], noises.sudden_tail[at])
    return normal, sudden


def strongest(learned: Sequence[LearnedBaseline], x: Numbers, n: Numbers, lines: Numbers) -> Numbers:
    """The strongest evidence of each series of one family, 0 where nothing is past its objective."""
    scale = Scale.of(*learned)
    sums = window_sums(scale, x, n)
    looks = evidence(sums, scale, Noises.of(*learned), past_objective(sums, scale, lines))
    return np.asarray(np.maximum(*looks).max(axis=1))


def over_time(learned: LearnedBaseline, x: Numbers, n: Numbers, line: float) -> tuple[Numbers, Numbers]:
    """The evidence of both looks at every minute of one series, one row a minute: for replays."""
    length = len(x)
    sums = _every_minute(History(x, n), History(Scale.of(learned).scored(x, n).ravel(), n))
    scale = Scale.of(learned).rows(np.zeros((length, 1), dtype=np.intp))
    noises = Noises.of(learned).repeated(length)
    return evidence(sums, scale, noises, past_objective(sums, scale, np.full(length, line)))


def _every_minute(values: History, scores: History) -> Sums:
    x, n = zip(*(values.windows(window) for window in WINDOWS), strict=True)
    score, _ = zip(*(scores.windows(window) for window in WINDOWS), strict=True)
    hour_score, hour_n = zip(*(scores.windows(HOUR, before=window) for window in WINDOWS), strict=True)
    return Sums(*(np.stack(columns, axis=1) for columns in (x, score, n, hour_score, hour_n)))
