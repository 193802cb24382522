"""Does the recovery clock let a healthy agent go, and hold one that is still ill? By simulation, with fixed seeds.

Tasks come at random (Poisson) and each is bad with the agent's own probability (binomial). The baseline is what 14
days would have shown, sampling error included. The incident's own level is the one the case is named after; in
`measured_` rows it is what detection measured at the breach and the clock has learnt since, as in a real incident of
an hour. A recovered agent is mended at one instant, while the windows still hold that hour, and its time runs
until the clock can say so: the held minute, its end, and the settle time. `slow_` rows are what issue 6 bounds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.rows import Row, percentile
from bot.core import detection
from bot.core.model import Baseline, Better, MinuteRow, Objective, Series, Sli
from bot.core.recovery import Move, Need, moves

RUNS = 1000
SICK_MINUTES = 60
WATCHED = 240
SETTLE = 2
BASELINE_MINUTES = 14 * 24 * 60
NEVER = float("inf")

HER = Sli("her", "", "%", "ratio", Better.LOWER, Objective(5.0), absolute_tolerance=0.5)
DQR = Sli("dqr", "", "%", "ratio", Better.HIGHER, Objective(85.0), absolute_tolerance=1.0)


@dataclass(frozen=True)
class Case:
    """An SLI with its normal level and that of its incident, in percent."""

    name: str
    sli: Sli
    normal: float
    ill: float


CASES = (
    Case("her_18_vs_3", HER, 3.0, 18.0),
    Case("her_9_vs_3", HER, 3.0, 9.0),
    Case("dqr_75_vs_92", DQR, 92.0, 75.0),
)
# tasks a minute -> (most that may not be confirmed in 40 min, in 75 min), in percent; None: nothing was promised
RATES: dict[int, tuple[float | None, float | None]] = {5: (None, 15.0), 20: (10.0, 1.0), 100: (10.0, 1.0)}
STILL_ILL_RATES = (1, 2, 5, 10, 20, 100)
STILL_ILL_PROMISE = 1.0


def percentages(random: np.random.Generator, levels: np.ndarray, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """(value, n) of one minute for each level."""
    n = random.poisson(rate, len(levels))
    return 100 * random.binomial(n, levels / 100) / np.maximum(n, 1), n


def simulated(case: Case, rate: float, levels: np.ndarray, seed: int, *, measured: bool) -> tuple[Move, ...]:
    """The clock's turns over these minutes, from the first on, which is the onset."""
    random = np.random.default_rng(seed)
    history = max(1, int(rate * BASELINE_MINUTES))
    normal = 100 * float(random.binomial(history, case.normal / 100)) / history
    values, counts = percentages(random, levels, rate)
    series = Series("agent", "", case.sli.name)
    rows = {m: MinuteRow(series, m, float(v), float(n)) for m, (v, n) in enumerate(zip(values, counts, strict=True))}
    baseline = Baseline(normal, 0.0, history, BASELINE_MINUTES, 0, 0, "14 days")
    ill, n = detected(case, rows) if measured else (case.ill, None)
    need = Need(series, case.sli, baseline, ill, n)
    return moves([need], {series: rows}, hold_from=0, newest=len(levels) - 1)


def detected(case: Case, rows: Mapping[int, MinuteRow]) -> tuple[float | None, float]:
    """(value, n) of the breach as detection first found it; nothing where it did not."""
    runs = (detection.breach(case.sli, rows, minute, None) for minute in range(SICK_MINUTES))
    found = next((run.last for run in runs if run is not None), None)
    return (None, 0.0) if found is None else (found.value, found.n or 0.0)


def minutes_to_confirm(case: Case, rate: float, seed: int, *, measured: bool = False) -> float:
    """Minutes from the repair until the clock could say "held"; NEVER if it did not in WATCHED minutes."""
    levels = np.concatenate([np.full(SICK_MINUTES, case.ill), np.full(WATCHED, case.normal)])
    turns = simulated(case, rate, levels, seed, measured=measured)
    held = (turn.minute for turn in turns if turn.kind == "held" and turn.minute >= SICK_MINUTES)
    return next((minute + 1 + SETTLE - SICK_MINUTES for minute in held), NEVER)


def still_ill(case: Case, rate: float, seed: int, *, measured: bool = False) -> tuple[bool, int]:
    """Four hours of an agent that nobody mended: whether it was ever confirmed, and how often the clock began."""
    turns = simulated(case, rate, np.full(WATCHED, case.ill), seed, measured=measured)
    return any(turn.kind == "held" for turn in turns), sum(turn.kind == "began" for turn in turns)


def percent(hits: int) -> float:
    return 100 * hits / RUNS


def recovered_rows(case: Case, rate: int) -> Iterator[Row]:
    took = [minutes_to_confirm(case, rate, seed) for seed in range(RUNS)]
    in_40, in_75 = RATES[rate]
    name = f"{case.name}_at_{rate}_per_min"
    yield Row(f"slow_40_{name}_pct", percent(sum(t > 40 for t in took)), in_40)
    yield Row(f"slow_75_{name}_pct", percent(sum(t > 75 for t in took)), in_75)
    yield Row(f"p50_{name}_min", percentile(took, 0.5))


def still_ill_rows(case: Case, rate: int) -> Iterator[Row]:
    found = [still_ill(case, rate, seed) for seed in range(RUNS)]
    name = f"{case.name}_at_{rate}_per_min"
    yield Row(f"ill_confirmed_{name}_pct", percent(sum(held for held, _ in found)), STILL_ILL_PROMISE)
    yield Row(f"ill_began_{name}_per_4h", sum(began for _, began in found) / RUNS)


def measured_rows(case: Case, rate: int) -> Iterator[Row]:
    name = f"{case.name}_at_{rate}_per_min"
    slow = sum(minutes_to_confirm(case, rate, seed, measured=True) > 75 for seed in range(RUNS))
    ill = sum(still_ill(case, rate, seed, measured=True)[0] for seed in range(RUNS))
    yield Row(f"measured_slow_75_{name}_pct", percent(slow))
    yield Row(f"measured_ill_confirmed_{name}_pct", percent(ill))


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    """One row for each case and rate: recovered too slowly, and confirmed while still ill."""
    rows = [row for case in CASES for rate in RATES for row in recovered_rows(case, rate)]
    rows += [row for case in CASES for rate in STILL_ILL_RATES for row in still_ill_rows(case, rate)]
    return rows + [row for case in CASES for rate in RATES for row in measured_rows(case, rate)]
