"""A percentile in detection and its baseline: a tail that jumps while the mean stays, heavy tails that are well."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
import pytest

from bot.core.detection import baseline as baselines
from bot.core.detection import evidence_rule, literal_rule
from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence.fleet import over_time
from bot.core.detection.evidence.learning import learn_sums
from bot.core.detection.evidence.track import JudgedSeries
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Baseline, Better, Objective, Sli
from bot.core.telemetry.tail import TailSketch, merged_rows, read

SERIES = Series("refunds", "", "tool_calls_p95")
P95 = Sli(
    "tool_calls_p95", "p95 of tool calls", "calls", "gauge", Better.LOWER, Objective(20),
    min_count=60, percentile=95, of="tool_calls", rule="evidence",
)  # fmt: skip
DAY = 1440
NOW = 14 * DAY
Draw = Callable[[np.random.Generator, int], np.ndarray]


def row_of(minute: int, values: Iterable[float], series: Series = SERIES) -> MinuteRow:
    told = list(values)
    if not told:
        return MinuteRow(series, minute, None, 0.0)
    tail = TailSketch.of(95, told)
    return MinuteRow(series, minute, tail.value, float(len(told)), tail=tail.text())


def lived(draw: Draw, rate: float, first: int, length: int, seed: int = 1) -> dict[int, MinuteRow]:
    """Minutes of an agent with so many tasks a minute, each drawn by itself."""
    random = np.random.default_rng([seed, first])
    return {at: row_of(at, draw(random, random.poisson(rate))) for at in range(first, first + length)}


def steady(random: np.random.Generator, n: int) -> np.ndarray:
    """About 8 calls a task, 15 for one of twenty."""
    return np.asarray(random.poisson(8, n) + 1)


def longer_tail(random: np.random.Generator, n: int) -> np.ndarray:
    """One of eight tasks loops; the others take fewer calls, so the mean stays at nine."""
    loops = random.random(n) < 0.125
    return np.where(loops, random.poisson(30, n), random.poisson(5, n) + 1)


def heavy(random: np.random.Generator, n: int) -> np.ndarray:
    """Pareto: nine of ten tasks under 4, one of a thousand over 60."""
    return np.asarray(2 * (1 + random.pareto(1.7, n)))


def log_normal(random: np.random.Generator, n: int) -> np.ndarray:
    return np.asarray(np.exp(1 + 1.1 * random.standard_normal(n)))


def taught(sli: Sli, history: dict[int, MinuteRow], onset: int = NOW) -> Baseline:
    found = baselines.compute(sli, history.values(), onset)
    assert found is not None
    noise = evidence_rule.learned_noise(sli, list(history.values()), found)
    line = evidence_rule.tail_line(sli, found) or 0.0
    return Baseline(
        found.value, found.spread, found.n, found.minutes, found.span_start, found.span_end, found.method,
        noise, onset, line, found.beyond,
    )  # fmt: skip


def first_breach(sli: Sli, rows: dict[int, MinuteRow], baseline: Baseline, first: int) -> literal_rule.Run | None:
    runs = (evidence_rule.breach(sli, rows, at, baseline, Allowance()) for at in range(first, max(rows) + 1))
    return next((run for run in runs if run is not None), None)


def test_a_tail_that_jumps_is_found_while_the_mean_stays_where_it_was() -> None:
    history = lived(steady, 50, NOW - 2 * DAY, 2 * DAY)
    rows = history | lived(longer_tail, 50, NOW, 10)
    means = [np.mean([at.mean() for at in (draw(np.random.default_rng(3), 20_000),)]) for draw in (steady, longer_tail)]
    assert means[1] == pytest.approx(means[0], rel=0.1)
    run = first_breach(P95, rows, taught(P95, history), NOW)
    assert run is not None
    assert (run.last.minute - NOW) <= 3
    assert run.first_bad == NOW
    assert run.last.value is not None
    assert run.last.value > 25
    assert run.last.share is not None
    assert 5 < run.last.share < 20
    assert run.why.startswith(f"p95 of tool calls {run.last.value:.1f} calls over ")
    assert "tasks past 20, normal 0." in run.why
    assert "objective 20" in run.why


@pytest.mark.parametrize("draw", [heavy, log_normal, steady])
@pytest.mark.parametrize("rate", [4, 20])
def test_a_heavy_tail_pages_at_most_once_in_a_drawn_month(draw: Draw, rate: int) -> None:
    fortnight, month = 14 * DAY, 30 * DAY
    random = np.random.default_rng([6, rate])
    n = random.poisson(rate, fortnight + month)
    took, minutes = draw(random, int(n.sum())), np.repeat(np.arange(len(n)), n)
    line = 1.2 * TailSketch.of(95, took[: n[:fortnight].sum()]).value
    past = np.bincount(minutes[took > top_of_the_bin(line)], minlength=len(n)).astype(float)
    learned = learn_sums(JudgedSeries("share", 5.0), past[:fortnight], n[:fortnight].astype(float))
    found = np.maximum(*over_time(learned, past[fortnight:], n[fortnight:].astype(float), 0.05)).max(axis=1)
    pages = int(np.count_nonzero(np.diff((found >= Allowance().threshold).astype(int), prepend=0) == 1))
    assert pages <= 1
    assert past[fortnight:].sum() > 100, "else nothing was ever past the line, and this shows nothing"


def top_of_the_bin(line: float) -> float:
    """The largest value that is still on the line."""
    low, high = line, 1.1 * line
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if TailSketch.of(95, [middle]).above(line) else (middle, high)
    return low


def test_minutes_are_merged_and_never_a_mean_of_percentiles() -> None:
    # 90 tasks of 4 calls, then 10 of 100: their p95 is 100 together; the mean of the two, weighed, would be 13.6
    rows = {0: row_of(0, [4.0] * 90), 1: row_of(1, [100.0] * 10)}
    assert literal_rule.over_span(P95, rows, 1, 2) == pytest.approx(100, rel=0.01)
    assert literal_rule.measure(P95, rows, 1).value == pytest.approx(100, rel=0.01)
    alone = literal_rule.measure(P95, {0: row_of(0, [4.0] * 10)}, 0)
    assert (alone.lack, alone.n) == ("thin", 10)


def test_workflows_merge_to_their_agent_exactly() -> None:
    random = np.random.default_rng(4)
    refunds, goodwill = random.poisson(8, 70), random.poisson(20, 30)
    whole = row_of(0, [*refunds, *goodwill])
    parts = [read(row_of(0, each).tail) for each in (refunds, goodwill)]
    assert merged_rows([whole], 95) == merged_rows([row_of(0, refunds), row_of(0, goodwill)], 95)
    assert sum(part.n for part in parts) == whole.n


def test_a_baseline_is_the_percentile_of_all_tasks_and_knows_how_many_are_past_its_band() -> None:
    history = lived(log_normal, 50, NOW - 2 * DAY, 2 * DAY)
    found = baselines.compute(P95, history.values(), NOW)
    assert found is not None
    assert found.value == pytest.approx(np.exp(1 + 1.1 * 1.645), rel=0.03)
    assert found.method == "p95 of 48 h"
    # beyond a tenth more: the normal's share past 1.645 + ln 1.1 / 1.1
    assert found.beyond == pytest.approx(4.2, abs=0.3)


def test_too_few_tasks_are_no_baseline() -> None:
    assert baselines.compute(P95, lived(steady, 2, NOW - 300, 300).values(), NOW) is None


def test_an_objective_that_was_edited_is_not_judged_by_what_was_learned_past_the_old_one() -> None:
    history = lived(steady, 50, NOW - 2 * DAY, 2 * DAY)
    baseline = taught(P95, history)
    assert not evidence_rule.line_moved(P95, baseline)
    nearer = replace(P95, objective=Objective(15))
    assert evidence_rule.line_moved(nearer, baseline)
    rows = history | lived(steady, 50, NOW, 120, seed=9)
    assert first_breach(nearer, rows, baseline, NOW) is None


def test_nothing_breaches_while_the_percentile_is_on_the_good_side() -> None:
    random = np.random.default_rng(8)
    baseline = taught(P95, lived(steady, 50, NOW - DAY, DAY))
    for case in range(60):
        shift = random.uniform(0, 12)
        rows = {NOW + at: row_of(NOW + at, random.poisson(8 + shift, random.poisson(30)) + 1) for at in range(20)}
        run = evidence_rule.breach(P95, rows, NOW + 19, baseline, Allowance())
        assert run is None or (run.last.value or 0) > 20, case


def test_a_breach_clears_by_the_tasks_past_the_line() -> None:
    history = lived(steady, 50, NOW - DAY, DAY)
    baseline = taught(P95, history)
    ill = lived(longer_tail, 50, NOW, 5)
    run = first_breach(P95, history | ill, baseline, NOW)
    assert run is not None
    assert run.last.share is not None
    well = history | ill | lived(steady, 50, NOW + 5, 15, seed=3)
    assert evidence_rule.cleared(P95, well, NOW + 5, baseline, run.last.share, NOW) == ""
    words = evidence_rule.cleared(P95, well, NOW + 19, baseline, run.last.share, NOW)
    assert words.startswith("p95 of tool calls 1")
    assert "tasks past 20" in words
