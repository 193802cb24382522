"""Signs that a source is not telling the present."""

import pytest

from bot.core.model.samples import MinuteRow, Series
from bot.core.telemetry.freshness import frozen, skewed, stale

HER = Series("refunds", "", "her")


def rows(*pairs: tuple[float | None, float | None]) -> list[MinuteRow]:
    return [MinuteRow(HER, minute, value, n) for minute, (value, n) in enumerate(pairs)]


@pytest.mark.parametrize("skew", [None, 0.0, 30.0, -30.0])
def test_a_clock_within_half_a_minute_is_fine(skew: float | None) -> None:
    assert skewed(skew) == ""


def test_a_clock_that_is_off_is_said_with_its_side() -> None:
    assert skewed(95.4).startswith("its clock is 95 s ahead of ours")
    assert skewed(-31).startswith("its clock is 31 s behind ours")


def test_two_periods_old_is_not_stale_yet() -> None:
    assert stale(120, 60) == ""
    assert stale(600, 60) == "its newest value is 10 min old, though it is asked every 60 s"


@pytest.mark.parametrize(("value", "n"), [(0.0, 40.0), (100.0, 40.0), (3.0, None), (None, None), (None, 0.0)], ids=str)
def test_what_may_rest(value: float | None, n: float | None) -> None:
    assert frozen(rows(*[(value, n)] * 40)) == ""


@pytest.mark.parametrize(("value", "n"), [(4.2371, None), (4.2371, 38.0), (95.0, 40.0)])
def test_what_does_not_move_to_the_last_digit_is_a_copy(value: float, n: float | None) -> None:
    assert "may be a copy" in frozen(rows(*[(value, n)] * 30))


def test_a_count_that_moves_is_alive() -> None:
    assert frozen(rows(*[(5.0, 20.0)] * 20, *[(5.0, 40.0)] * 20)) == ""


def test_too_little_history_says_nothing() -> None:
    assert frozen(rows(*[(4.2371, None)] * 29)) == frozen([]) == frozen([], least=0) == ""
