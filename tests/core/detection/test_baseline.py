import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.detection.baseline import LEAST_MINUTES, PINNED, compute, frozen
from bot.core.model.samples import MinuteRow
from bot.core.model.slis import Sli
from tests.core.sample_data import AQDD, HER, TIE, Cell, minutes

Cells = list[tuple[float, int]]

DAY = 1440
ONSET = 20 * DAY + 2 * 60  # 02:00 on the twentieth day
GUARD = 15


def history(sli: Sli, first: int, cells: Sequence[Cell], *, n: float | None = None) -> list[MinuteRow]:
    return list(minutes(sli, cells, n=n, start=first).values())


class TestByHand:
    def test_ratios_are_pooled_by_counts(self) -> None:
        # 60 min of 0 % at n=20 and 60 of 6 % at n=40: (0 * 1200 + 6 * 2400) / 3600 = 4 %; the mean would be 3 %
        rows = history(HER, ONSET - 200, [(0.0, 20)] * 60 + [(6.0, 40)] * 60)
        found = compute(HER, rows, ONSET, exclude=())
        assert found is not None
        assert found.value == pytest.approx(4.0)
        assert (found.n, found.minutes, found.method) == (3600, 120, "pooled ratio of 2 h")

    def test_a_gauge_without_counts_takes_the_median_and_its_spread(self) -> None:
        # 2, 4, 6, 8, 10 twenty times: median 6; deviations 4, 2, 0, 2, 4: median 2; spread 1.4826 * 2
        found = compute(AQDD, history(AQDD, ONSET - 200, [2.0, 4.0, 6.0, 8.0, 10.0] * 20), ONSET, exclude=())
        assert found is not None
        assert (found.value, found.n, found.method) == (6.0, 100, "median of 2 h")
        assert found.spread == pytest.approx(2.9652)

    def test_the_spread_is_that_of_a_minute_of_average_traffic(self) -> None:
        # values 2 and 4 in turn at n=100: mean 3, every deviation 1, every n average: 1.4826 * 1
        found = compute(TIE, history(TIE, ONSET - 200, [(2.0, 100), (4.0, 100)] * 50), ONSET, exclude=())
        assert found is not None
        assert (found.value, found.spread) == pytest.approx((3.0, 1.4826))
        assert found.method == "pooled mean of 2 h"

    def test_a_median_is_not_moved_by_a_bad_hour(self) -> None:
        found = compute(AQDD, history(AQDD, ONSET - 600, [8.0] * 500 + [847.0] * 60), ONSET, exclude=())
        assert found is not None
        assert found.value == 8.0


class TestClosedHistory:
    def test_it_ends_a_guard_before_onset(self) -> None:
        rows = history(AQDD, ONSET - 100, [8.0] * (100 - GUARD) + [847.0] * (GUARD + 30))
        found = compute(AQDD, rows, ONSET, exclude=())
        assert found is not None
        assert (found.value, found.minutes, found.span_end) == (8.0, 85, ONSET - GUARD)

    def test_a_long_window_is_a_long_guard(self) -> None:
        found = compute(replace(AQDD, window=60), history(AQDD, ONSET - 200, [8.0] * 200), ONSET, exclude=())
        assert found is not None
        assert found.span_end == ONSET - 60

    def test_it_goes_back_fourteen_days(self) -> None:
        old = history(AQDD, ONSET - 15 * DAY, [99.0] * (DAY - GUARD))
        assert compute(AQDD, old, ONSET, exclude=()) is None
        found = compute(AQDD, old + history(AQDD, ONSET - 200, [8.0] * 180), ONSET, exclude=())
        assert found is not None
        assert found.value == 8.0

    def test_incidents_and_the_hour_after_are_left_out(self) -> None:
        # incident of minutes 100 to 199: 100 before it, then 60 of aftermath, then 85 more
        cells = [8.0] * 100 + [847.0] * 100 + [300.0] * 60 + [8.0] * 85
        first = ONSET - GUARD - len(cells)
        found = compute(AQDD, history(AQDD, first, cells), ONSET, exclude=[(first + 100, first + 200)])
        assert found is not None
        assert (found.value, found.spread, found.minutes) == (8.0, 0.0, 185)

    def test_overlapping_spans_in_any_order(self) -> None:
        first = ONSET - 600
        rows = history(AQDD, first, [8.0] * 500)
        spans = [(first + 120, first + 130), (first, first + 150), (first + 20, first + 30)]
        found = compute(AQDD, rows, ONSET, exclude=spans)
        assert found is not None
        assert found.minutes == 500 - 150 - 60

    def test_unanswered_and_idle_minutes_are_left_out(self) -> None:
        rows = history(HER, ONSET - 300, [(3.0, 50), (None, None), (float("nan"), 50), (None, 0.0)] * 65)
        found = compute(HER, rows, ONSET, exclude=())
        assert found is not None
        assert (found.value, found.minutes) == pytest.approx((3.0, 65))


class TestTooLittle:
    def test_an_hour_of_minutes(self) -> None:
        rows = history(AQDD, ONSET - 200, [8.0] * LEAST_MINUTES)
        assert compute(AQDD, rows[1:], ONSET, exclude=()) is None
        assert compute(AQDD, rows, ONSET, exclude=()) is not None

    def test_twenty_five_min_counts_of_tasks(self) -> None:
        # min_count 20: 500 tasks; 100 minutes of 5 tasks, of which the first three windows are thin
        rows = history(HER, ONSET - 200, [(3.0, 5)] * 103)
        assert compute(HER, rows[1:], ONSET, exclude=()) is None
        assert compute(HER, rows, ONSET, exclude=()) is not None

    def test_a_sample_every_five_minutes_covers_five(self) -> None:
        sli = replace(AQDD, every=300)
        rows = [row for row in history(AQDD, ONSET - 200, [8.0] * 60) if row.minute % 5 == 0]
        assert len(rows) == 12
        assert compute(sli, rows, ONSET, exclude=()) is not None
        assert compute(sli, rows[1:], ONSET, exclude=()) is None

    def test_then_the_pinned_one_stands_in_and_says_so(self) -> None:
        found = frozen(AQDD, [], ONSET, (), 7.0)
        assert found is not None
        assert (found.value, found.method) == (7.0, PINNED)
        assert frozen(AQDD, [], ONSET, (), None) is None
        rows = history(AQDD, ONSET - 200, [8.0] * 100)
        assert frozen(AQDD, rows, ONSET, (), 7.0) == compute(AQDD, rows, ONSET, exclude=())


class TestHourOfTheDay:
    def days(self, number: int, *, minutes_each: int = DAY) -> list[MinuteRow]:
        """8 pending all day, 4 between 02:00 and 03:00, for so many days before onset's."""
        midnight = ONSET - ONSET % DAY
        rows = list[MinuteRow]()
        for day in range(1, number + 1):
            cells = [4.0 if 120 <= minute < 180 else 8.0 for minute in range(minutes_each)]
            rows += history(AQDD, midnight - day * DAY, cells)
        return rows

    def test_three_days_of_the_same_hour_speak_for_it(self) -> None:
        found = compute(AQDD, self.days(3), ONSET, exclude=())
        assert found is not None
        assert (found.value, found.minutes, found.method) == (4.0, 180, "median of the same hour on 3 days")

    def test_another_hour_may_be_asked_for(self) -> None:
        found = compute(AQDD, self.days(3), ONSET, exclude=(), now_hour_minute=14 * 60 + 5)
        assert found is not None
        assert (found.value, found.method) == (8.0, "median of the same hour on 3 days")

    def test_two_days_are_not_enough(self) -> None:
        found = compute(AQDD, self.days(2), ONSET, exclude=())
        assert found is not None
        assert (found.value, found.method) == (8.0, "median of 2 days")

    def test_a_day_with_a_handful_of_minutes_is_not_a_day(self) -> None:
        rows = self.days(3)
        midnight = ONSET - ONSET % DAY
        handful = [row for row in rows if not (row.minute < midnight - 2 * DAY and row.minute % DAY >= 125)]
        found = compute(AQDD, handful, ONSET, exclude=())
        assert found is not None
        assert (found.value, found.method) == (8.0, "median of 3 days")

    def test_a_rare_ratio_needs_tasks_enough_to_know_its_hour(self) -> None:
        # 3 days * 60 min * 10 tasks = 1800: 3 % known to sqrt(.03 * .97 / 1800) = 0.40, inside the band of 0.5
        midnight = ONSET - ONSET % DAY
        rows = [row for day in (1, 2, 3) for row in history(HER, midnight - day * DAY, [(3.0, 10)] * DAY)]
        found = compute(HER, rows, ONSET, exclude=())
        assert found is not None
        assert found.method == "pooled ratio of the same hour on 3 days"
        # at 5 tasks a minute 0.57, wider than the band: the whole day knows it better
        rows = [replace(row, n=5.0) for row in rows]
        found = compute(HER, rows, ONSET, exclude=())
        assert found is not None
        assert found.method == "pooled ratio of 3 days"


class TestProperties:
    cells = st.lists(st.tuples(st.floats(0, 50), st.integers(0, 60)), min_size=100, max_size=150)

    @settings(max_examples=30)
    @given(cells, st.randoms(use_true_random=False))
    def test_the_order_of_rows_does_not_matter(self, taken: Cells, order: random.Random) -> None:
        rows = history(HER, ONSET - 200, taken)
        mixed = rows.copy()
        order.shuffle(mixed)
        assert compute(HER, rows, ONSET, exclude=()) == compute(HER, mixed, ONSET, exclude=())

    @settings(max_examples=30)
    @given(cells, st.sampled_from([0.001, 0.5, 1024.0]))
    def test_the_unit_does_not_matter(self, taken: Cells, scale: float) -> None:
        one = compute(TIE, history(TIE, ONSET - 200, taken), ONSET, exclude=())
        other = compute(TIE, history(TIE, ONSET - 200, [(v * scale, n) for v, n in taken]), ONSET, exclude=())
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert other.value == pytest.approx(one.value * scale)
            assert other.spread == pytest.approx(one.spread * scale, abs=1e-9)

    @settings(max_examples=30)
    @given(cells, st.lists(st.floats(0, 100), min_size=1, max_size=60))
    def test_the_incident_never_touches_its_own_baseline(self, taken: Cells, incident: list[float]) -> None:
        closed = history(HER, ONSET - GUARD - len(taken), taken)
        during = history(HER, ONSET - GUARD, incident, n=500)
        assert compute(HER, closed, ONSET, exclude=()) == compute(HER, closed + during, ONSET, exclude=())
