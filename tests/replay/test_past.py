"""What goes in comes out: answered, idle, unanswered and absent minutes alike."""

from hypothesis import given
from hypothesis import strategies as st

from bot.core.backtest.series_history import DAY, SeriesHistory
from bot.core.model.samples import MinuteRow, Series

SERIES = Series("refunds", "", "her")
values = st.none() | st.floats(-1e6, 1e6)
counts = st.none() | st.integers(0, 500).map(float)


@given(st.dictionaries(st.integers(0, 3 * DAY), st.tuples(values, counts)))
def test_rows_come_back_as_they_went_in(cells: dict[int, tuple[float | None, float | None]]) -> None:
    past = SeriesHistory(SERIES, 5)
    for minute, (value, n) in sorted(cells.items()):
        past.put(minute, value, n)
    # without a value only "no task at all" is an answer
    kept = {m: MinuteRow(SERIES, m, v, n if v is not None or n == 0 else None) for m, (v, n) in cells.items()}
    assert dict(past) == kept
    assert len(past) == len(kept)
    assert {row.minute: row for row in past.between(100, 2 * DAY)} == {
        m: row for m, row in kept.items() if 100 <= m < 2 * DAY
    }
    assert past.get(4 * DAY) is None


def test_what_is_no_number_is_no_answer() -> None:
    past = SeriesHistory(SERIES, 5)
    past.put(1, float("nan"), 5.0)
    past.put(2, 3.0, float("inf"))
    past.put(3, 3.0, -1.0)
    assert [(row.value, row.n) for row in past.values()] == [(None, None)] * 3


def test_old_days_are_forgotten() -> None:
    past = SeriesHistory(SERIES, 2)
    for day in range(5):
        past.put(day * DAY, float(day), None)
    assert [row.value for row in past.values()] == [3.0, 4.0]
    assert past.range() == (3.0, 4.0)


def test_one_hour_of_each_day_with_a_lead() -> None:
    past = SeriesHistory(SERIES, 5)
    for minute in range(3 * DAY):
        past.put(minute, 1.0, 1.0)
    found = [row.minute for row in past.hours(0, 3 * DAY, 125, 10)]
    assert found == [day * DAY + minute for day in range(3) for minute in range(110, 180)]
