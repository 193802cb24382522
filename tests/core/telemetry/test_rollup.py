"""Five minutes in one row: worked by hand first, then for any minutes at all."""

from dataclasses import replace
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.detection import baseline
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Better, Objective, Sli
from bot.core.telemetry.rollup import SPAN, Rolled, history_of, minutes_of, roll, told_of
from bot.core.telemetry.tail import TailSketch

SERIES = Series("refunds", "", "her")
FIRST = 29_541_600
HER = Sli("her", "Human escalation", "%", "ratio", Better.LOWER, Objective(5), absolute_tolerance=0.5)
AQDD = Sli("aqdd", "Queue", "pending", "gauge", Better.LOWER, Objective(2, relative=True), absolute_tolerance=5)


def rows(*pairs: tuple[float | None, float | None]) -> list[MinuteRow]:
    return [MinuteRow(SERIES, FIRST + place, value, n) for place, (value, n) in enumerate(pairs)]


def made(*pairs: tuple[float | None, float | None]) -> Rolled:
    found = roll(rows(*pairs))
    assert found is not None
    return found


def test_a_ratio_is_sum_over_sum_and_never_a_mean_of_ratios() -> None:
    # 2 of 2 escalated, then 0 of 198: 2 of 200 is 1 %, the mean of the ratios would be 50 %
    found = made((100.0, 2), (0.0, 198))
    assert (found.n, found.total, found.value) == (200, 200.0, 1.0)


def test_a_gauge_without_counts_keeps_sum_lowest_highest_and_median() -> None:
    found = made((1, None), (2, None), (3, None), (4, None), (90, None))
    assert (found.n, found.total, found.low, found.high, found.middle) == (None, 100, 1, 90, 3)
    assert found.value == 3, "the median: one wild minute moves it little"


def test_unknown_and_idle_minutes_are_left_out_and_not_zero() -> None:
    found = made((None, None), (4.0, 50), (None, 0), (2.0, 0), (6.0, 50))
    assert (found.minutes, found.n, found.value) == (2, 100, 5.0)
    assert roll(rows((None, None), (None, 0))) is None


def test_a_late_minute_joins_and_one_that_is_in_there_already_does_not_count_twice() -> None:
    first = made((2.0, 100), (4.0, 100))
    again = roll(rows((2.0, 100), (4.0, 100)), first)
    assert again == first
    late = roll([MinuteRow(SERIES, FIRST + 3, 9.0, 100)], first)
    assert late is not None
    assert (late.minutes, late.n, late.value) == (3, 300, 5.0)


def test_minutes_come_back_as_they_were() -> None:
    found = made((2.0, 100), (None, None), (8.0, 300))
    assert list(minutes_of(SERIES, found)) == rows((2.0, 100), (None, None), (8.0, 300))[::2]
    assert found.parts == "[[200,100],[2400,300]]"


def test_what_an_older_version_rolled_comes_back_as_its_sum_and_not_as_minutes_that_were_told() -> None:
    found = replace(made((2.0, 100), (None, None), (8.0, 300)), parts="")
    again = list(minutes_of(SERIES, found))
    assert [row.minute for row in again] == [FIRST, FIRST + 2]
    assert sum(row.n or 0 for row in again) == 400
    assert sum((row.value or 0) * (row.n or 0) for row in again) == pytest.approx(2600)
    assert list(told_of(SERIES, found)) == []
    late = roll([MinuteRow(SERIES, FIRST + 3, 9.0, 100)], found)
    assert late is not None
    assert (late.minutes, late.parts) == (3, ""), "one minute that is known does not make the others known"


def test_minutes_of_percentiles_come_back_with_what_their_tasks_took() -> None:
    tails = [TailSketch.of(95, [float(at + call) for call in range(20)]) for at in range(5)]
    told = [MinuteRow(SERIES, FIRST + at, tail.value, tail.n, tail=tail.text()) for at, tail in enumerate(tails)]
    found = roll(told)
    assert found is not None
    again = list(told_of(SERIES, found))
    assert [(row.n, row.tail) for row in again] == [(row.n, row.tail) for row in told]
    assert [row.value for row in again] == pytest.approx([row.value for row in told], rel=1e-8)


counted = st.lists(st.tuples(st.floats(0, 100), st.integers(1, 500).map(float)), min_size=1, max_size=SPAN)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 10**6)), min_size=1, max_size=SPAN), st.integers(1, 5))
def test_counted_tasks_come_back_to_the_last_one(pairs: list[tuple[int, int]], cut: int) -> None:
    told = rows(*((100 * min(bad, n) / n, n) for bad, n in pairs))
    found = roll(told[:cut], roll(told[cut:]))
    assert found is not None
    again = list(told_of(SERIES, found))
    assert [row.minute for row in again] == [row.minute for row in told]
    bad = [(row.value or 0) * (row.n or 0) / 100 for row in again]
    assert bad == pytest.approx([min(bad, n) for bad, n in pairs], abs=1e-3)


@given(counted)
def test_rolling_keeps_the_pooled_value(pairs: list[tuple[float, float]]) -> None:
    found = made(*pairs)
    pooled = sum(value * n for value, n in pairs) / sum(n for _, n in pairs)
    assert found.value == pytest.approx(pooled)


@given(counted, st.integers(1, SPAN))
def test_the_order_in_which_minutes_come_does_not_matter_to_the_sums(
    pairs: list[tuple[float, float]], cut: int
) -> None:
    whole, all_rows = made(*pairs), rows(*pairs)
    late = roll(all_rows[:cut], roll(all_rows[cut:]))
    assert late is not None
    assert (late.seen, late.n, late.low, late.high) == (whole.seen, whole.n, whole.low, whole.high)
    assert late.total == pytest.approx(whole.total)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=SPAN))
def test_a_median_is_that_of_the_minutes(values: list[float]) -> None:
    assert made(*((value, None) for value in values)).middle == median(values)


def day_of(sli: Sli, n: float | None) -> list[MinuteRow]:
    """Two days of minutes that swing, with counts that swing the other way."""
    series = Series("refunds", "", sli.name)
    return [MinuteRow(series, FIRST + m, 2.0 + m % 7, None if n is None else n * (8 - m % 7)) for m in range(2 * 1440)]


def rolled_history(minutes: list[MinuteRow]) -> list[MinuteRow]:
    rollups = [roll(minutes[first : first + SPAN]) for first in range(0, len(minutes), SPAN)]
    return [row for five in rollups if five is not None for row in history_of(minutes[0].series, five)]


def test_a_baseline_from_rolled_history_is_the_one_from_minutes() -> None:
    minutes = day_of(HER, 20)
    onset = FIRST + len(minutes) + 20
    plain, rolled = baseline.compute(HER, minutes, onset), baseline.compute(HER, rolled_history(minutes), onset)
    assert plain is not None
    assert rolled is not None
    assert rolled.value == pytest.approx(plain.value)
    assert rolled.n == pytest.approx(plain.n)


def test_a_median_baseline_from_rolled_history_is_close_and_weighs_five_as_five() -> None:
    minutes = day_of(AQDD, None)
    onset = FIRST + len(minutes) + 20
    plain, rolled = baseline.compute(AQDD, minutes, onset), baseline.compute(AQDD, rolled_history(minutes), onset)
    assert plain is not None
    assert rolled is not None
    assert rolled.minutes == plain.minutes
    assert rolled.value == pytest.approx(plain.value, rel=0.05)
