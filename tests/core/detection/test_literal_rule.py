import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.detection.literal_rule import (
    BLIND_HORIZON,
    blind_for,
    breach,
    cleared,
    objective_limit,
    objective_words,
    verdict,
)
from bot.core.model.samples import MinuteRow
from bot.core.model.slis import Better, Call, Objective, Sli
from tests.core.sample_data import AQDD, DQR, HER, TIE, minutes, normal

Cells = list[tuple[float, int]]

counts = st.integers(min_value=0, max_value=300)
percent = st.floats(min_value=0, max_value=100)
cells = st.lists(st.tuples(percent, counts), min_size=1, max_size=25)


class TestOneMinute:
    def test_the_reason_names_value_line_and_count(self) -> None:
        found = verdict(HER, minutes(HER, [18.0], n=214), 0, None)
        assert (found.call, found.why) == (Call.BAD, "HER 18.0 % > 5.0 % objective, n=214")
        assert (found.value, found.limit, found.n, found.lack) == (18.0, 5.0, 214, "")

    @pytest.mark.parametrize(
        ("sli", "value", "call"),
        [
            (HER, 5.0, Call.OK),  # on the line
            (HER, 5.04, Call.BAD),
            (HER, 0.0, Call.OK),  # better is never bad
            (DQR, 85.0, Call.OK),
            (DQR, 84.9, Call.BAD),
            (DQR, 100.0, Call.OK),
        ],
    )
    def test_only_the_bad_side_is_bad_and_the_line_is_not(self, sli: Sli, value: float, call: Call) -> None:
        assert verdict(sli, minutes(sli, [value], n=100), 0, None).call is call

    def test_two_figures_that_differ_look_different(self) -> None:
        assert "5.04 % > 5.00 %" in verdict(HER, minutes(HER, [5.04], n=500), 0, None).why

    def test_an_unknown_count_takes_the_value_as_it_is(self) -> None:
        found = verdict(AQDD, minutes(AQDD, [847.0]), 0, normal(8.0))
        assert (found.call, found.why) == (Call.BAD, "AQDD 847 pending > 16 pending objective (2x baseline 8)")

    @pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
    def test_what_is_not_a_number_is_no_data(self, value: float | None) -> None:
        found = verdict(HER, minutes(HER, [(value, 100)]), 0, None)
        assert (found.call, found.lack, found.why) == (Call.UNKNOWN, "data", "HER: no data")

    @pytest.mark.parametrize("n", [math.nan, math.inf, -1.0])
    def test_a_count_that_cannot_be_is_no_data(self, n: float) -> None:
        assert verdict(HER, minutes(HER, [(3.0, n)]), 0, None).lack == "data"

    def test_a_missing_row_is_no_data_and_never_zero(self) -> None:
        assert verdict(HER, {}, 7, None).lack == "data"


class TestFewTasks:
    def test_pooling_is_sum_over_sum_not_a_mean_of_ratios(self) -> None:
        # 0 of 18 and 2 of 2: sum over sum 2 / 20 = 10 %; the mean of 0 % and 100 % would be 50 %
        found = verdict(HER, minutes(HER, [(0.0, 18), (100.0, 2)]), 1, None)
        assert (found.value, found.n) == (10.0, 20)
        assert found.why == "HER 10.0 % > 5.0 % objective, n=20 over 2 min"

    def test_no_more_minutes_are_pooled_than_reach_min_count(self) -> None:
        # minutes 1 and 2 hold 12 + 8 = 20; the 90 % of minute 0 stays out: (0 * 12 + 0 * 8) / 20 = 0
        found = verdict(HER, minutes(HER, [(90.0, 10), (0.0, 12), (0.0, 8)]), 2, None)
        assert (found.value, found.n) == (0.0, 20)

    def test_a_full_minute_speaks_for_itself(self) -> None:
        assert verdict(HER, minutes(HER, [(90.0, 500), (0.0, 20)]), 1, None).value == 0.0

    def test_thin_is_known_to_be_too_few(self) -> None:
        found = verdict(HER, minutes(HER, [(50.0, 1)] * 10), 9, None)
        assert (found.call, found.lack, found.n) == (Call.UNKNOWN, "thin", 10)
        assert found.why == "HER: only n=10 in 10 min, 20 needed"

    def test_tasks_before_the_window_do_not_count(self) -> None:
        rows = minutes(HER, [(50.0, 100), *[(0.0, 1)] * 10])
        assert verdict(HER, rows, 10, None).lack == "thin"

    @pytest.mark.parametrize("value", [None, math.nan, 0.0])
    def test_no_tasks_is_idle_whatever_the_source_puts_as_value(self, value: float | None) -> None:
        found = verdict(HER, minutes(HER, [(value, 0)] * 10), 9, None)
        assert (found.call, found.lack, found.why) == (Call.UNKNOWN, "idle", "HER: no tasks in 10 min")

    def test_idle_is_not_blind_but_silence_is(self) -> None:
        assert blind_for(HER, minutes(HER, [(None, 0)] * 10), 9) == 0
        assert blind_for(HER, minutes(HER, [(50.0, 1)] * 10), 9) == 0
        assert blind_for(HER, minutes(HER, [(3.0, 100), None, None, None]), 3) == 3
        assert blind_for(HER, {}, 9) == BLIND_HORIZON

    def test_a_gauge_with_counts_pools_by_tasks(self) -> None:
        # (2 calls * 15 tasks + 6 calls * 5 tasks) / 20 tasks = 3 calls per task
        assert verdict(TIE, minutes(TIE, [(2.0, 15), (6.0, 5)]), 1, normal(3.0)).value == 3.0


class TestStandingIn:
    EVERY_5_MIN = replace(HER, every=300)

    def test_a_sample_stands_until_the_next_is_due(self) -> None:
        rows = minutes(HER, [18.0], n=214)
        calls = [verdict(self.EVERY_5_MIN, rows, minute, None).call for minute in range(6)]
        assert calls == [Call.BAD] * 5 + [Call.UNKNOWN]
        assert verdict(HER, rows, 1, None).lack == "data"

    def test_ninety_seconds_is_two_minutes(self) -> None:
        sli, rows = replace(HER, every=90), minutes(HER, [18.0], n=214)
        assert [verdict(sli, rows, minute, None).call for minute in range(3)] == [Call.BAD, Call.BAD, Call.UNKNOWN]

    def test_a_failed_poll_is_not_papered_over_by_the_one_before(self) -> None:
        rows = {0: minutes(HER, [3.0], n=100)[0], 3: MinuteRow(minutes(HER, [3.0])[0].series, 3, None)}
        assert verdict(self.EVERY_5_MIN, rows, 2, None).call is Call.OK
        assert verdict(self.EVERY_5_MIN, rows, 4, None).lack == "data"

    def test_a_standing_sample_is_counted_once(self) -> None:
        # one sample of 10 tasks stands for five minutes; it does not become 20 tasks by standing twice
        assert verdict(self.EVERY_5_MIN, minutes(HER, [(50.0, 10)]), 4, None).lack == "thin"

    def test_blindness_begins_when_the_next_sample_was_due(self) -> None:
        assert blind_for(self.EVERY_5_MIN, minutes(HER, [3.0], n=100), 7) == 3


class TestRelativeObjective:
    def test_a_multiple_of_the_baseline(self) -> None:
        assert objective_limit(TIE, normal(3.2)) == pytest.approx(4.8)
        assert objective_words(TIE, normal(3.2)) == "<= 1.5x baseline (3.2 calls/task)"

    def test_words_of_absolute_lines(self) -> None:
        assert (objective_words(HER, None), objective_words(DQR, None)) == ("<= 5 %", ">= 85 %")

    def test_a_zero_baseline_leaves_its_absolute_tolerance(self) -> None:
        # 2 x 0 = 0, but at least 0 + 5 pending
        assert objective_limit(AQDD, normal(0.0)) == 5.0
        assert verdict(AQDD, minutes(AQDD, [5.0]), 0, normal(0.0)).call is Call.OK
        assert verdict(AQDD, minutes(AQDD, [6.0]), 0, normal(0.0)).call is Call.BAD

    def test_better_higher_goes_down_by_the_tolerance(self) -> None:
        sli = replace(DQR, objective=Objective(0.9, relative=True), absolute_tolerance=20.0)
        # 0.9 x 90 = 81, but at least 90 - 20 = 70 must be allowed
        assert objective_limit(sli, normal(90.0)) == 70.0

    def test_without_a_baseline_it_learns(self) -> None:
        found = verdict(TIE, minutes(TIE, [9.0], n=100), 0, None)
        assert (found.call, found.lack) == (Call.UNKNOWN, "baseline")
        assert "learning" in found.why
        assert blind_for(TIE, minutes(TIE, [9.0], n=100), 0) == 0


class TestBreach:
    def test_bad_for_sustain_minutes(self) -> None:
        run = breach(HER, minutes(HER, [3.0, 18.0, 18.0], n=214), 2, None)
        assert run is not None
        assert (run.first_bad, run.minutes, run.last.value) == (1, 2, 18.0)
        assert run.why == "HER 18.0 % > 5.0 % objective for 2 of 2 minutes, n=214"

    def test_one_bad_minute_is_none(self) -> None:
        assert breach(HER, minutes(HER, [3.0, 18.0], n=214), 1, None) is None

    def test_a_gap_breaks_the_run(self) -> None:
        assert breach(HER, minutes(HER, [18.0, None, 18.0], n=214), 2, None) is None

    def test_the_run_is_walked_back_to_its_first_minute(self) -> None:
        run = breach(HER, minutes(HER, [3.0] + [18.0] * 7, n=214), 7, None)
        assert run is not None
        assert (run.first_bad, run.minutes) == (1, 7)
        assert run.why == "HER 18.0 % > 5.0 % objective for 7 minutes, n=214"

    def test_a_late_sample_completes_it(self) -> None:
        rows = minutes(HER, [18.0, 18.0, 18.0], n=214)
        late = {minute: row for minute, row in rows.items() if minute != 1}
        assert breach(HER, late, 2, None) is None
        assert breach(HER, {**late, 1: rows[1]}, 2, None) == breach(HER, rows, 2, None)

    def test_a_queue_must_stay_long_for_half_an_hour(self) -> None:
        rows = minutes(AQDD, [847.0] * 30)
        assert breach(AQDD, rows, 28, normal(8.0)) is None
        assert breach(AQDD, rows, 29, normal(8.0)) is not None

    def test_clearing_takes_as_long(self) -> None:
        rows = minutes(HER, [18.0, 3.0, 3.0], n=214)
        assert cleared(HER, rows, 1, None) == ""
        assert cleared(HER, rows, 2, None) == "HER 3.0 % <= 5.0 % objective for 2 of 2 minutes, n=214"

    def test_silence_clears_nothing(self) -> None:
        assert cleared(HER, minutes(HER, [18.0, 3.0, None], n=214), 2, None) == ""
        assert cleared(HER, {}, 2, None) == ""


class TestLongWindow:
    """`long_window` 5: five minutes of 20 tasks each, HER <= 5 %. By hand: 1 + 0 + 0 + 2 + 2 bad of 100 are 5.0 %."""

    LONG = replace(HER, sustain=1, long_window=5)

    def test_both_windows_must_be_past_the_line(self) -> None:
        assert breach(self.LONG, minutes(HER, [5.0, 0.0, 0.0, 10.0, 10.0], n=20), 4, None) is None
        run = breach(self.LONG, minutes(HER, [5.0, 0.0, 0.0, 10.0, 15.0], n=20), 4, None)
        assert run is not None
        assert (run.first_bad, run.why) == (3, "HER 15.0 % > 5.0 % objective for 2 minutes, 6.0 % over 5 min, n=20")

    def test_a_long_past_alone_is_none(self) -> None:
        assert breach(self.LONG, minutes(HER, [20.0, 20.0, 20.0, 20.0, 5.0], n=20), 4, None) is None

    def test_it_pools_tasks_not_minutes(self) -> None:
        rows = minutes(HER, [(1.0, 900), (1.0, 900), (50.0, 20), (50.0, 20), (50.0, 20)])  # 18 + 30 of 1,860: 2.6 %
        assert breach(self.LONG, rows, 4, None) is None

    def test_clearing_waits_for_both(self) -> None:
        rows = minutes(HER, [50.0] + [0.0] * 5, n=20)
        assert cleared(self.LONG, rows, 4, None) == ""  # 10 of 100
        assert (
            cleared(self.LONG, rows, 5, None)
            == "HER 0.0 % <= 5.0 % objective for 1 of 1 minute, 0.0 % over 5 min, n=20"
        )

    def test_a_gauge_without_counts_is_the_mean_of_its_minutes(self) -> None:
        queue = replace(AQDD, sustain=1, long_window=4)
        assert breach(queue, minutes(AQDD, [8.0, 8.0, 8.0, 40.0]), 3, normal(8.0)) is None  # a mean of 16, on the line
        assert breach(queue, minutes(AQDD, [8.0, 8.0, 9.0, 40.0]), 3, normal(8.0)) is not None

    def test_a_share_without_counts_is_judged_by_its_minutes_alone(self) -> None:
        assert breach(self.LONG, minutes(HER, [0.0, 0.0, 0.0, 0.0, 18.0]), 4, None) is not None

    def test_what_is_not_known_is_left_out(self) -> None:
        rows = minutes(HER, [None, (None, 0), (math.nan, 20), 10.0, 10.0], n=20)
        run = breach(self.LONG, rows, 4, None)
        assert run is not None
        assert ", 10.0 % over 5 min" in run.why

    @given(cells)
    def test_it_only_ever_takes_breaches_away(self, taken: Cells) -> None:
        rows, newest = minutes(HER, taken), len(taken) - 1
        with_it = breach(replace(HER, long_window=15), rows, newest, None)
        without = breach(HER, rows, newest, None)
        assert with_it is None or (without is not None and with_it.first_bad == without.first_bad)


class TestProperties:
    @given(cells)
    def test_the_order_of_arrival_does_not_matter(self, taken: Cells) -> None:
        rows = minutes(HER, taken)
        newest = len(taken) - 1
        backwards = dict(sorted(rows.items(), reverse=True))
        assert verdict(HER, rows, newest, None) == verdict(HER, backwards, newest, None)
        assert breach(HER, rows, newest, None) == breach(HER, backwards, newest, None)

    @given(cells, st.sampled_from([0.001, 0.5, 1024.0]))
    def test_the_unit_does_not_matter(self, taken: Cells, scale: float) -> None:
        gauge = replace(HER, kind="gauge", objective=Objective(5.0 * scale), absolute_tolerance=0.5 * scale)
        scaled = [(value * scale, n) for value, n in taken]
        one = verdict(HER, minutes(HER, taken), len(taken) - 1, None)
        other = verdict(gauge, minutes(gauge, scaled), len(taken) - 1, None)
        assert (one.call, one.lack) == (other.call, other.lack)

    @given(cells, percent)
    def test_an_improvement_never_makes_it_worse(self, taken: Cells, better: float) -> None:
        improved = [(min(value, better), n) for value, n in taken]
        before = verdict(HER, minutes(HER, taken), len(taken) - 1, None)
        after = verdict(HER, minutes(HER, improved), len(taken) - 1, None)
        assert after.call is before.call or (before.call, after.call) == (Call.BAD, Call.OK)

    @given(cells)
    def test_both_directions_are_mirror_images(self, taken: Cells) -> None:
        mirror = replace(HER, better=Better.HIGHER, objective=Objective(95.0))
        mirrored = [(100 - value, n) for value, n in taken]
        one = verdict(HER, minutes(HER, taken), len(taken) - 1, None)
        other = verdict(mirror, minutes(mirror, mirrored), len(taken) - 1, None)
        assert one.call is other.call or one.value == pytest.approx(5.0)

    @given(cells)
    def test_bad_rests_on_enough_tasks(self, taken: Cells) -> None:
        found = verdict(HER, minutes(HER, taken), len(taken) - 1, None)
        assert found.call is not Call.BAD or (found.n is not None and found.n >= HER.min_count)
