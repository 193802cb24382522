"""How often a healthy agent pages by chance, and how long a real jump waits for its page: rule by rule, on one grid.

Each case is an agent that is healthy for 104 days, judged as a running bot judges it by default: the first 14 days
teach and each week the 14 days before it teach anew, the allowance is that of closed minutes, and hours are weighed
only where some short window is past the objective. (A running bot learns anew each day. What a week-old fortnight
teaches is the harder case, and the grid takes half as long.) A page leaves out the hour after it, as an incident would.
Jumps (times the healthy level, and "total": every task bad) are laid over stretches of the same healthy agent at random
moments; a jump that ends short of 1.2 times the objective is not asked for. Delays count closed minutes from the onset;
none within three hours is None.

`bench/out/false_pages.json`: a list `rows` of `{rule, case, false_a_month, jump, p50_min, p95_min}`. Promised is one
page by chance a month in every row, of the rule by evidence; the others are printed beside it on the same data.

`python -m bench.detection.bench_false_pages [--quick] [--held-out] [--only TEXT]` prints the table case by case.
`--held-out` takes seeds and shapes that were never looked at while the rule was built.
"""

import argparse
import json
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.detection.false_page_cases import CASES, HELD_OUT
from bench.detection.rules import Flags, burn_rates, by_evidence, cusum, cusum_threshold, literal, long_window, steps
from bench.detection.traffic import DAY, Case, Healthy, Numbers, drawn, healthy
from bench.harness.rows import Row
from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.detection.evidence.learning import learn_sums
from bot.core.detection.evidence.track import JudgedSeries
from bot.core.detection.evidence.windows import LONG, MINUTES_A_MONTH
from bot.core.detection.evidence_rule import allowance_of
from bot.core.model.slis import Better, Objective, Sli

FIRST_DAYS = 14
DAYS = 90
RELEARNED = 7
ALLOWED = allowance_of(1.0, [("", Sli("her", "", "%", "ratio", Better.LOWER, Objective(5.0), rule="evidence"))])
"""One page a month, of an agent with one SLI: half of it for closed minutes."""
HELD = 60
"""Minutes after a page that are left out."""
HORIZON = 180
"""Minutes after an onset in which its page is waited for."""
ONSETS = 200
JUMPS = (1.5, 2.0, 3.0, 6.0)
BEYOND = 1.2
"""Times the objective that a jump must reach to be asked for."""
RULES = ("literal", "15 min window", "burn rates", "evidence")
SEEDS = {False: 0, True: 7_919}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is simulated."""

    days: int = DAYS
    onsets: int = ONSETS


QUICK = Size(days=14, onsets=20)


@dataclass(frozen=True, slots=True)
class Measured:
    """A rule on a case: pages by chance a month, and minutes to find each jump (None: not within three hours)."""

    rule: str
    case: str
    false_a_month: float | None
    jump: str
    p50_min: float | None
    p95_min: float | None


def measured(case: Case, seed: int, size: Size) -> list[Measured]:
    """Every rule on one case."""
    random = np.random.default_rng([seed, zlib.crc32(case.name.encode())])
    history = healthy(case, random, (FIRST_DAYS + size.days) * DAY)
    alone = {rule: pages(flags) for rule, flags in _flags_of_healthy(case, history).items()}
    months = size.days * DAY / MINUTES_A_MONTH
    last = learn_sums(track_of(case), history.x[-FIRST_DAYS * DAY :], history.n[-FIRST_DAYS * DAY :])
    rows = list[Measured]()
    for jump in jumps(case):
        stretches = stretches_of(case, random, history, jump, size.onsets)
        found = _delays(case, last, stretches, size) | {
            "cusum": _cusum_delays(case, last, history, stretches, alone["evidence"])
        }
        for rule, delays in found.items():
            by_chance = alone[rule] / months if rule in alone else None
            rows.append(Measured(rule, case.name, by_chance, stretches.name, *_percentiles(delays)))
    return rows


def jumps(case: Case) -> list[float]:
    """Times the healthy level: those that pass the objective by a fifth, that very level, and infinity for "total"."""
    least = BEYOND * case.objective / case.level
    top = 1 / case.level if case.kind == "share" else np.inf
    asked = sorted({jump for jump in (*JUMPS, round(least, 2)) if least * 0.999 <= jump < 0.95 * top})
    return [*asked, np.inf] if case.kind == "share" else asked


@dataclass(frozen=True, slots=True)
class Stretches:
    """Onsets one after another: LONG healthy minutes and HORIZON of a jump each."""

    name: str
    jump: float
    x: Numbers
    n: Numbers
    starts: npt.NDArray[np.intp]
    """The minutes of the healthy history at which each begins."""


def stretches_of(case: Case, random: np.random.Generator, history: Healthy, jump: float, onsets: int) -> Stretches:
    """Lay a jump over stretches of the healthy agent."""
    starts = random.integers(0, len(history.n) - LONG - HORIZON, onsets)
    at = starts[:, None] + np.arange(LONG + HORIZON)
    x, n, level = history.x[at], history.n[at], history.level[at]
    sick = (
        np.full((onsets, HORIZON), 1.0)
        if jump == np.inf
        else np.minimum(level[:, LONG:] * jump, 1 if case.kind == "share" else np.inf)
    )
    if case.kind == "depth":
        x[:, LONG:] *= jump
    else:
        x[:, LONG:] = drawn(case, random, sick.ravel(), n[:, LONG:].ravel()).reshape(sick.shape)
    return Stretches("total" if jump == np.inf else f"{jump:g}", jump, x, n, starts)


def track_of(case: Case) -> JudgedSeries:
    share = case.kind == "share"
    return JudgedSeries(case.kind, 100 * case.objective if share else case.objective, lift=0.0 if share else 0.1)


def _flags_of_healthy(case: Case, history: Healthy) -> dict[str, Flags]:
    """What each rule says to the healthy days, the days that teach left out."""
    taught = FIRST_DAYS * DAY
    flags = {rule: judge(case, history.x, history.n)[taught:] for rule, judge in FIXED.items()}
    return flags | {"evidence": _evidence_of_healthy(case, history)}


FIXED = {"literal": literal, "15 min window": long_window, "burn rates": burn_rates}


def _evidence_of_healthy(case: Case, history: Healthy) -> Flags:
    """Week by week, each judged by the two weeks before it."""
    flags = list[Flags]()
    taught, week = FIRST_DAYS * DAY, RELEARNED * DAY
    for start in range(taught, len(history.n), week):
        learned = learn_sums(track_of(case), history.x[start - taught : start], history.n[start - taught : start])
        part = slice(start - LONG, min(start + week, len(history.n)))
        flags.append(by_evidence(case, learned, history.x[part], history.n[part], ALLOWED.threshold)[LONG:])
    return np.concatenate(flags)


def pages(flags: Flags) -> int:
    """Pages: a flagged minute, and none in the hour after it."""
    count, quiet_until = 0, -1
    for minute in np.flatnonzero(flags):
        if minute >= quiet_until:
            count, quiet_until = count + 1, int(minute) + HELD
    return count


def _delays(case: Case, learned: LearnedBaseline, stretches: Stretches, size: Size) -> dict[str, Numbers]:
    x, n = stretches.x.ravel(), stretches.n.ravel()
    flags = {rule: judge(case, x, n) for rule, judge in FIXED.items()}
    flags["evidence"] = by_evidence(case, learned, x, n, ALLOWED.threshold)
    return {rule: first_flags(each.reshape(size.onsets, -1)[:, LONG:]) for rule, each in flags.items()}


def _cusum_delays(
    case: Case, learned: LearnedBaseline, history: Healthy, stretches: Stretches, allowed: int
) -> Numbers:
    """The CUSUM tuned to this jump; its threshold pages the healthy agent as often as evidence did."""
    jump = min(stretches.jump, 0.999 / case.level) if case.kind == "share" else stretches.jump
    threshold = cusum_threshold(steps(case, learned, jump, history.x, history.n), allowed)
    path = cusum(steps(case, learned, jump, stretches.x, stretches.n))[:, LONG:]
    return first_flags(path > threshold)


def first_flags(flags: Flags) -> Numbers:
    """Minutes to the first flag of each row; infinite without."""
    return np.where(flags.any(axis=1), flags.argmax(axis=1) + 1.0, np.inf)


def _percentiles(delays: Numbers) -> tuple[float | None, float | None]:
    values = np.percentile(delays, (50, 95), method="higher").tolist()
    p50, p95 = (None if value == np.inf else value for value in values)
    return p50, p95


def grid(*, held_out: bool = False, quick: bool = False, only: str = "") -> Iterator[list[Measured]]:
    """Every case of the grid, or a sample of it."""
    size = QUICK if quick else Size()
    cases = [case for case in (HELD_OUT if held_out else CASES) if only in case.name]
    some = cases[::8] if quick else cases
    with ProcessPoolExecutor() as workers:
        yield from workers.map(measured, some, repeat(SEEDS[held_out]), repeat(size))


def line(rows: list[Measured]) -> str:
    """One case as lines of a table: pages by chance of each rule, then minutes by jump."""
    alone = {row.rule: row.false_a_month for row in rows if row.false_a_month is not None}
    head = "  ".join(f"{rule} {alone[rule]:.1f}" for rule in RULES)
    told = [f"{rows[0].case}: {head}"]
    for jump in dict.fromkeys(row.jump for row in rows):
        delays = (f"{row.rule} {_shown(row.p50_min)}/{_shown(row.p95_min)}" for row in rows if row.jump == jump)
        told.append(f"    {jump:>6}  " + "  ".join(delays))
    return "\n".join(told)


def _shown(minutes: float | None) -> str:
    return "-" if minutes is None else f"{minutes:.0f}"


def run(out: Path) -> list[Row]:
    """Measure the grid, write every row, and promise one page by chance a month in the worst case."""
    every = list[Measured]()
    for rows in grid():
        print(line(rows), flush=True)
        every += rows
    out.mkdir(parents=True, exist_ok=True)
    told = [{name: getattr(row, name) for name in Measured.__slots__} for row in every]
    (out / "false_pages.json").write_text(json.dumps({"rows": told}, indent=1) + "\n", encoding="utf-8")
    return summary(every)


def summary(every: list[Measured]) -> list[Row]:
    """The worst case of each rule; only evidence made a promise."""
    worst = {rule: max(row.false_a_month or 0.0 for row in every if row.rule == rule) for rule in RULES}
    mean = {
        rule: float(np.mean([*{row.case: row.false_a_month or 0.0 for row in every if row.rule == rule}.values()]))
        for rule in RULES
    }
    named = {rule: rule.replace(" ", "_") for rule in RULES}
    promised = {"evidence": 1.0}
    return [Row(f"worst_false_a_month_{named[rule]}", worst[rule], promised.get(rule)) for rule in RULES] + [
        Row(f"mean_false_a_month_{named[rule]}", mean[rule]) for rule in RULES
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.detection.bench_false_pages")
    parser.add_argument("--quick", action="store_true", help="every eighth case, two weeks, twenty onsets")
    parser.add_argument("--held-out", action="store_true", help="seeds and shapes kept apart")
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    asked = parser.parse_args()
    every = list[Measured]()
    for rows in grid(held_out=asked.held_out, quick=asked.quick, only=asked.only):
        print(line(rows), flush=True)
        every += rows
    for row in summary(every):
        print(f"{row.key}: {row.value:.2f}")


if __name__ == "__main__":
    main()
