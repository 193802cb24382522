"""The rules that are measured, each as the minutes in which it would page: vectorised over one long series.

The literal rule and its long window are `bot/core/detection.py` (a test holds the two together); burn rates are those
of chapter 5 of Google's SRE Workbook: 14.4 times the budget over an hour and five minutes, 6 times over six hours and
thirty minutes.
"""

import numpy as np
import numpy.typing as npt

from bench.detection.traffic import Case, Numbers
from bot.core.detection.evidence.fleet import over_time
from bot.core.detection.evidence.history import History
from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.model.recent_sums import RECENT

Flags = npt.NDArray[np.bool_]
MIN_COUNT = 20
WINDOW = 10
BURNS = ((14.4, 60, 5), (6.0, 360, 30))


def literal(case: Case, x: Numbers, n: Numbers) -> Flags:
    """BAD for two minutes (a depth: for thirty), each pooled back to 20 tasks where it has fewer."""
    bad = _bad_minutes(case, x, n)
    sustain = 30 if case.kind == "depth" else 2
    streak = History(bad.astype(float), np.ones(len(bad))).windows(sustain)[0]
    return np.asarray(streak >= sustain)


def _bad_minutes(case: Case, x: Numbers, n: Numbers) -> Flags:
    history, least = History(x, n), 1 if case.kind == "depth" else MIN_COUNT
    bad, open_ = np.zeros(len(x), dtype=bool), n > 0
    for minutes in range(1, WINDOW + 1):
        bad_sum, tasks = history.windows(minutes)
        decides = open_ & (tasks >= least)
        bad |= decides & (bad_sum > case.objective * tasks * (1 + 1e-9))
        open_ &= ~decides
    return bad


def long_window(case: Case, x: Numbers, n: Numbers) -> Flags:
    """The literal rule, and the last quarter of an hour past the objective as a whole."""
    bad, tasks = History(x, n).windows(15)
    return literal(case, x, n) & (bad > case.objective * tasks)


def burn_rates(case: Case, x: Numbers, n: Numbers) -> Flags:
    """Google's two paging alerts; of a mean or a depth the bad event is a minute past its objective, 5 % allowed."""
    history, budget = History(x, n), case.objective
    if case.kind != "share":
        history, budget = History(_bad_minutes(case, x, n).astype(float), (n > 0).astype(float)), 0.05
    fires = np.zeros(len(x), dtype=bool)
    for factor, long, short in BURNS:
        both = [history.windows(minutes) for minutes in (long, short)]
        fires |= np.logical_and(*(bad > min(factor * budget, 1 - 1e-9) * tasks for bad, tasks in both))
    return fires


def by_evidence(case: Case, learned: LearnedBaseline, x: Numbers, n: Numbers, threshold: float) -> Flags:
    """The rule of `docs/decisions/0024`, asked where a running bot asks it (`evidence_rule.suspicious`)."""
    enough = np.maximum(*over_time(learned, x, n, case.objective)).max(axis=1) >= threshold
    return np.asarray(enough & _suspicious(case, x, n))


def _suspicious(case: Case, x: Numbers, n: Numbers) -> Flags:
    """Whether some short window is past the objective as a whole."""
    history, past = History(x, n), np.zeros(len(x), dtype=bool)
    for minutes in RECENT:
        bad, tasks = history.windows(minutes)
        past |= bad > case.objective * tasks * (1 + 1e-9)
    return past


def steps(case: Case, learned: LearnedBaseline, jump: float, x: Numbers, n: Numbers) -> Numbers:
    """What each minute adds to a CUSUM that is tuned to this very jump: its log-likelihood ratio."""
    if case.kind == "share":
        well, ill = (min(max(share, 1e-6), 1 - 1e-6) for share in (learned.level, learned.level * jump))
        return np.asarray(x * np.log(ill / well) + (n - x) * np.log((1 - ill) / (1 - well)))
    away = np.log(np.maximum(x, 1e-9) / np.maximum(n, 1e-9) / learned.level)
    far, spread = np.log(jump), max(learned.scatter, 1e-3)
    return np.asarray(np.where(n > 0, n * far * (np.clip(away, -3, 3) - far / 2) / spread, 0.0))


def cusum(added: Numbers) -> Numbers:
    """Page's statistic along the last axis."""
    total = np.cumsum(added, axis=-1)
    return np.asarray(total - np.minimum.accumulate(np.minimum(total, 0), axis=-1))


def cusum_threshold(added: Numbers, pages: int) -> float:
    """The threshold that so many excursions of a healthy series pass."""
    path = cusum(added)
    excursion = np.cumsum(path <= 0)
    highest = np.zeros(int(excursion[-1]) + 1)
    np.maximum.at(highest, excursion, path)
    return float(np.sort(highest)[-pages - 1]) if len(highest) > pages else float(path.max())
