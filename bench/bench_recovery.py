"""Does the recovery clock let a healthy agent go, and hold one that is still ill? By simulation, with fixed seeds.

Tasks come at random (Poisson) and each is bad with the agent's own probability (binomial). The baseline is what 14
days would have shown, sampling error included. Half an hour is healthy, then the agent falls ill. The level of the
incident is what the product knows of it: what detection measured on the minutes of the breach, and what the clock has
learnt since; its minutes begin with the first bad one that detection found. An incident that detection never saw has
no clock; such runs are counted apart and drawn again. A recovered agent is mended at one instant an hour after it fell
ill, while the windows still hold that hour, and its time runs until the clock can say so: the held minute, its end,
and the settle time. `slow_` and `ill_confirmed_` rows are what issue 6 bounds. `mild_` rows are what it does not bound:
agents that stay nearer to their objective than it asks about.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bench.harness.rows import Row, percentile
from bot.core.detection import evidence_rule
from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.literal_rule import Run
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Baseline, Better, Objective, Sli
from bot.core.recovery.recovery_clock import ClockChange, Need, moves

RUNS = 2000
MILD_RUNS = 500
LEAD = 30
SICK_MINUTES = 60
WATCHED = 240
SETTLE = 2
BASELINE_MINUTES = 14 * 24 * 60
NEVER = float("inf")
MOST_DRAWS = 20
"""Draws in a row that detection may miss before a run is given up: at a task a minute it hardly ever sees twenty."""

HER = Sli("her", "", "%", "ratio", Better.LOWER, Objective(5.0), absolute_tolerance=0.5, rule="evidence")
DQR = Sli("dqr", "", "%", "ratio", Better.HIGHER, Objective(85.0), absolute_tolerance=1.0, rule="evidence")


@dataclass(frozen=True)
class Case:
    """An SLI with its normal level and that of its incident, in percent."""

    name: str
    sli: Sli
    normal: float
    ill: float

    @property
    def line(self) -> float:
        return self.sli.objective.limit


CASES = (
    Case("her_18_vs_3", HER, 3.0, 18.0),
    Case("her_9_vs_3", HER, 3.0, 9.0),
    Case("dqr_75_vs_92", DQR, 92.0, 75.0),
)
MILD = (Case("her_7_vs_3", HER, 3.0, 7.0), Case("her_6_vs_3", HER, 3.0, 6.0))
# tasks a minute -> (most that may not be confirmed in 40 min, in 75 min), in percent; None: nothing was promised
RATES: dict[int, tuple[float | None, float | None]] = {5: (None, 15.0), 20: (10.0, 1.0), 100: (10.0, 1.0)}
STILL_ILL_RATES = (1, 2, 5, 10, 20, 100)
STILL_ILL_PROMISE = 1.0


@dataclass(frozen=True)
class Recovery:
    """One agent's minutes, what is known of its incident, and the turns of its clock."""

    need: Need
    first_bad: int
    turns: tuple[ClockChange, ...]


def percentages(random: np.random.Generator, levels: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """(value, n) of one minute for each level."""
    n = random.poisson(rate, len(levels))
    return 100 * random.binomial(n, levels / 100) / np.maximum(n, 1), n


def simulated(case: Case, rate: float, levels: np.ndarray, seed: int) -> Recovery | None:
    """The course of an agent with these levels, minute by minute; None where detection never saw a breach."""
    for draw in range(MOST_DRAWS):
        random = np.random.default_rng([seed, draw])
        history = max(1, int(rate * BASELINE_MINUTES))
        normal = 100 * float(random.binomial(history, case.normal / 100)) / history
        values, counts = percentages(random, levels, rate)
        series = Series("agent", "", case.sli.name)
        pairs = enumerate(zip(values, counts, strict=True))
        rows = {minute: MinuteRow(series, minute, float(value), float(n)) for minute, (value, n) in pairs}
        baseline = Baseline(normal, 0.0, history, BASELINE_MINUTES, 0, 0, "14 days", noise(case, rate))
        found = detected(case, rows, baseline)
        if found is not None:
            need = Need(series, case.sli, baseline, found.last.value, found.last.n)
            last = min(len(levels), found.first_bad + WATCHED + SICK_MINUTES) - 1
            return Recovery(
                need, found.first_bad, moves([need], {series: rows}, hold_from=found.first_bad, newest=last)
            )
    return None


@cache
def noise(case: Case, rate: float) -> str:
    """What two weeks of such an agent teach."""
    random = np.random.default_rng([7, int(rate)])
    values, counts = percentages(random, np.full(BASELINE_MINUTES, case.normal), rate)
    series = Series("agent", "", case.sli.name)
    told = enumerate(zip(values, counts, strict=True))
    history = [MinuteRow(series, minute, float(value), float(n)) for minute, (value, n) in told]
    return evidence_rule.learned_noise(case.sli, history, None)


def detected(case: Case, rows: Mapping[int, MinuteRow], baseline: Baseline) -> Run | None:
    """The breach as detection first finds it after the onset; None where it does not within the hour."""
    ill = (at for at in range(LEAD, LEAD + SICK_MINUTES) if evidence_rule.suspicious(case.sli, rows, at, case.line))
    runs = (evidence_rule.breach(case.sli, rows, minute, baseline, Allowance()) for minute in ill)
    return next((run for run in runs if run is not None), None)


def minutes_to_confirm(case: Case, rate: float, seed: int) -> float:
    """Minutes from the repair until the clock could say "held"; NEVER if it did not in time, or not at all."""
    mended = LEAD + SICK_MINUTES
    spans = [(LEAD, case.normal), (SICK_MINUTES, case.ill), (WATCHED, case.normal)]
    monitor = simulated(case, rate, np.concatenate([np.full(length, level) for length, level in spans]), seed)
    if monitor is None:
        return NEVER
    held = (turn.minute for turn in monitor.turns if turn.kind == "held" and turn.minute >= mended)
    return next((minute + 1 + SETTLE - mended for minute in held), NEVER)


def still_ill(case: Case, rate: float, seed: int) -> tuple[bool, int] | None:
    """Four hours of an agent that nobody mended: whether it was ever confirmed, and how often the clock began."""
    spans = [(LEAD, case.normal), (SICK_MINUTES + WATCHED, case.ill)]
    monitor = simulated(case, rate, np.concatenate([np.full(length, level) for length, level in spans]), seed)
    if monitor is None:
        return None
    turns = [turn for turn in monitor.turns if turn.minute < monitor.first_bad + WATCHED]
    return any(turn.kind == "held" for turn in turns), sum(turn.kind == "began" for turn in turns)


def percent(hits: int, of: int) -> float:
    return 100 * hits / max(1, of)


def recovered_rows(case: Case, rate: int, seeds: Sequence[int]) -> Iterator[Row]:
    took = [minutes_to_confirm(case, rate, seed) for seed in seeds]
    in_40, in_75 = RATES[rate]
    name = f"{case.name}_at_{rate}_per_min"
    yield Row(f"slow_40_{name}_pct", percent(sum(t > 40 for t in took), len(took)), in_40)
    yield Row(f"slow_75_{name}_pct", percent(sum(t > 75 for t in took), len(took)), in_75)
    yield Row(f"p50_{name}_min", percentile(took, 0.5))


def still_ill_rows(case: Case, rate: int, seeds: Sequence[int]) -> Iterator[Row]:
    found = [seen for seed in seeds if (seen := still_ill(case, rate, seed)) is not None]
    name = f"{case.name}_at_{rate}_per_min"
    yield Row(f"ill_confirmed_{name}_pct", percent(sum(held for held, _ in found), len(found)), STILL_ILL_PROMISE)
    yield Row(f"ill_began_{name}_per_4h", sum(began for _, began in found) / max(1, len(found)))
    yield Row(f"ill_runs_{name}", len(found))


def mild_row(case: Case, rate: int, seeds: Sequence[int]) -> Row:
    found = [seen for seed in seeds[:MILD_RUNS] if (seen := still_ill(case, rate, seed)) is not None]
    held = sum(one for one, _ in found)
    return Row(f"mild_confirmed_{case.name}_at_{rate}_per_min_pct", percent(held, len(found)))


def run(out: Path, seeds: Sequence[int] = range(RUNS)) -> list[Row]:  # noqa: ARG001 - this one leaves no files
    """One row for each case and rate: recovered too slowly, and confirmed while still ill."""
    rows = [row for case in CASES for rate in RATES for row in recovered_rows(case, rate, seeds)]
    rows += [row for case in CASES for rate in STILL_ILL_RATES for row in still_ill_rows(case, rate, seeds)]
    return rows + [mild_row(case, rate, seeds) for case in MILD for rate in (5, 20)]
