"""Budgets by the hour. Worked by hand; the sums must be those of the minutes, whatever the spans they are kept in."""

from hypothesis import given
from hypothesis import strategies as st

from bot.core.budgets.budget import Tally
from bot.core.budgets.spending import DAY, HOUR, Spent, folded, over, spans, spent_in
from tests.core.sample_data import AQDD, HER, minutes


def test_an_hour_is_a_sum_of_its_tasks() -> None:
    # minutes 50 to 69: 100 tasks each, 4 % escalated, so 10 minutes = 40 of 1000 in each hour
    rows = minutes(HER, [4.0] * 20, n=100, start=50)
    found = spans(HER, rows, 50, 69, lambda _: 5.0)
    assert [(span.start, span.length) for span in found] == [(50, 10), (60, 10)]
    assert [round(span.tally.bad, 6) for span in found] == [40.0, 40.0]
    assert [span.tally.total for span in found] == [1000.0, 1000.0]


def test_a_gauge_counts_minutes_and_leaves_unknown_apart() -> None:
    # 30 minutes at 5, 20 at 50, 10 without an answer, against a line of 16
    cells = [5.0] * 30 + [50.0] * 20 + [None] * 10
    [found] = spans(AQDD, minutes(AQDD, cells, n=None), 0, 59, lambda _: 16.0)
    assert found.tally == Tally(20, 50, 10)


def test_each_hour_is_held_to_the_line_of_its_time() -> None:
    rows = minutes(AQDD, [10.0] * 120, n=None)
    found = spans(AQDD, rows, 0, 119, lambda minute: 16.0 if minute < HOUR else 8.0)
    assert [span.tally.bad for span in found] == [0, 60]


def test_a_window_is_made_of_the_spans_whose_middle_lies_in_it() -> None:
    kept = [Spent(hour * HOUR, HOUR, Tally(hour, 100, 0)) for hour in range(6)]
    # two hours up to minute 5 * 60 + 14: from minute 195 on; the middle of hour 3 is 210, of hour 2 150
    assert over([*kept[:5], Spent(300, 15, Tally(7, 25, 0))], 314)(120) == Tally(3 + 4 + 7, 225, 0)
    assert over([], 314)(120) == Tally()


def test_old_hours_become_days_and_keep_their_sums() -> None:
    kept = [Spent(hour * HOUR, HOUR, Tally(1, 10, 2)) for hour in range(24 * 6)]
    days, hours = folded(kept, 6 * DAY)
    assert [(day.start, day.length, day.tally) for day in days] == [
        (0, DAY, Tally(24, 240, 48)),
        (DAY, DAY, Tally(24, 240, 48)),
    ]
    assert len(hours) == 48
    assert folded(days, 6 * DAY) == ([], [])


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 50)), min_size=1, max_size=150), st.integers(0, 59))
def test_spans_hold_what_the_minutes_hold(cells: list[tuple[float, int]], offset: int) -> None:
    rows = minutes(HER, [(value, float(n)) for value, n in cells], start=offset)
    last = offset + len(cells) - 1
    whole = spent_in(HER, rows, offset, last, 5.0)
    found = over(spans(HER, rows, offset, last, lambda _: 5.0), last)(10 * DAY)
    assert abs(found.bad - whole.bad) < 1e-6 * max(1.0, whole.bad)
    assert (found.total, found.unknown) == (whole.total, whole.unknown)
