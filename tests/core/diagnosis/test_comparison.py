"""Worked by hand: two proportions, Welch, one step."""

from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.diagnosis.comparison import Comparison, Point, means, shares, step


def test_two_shares_by_hand() -> None:
    # 10 of 200 failed before, 40 of 200 after: p = 50.5 / 401 = 0.12594, se = sqrt(0.12594 * 0.87406 * 0.01) = 0.033178
    found = shares((10, 200), (40, 200))
    assert (found.before, found.after) == (0.05, 0.2)
    assert found.z == pytest.approx(0.15 / 0.033178, abs=1e-3)
    assert found.rose(times=2)
    assert not found.rose(times=5)
    assert not found.fell()


def test_never_before_and_twice_now_proves_nothing() -> None:
    assert not shares((0, 400), (2, 100)).rose()
    assert shares((0, 400), (30, 100)).rose()


def test_two_means_by_hand() -> None:
    # calls 4, 6, 4, 6 ... (mean 5, squares 100, one task of 5 away: 125 / 100) against 9, 11 (mean 10, 200 / 100)
    found = means([4.0, 6.0] * 50, [9.0, 11.0] * 50)
    assert found.z == pytest.approx(5 / sqrt(1.25 / 100 + 2.0 / 100))
    assert found.times == 2.0


def test_nothing_is_said_of_a_handful() -> None:
    found = means([1.0] * 3, [9.0] * 300)
    assert not found.known
    assert not found.rose()


def test_a_multiple_of_nothing_is_of_one_in_so_many() -> None:
    assert Comparison(0.0, 0.5, 9.0, 100, 100).times == 50.0


def test_a_step_is_found_where_it_is() -> None:
    values = [5.0, 6.0, 5.0, 6.0, 5.0, 12.0, 13.0, 12.0, 13.0, 12.0, 13.0]
    found = step([Point(100 + at, value, 10.0) for at, value in enumerate(values)])
    assert found is not None
    assert found.minute == 105
    assert (found.before, found.after) == (5.4, 12.5)
    assert found.share > 0.95
    assert found.sudden is True


def test_a_climb_is_gradual() -> None:
    values = [5.0, 5.5] * 5 + [6.0 + at for at in range(12)]
    found = step([Point(at, value, 10.0) for at, value in enumerate(values)])
    assert found is not None
    assert found.sudden is False


@pytest.mark.parametrize("values", [[], [1.0] * 3, [2.0] * 30])
def test_no_step_in_nothing_and_in_what_never_moves(values: list[float]) -> None:
    assert step([Point(at, value, 1.0) for at, value in enumerate(values)]) is None


counts = st.integers(0, 500)


@given(counts, counts, counts, counts)
def test_a_contrast_turned_round_is_its_opposite(k: int, more: int, j: int, most: int) -> None:
    one, other = (k, k + more), (j, j + most)
    assert isclose(shares(one, other).z, -shares(other, one).z, abs_tol=1e-9)


@given(st.lists(st.floats(0, 50), min_size=8, max_size=30), st.floats(0.5, 2))
def test_a_step_does_not_depend_on_order_or_weight_unit(values: list[float], factor: float) -> None:
    points = [Point(at, value, 5.0) for at, value in enumerate(values)]
    scaled = [Point(point.minute, point.value, point.weight * factor) for point in reversed(points)]
    one, other = step(points), step(scaled)
    if one is not None and other is not None and one.share > 0.2:
        assert one.minute == other.minute or isclose(one.share, other.share, abs_tol=1e-6)
