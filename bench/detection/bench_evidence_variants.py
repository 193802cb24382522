"""What was tried before the rule by evidence became what it is: each variant on the same healthy days and jumps.

- `construction`: one noise factor a window, as the design first gave it: G / noise(L) past the threshold.
- `by hour`: the same with a level for each hour of the day, and noise around it.
- `e-detector`: a sequential test: CUSUMs tuned to jumps of 1.5, 2, 3 and 6 times, each weighed by the noise of a
  minute, stopped at the threshold of as many tests.
- `level only`, `last hour only`: one look of the two. `evidence`: the rule.

Rows are pages by chance a month, and minutes (p50) to find a jump of three and of six times.
"""

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from bench.detection.bench_false_pages import FIRST_DAYS, Stretches, first_flags, pages, stretches_of, track_of
from bench.detection.false_page_cases import CASES
from bench.detection.rules import Flags, cusum
from bench.detection.traffic import DAY, Case, Healthy, Numbers, healthy
from bench.harness.rows import Row
from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence.fleet import over_time
from bot.core.detection.evidence.history import History
from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.detection.evidence.learning import learn_sums
from bot.core.detection.evidence.likelihood import divergence
from bot.core.detection.evidence.windows import HOUR, LONG

DAYS = 60
ONSETS = 150
JUMPS = (3.0, 6.0)
WINDOWS = (1, 2, 3, 5, 8, 13, 21, 34, 60)
SHOWN = (1, 2, 15, 16, 23, 24, 29, 31)
"""Which cases of the grid: constant, wandering, waves, clusters, over-dispersed."""

Variant = Callable[[Numbers, Numbers, int], Flags]
"""Flags of minutes from sums of bad tasks and tasks; the number says which minute of the day the first one is."""


def first_construction(case: Case, taught: Healthy, *, by_hour: bool) -> Variant:
    """G / noise(L), with one level or one for each hour of the day."""
    hours = _hours(taught, by_hour=by_hour)
    noise = [_noise(taught, hours, minutes) for minutes in WINDOWS]

    def judge(x: Numbers, n: Numbers, start: int) -> Flags:
        level = hours[(start + np.arange(len(x))) // HOUR % 24]
        flags = np.zeros(len(x), dtype=bool)
        for minutes, factor in zip(WINDOWS, noise, strict=True):
            bad, tasks, normal = _sums(x, n, level, minutes)
            share = bad / np.maximum(tasks, 1)
            weight = tasks * divergence(np.clip(share, 0, 1), np.log(normal / (1 - normal))) / factor
            past = (share > case.objective) & (bad >= 3) & (share > normal)
            flags |= past & (weight >= Allowance().threshold)
        return flags

    return judge


def _hours(taught: Healthy, *, by_hour: bool) -> Numbers:
    overall = taught.x.sum() / taught.n.sum()
    if not by_hour:
        return np.full(24, overall)
    hour = np.arange(len(taught.x)) // HOUR % 24
    bad, tasks = (np.bincount(hour, weights=column, minlength=24) for column in (taught.x, taught.n))
    return np.asarray((bad + 20 * overall) / (tasks + 20))


def _sums(x: Numbers, n: Numbers, level: Numbers, minutes: int) -> tuple[Numbers, Numbers, Numbers]:
    bad, tasks = History(x, n).windows(minutes)
    expected = History(n * level, n).windows(minutes)[0]
    return bad, tasks, np.clip(expected / np.maximum(tasks, 1e-9), 1e-6, 1 - 1e-6)


def _noise(taught: Healthy, hours: Numbers, minutes: int) -> float:
    level = hours[np.arange(len(taught.x)) // HOUR % 24]
    bad, tasks, normal = _sums(taught.x, taught.n, level, minutes)
    known = tasks > 0
    squares = (bad - tasks * normal)[known] ** 2 / (tasks * normal * (1 - normal))[known]
    return max(1.0, float(squares.mean()))


def e_detector(case: Case, taught: Healthy) -> Variant:
    """Tuned CUSUMs side by side."""
    hours = _hours(taught, by_hour=False)
    level, noise, jumps = float(hours[0]), _noise(taught, hours, 1), (1.5, 2.0, 3.0, 6.0)

    def judge(x: Numbers, n: Numbers, start: int) -> Flags:  # noqa: ARG001 - no wave in it
        past = History(x, n).windows(1)
        flags = np.zeros(len(x), dtype=bool)
        for jump in jumps:
            ill = min(level * jump, 0.99)
            added = (x * np.log(ill / level) + (n - x) * np.log((1 - ill) / (1 - level))) / noise
            flags |= cusum(added) >= Allowance().threshold + np.log(len(jumps))
        return np.asarray(flags & (past[0] > case.objective * past[1]))

    return judge


def looks(case: Case, learned: LearnedBaseline, which: tuple[int, ...]) -> Variant:
    """The rule, or one look of its two."""

    def judge(x: Numbers, n: Numbers, start: int) -> Flags:  # noqa: ARG001 - no wave in it
        both = over_time(learned, x, n, case.objective)
        return np.asarray(np.max([both[look].max(axis=1) for look in which], axis=0) >= Allowance().threshold)

    return judge


def variants(case: Case, taught: Healthy) -> Mapping[str, Variant]:
    learned = learn_sums(track_of(case), taught.x, taught.n)
    return {
        "construction": first_construction(case, taught, by_hour=False),
        "by_hour": first_construction(case, taught, by_hour=True),
        "e_detector": e_detector(case, taught),
        "level_only": looks(case, learned, (0,)),
        "last_hour_only": looks(case, learned, (1,)),
        "evidence": looks(case, learned, (0, 1)),
    }


def _delay(judge: Variant, stretches: Stretches) -> float:
    """Half of the onsets are found by then; each stretch is judged apart, at the minute of the day it was cut from."""
    flags = [judge(x, n, int(start)) for x, n, start in zip(stretches.x, stretches.n, stretches.starts, strict=True)]
    return float(np.percentile(first_flags(np.array(flags)[:, LONG:]), 50, method="higher"))


def measured(case: Case) -> dict[str, list[float]]:
    """Pages by chance a month, and a delay for each jump, of each variant."""
    random = np.random.default_rng([24, zlib.crc32(case.name.encode())])
    history = healthy(case, random, (FIRST_DAYS + DAYS) * DAY)
    split = FIRST_DAYS * DAY
    taught = Healthy(history.level[:split], history.x[:split], history.n[:split])
    stretches = [stretches_of(case, random, history, jump, ONSETS) for jump in JUMPS]
    told = {}
    for name, judge in variants(case, taught).items():
        alone = pages(judge(history.x[split:], history.n[split:], 0)) * 30 / DAYS
        told[name] = [alone, *(_delay(judge, each) for each in stretches)]
    return told


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    """The table of decision 24."""
    rows = list[Row]()
    for case in (CASES[index] for index in SHOWN):
        for name, (alone, *delays) in measured(case).items():
            found = "  ".join(f"{delay:5.0f}" for delay in delays)
            print(f"{case.name:45} {name:15} {alone:6.1f}  {found}", flush=True)
            rows.append(Row(f"{name}: {case.name}", alone))
    return rows
