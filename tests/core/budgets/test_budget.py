"""Error budgets, with worked examples by hand. Burn rates: Google, The Site Reliability Workbook, chapter 5."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.budgets.budget import (
    PERIOD,
    USUAL_ALERTS,
    Budget,
    Spending,
    Tally,
    alert_words,
    alerts_of,
    budget,
    burn_rate,
    ceiling,
    gate,
    method_of,
    share_spent,
    target_of,
    unreachable,
)
from bot.core.model.slis import BurnAlert, Objective
from tests.core.sample_data import AQDD, DQR, HER, TIE, minutes, series_of

HOUR, DAY = 60, 24 * 60


def spent_in(window: int, rate: float, target: float) -> float:
    """Share of a 30-day budget that a burn rate uses in a window, counted out in bad tasks at even traffic."""
    a_minute = 1000.0
    bad = rate * (1 - target) * a_minute * window
    return bad / ((1 - target) * a_minute * PERIOD)


@pytest.mark.parametrize(("rate", "window", "share"), [(14.4, HOUR, 0.02), (6, 6 * HOUR, 0.05), (1, 3 * DAY, 0.10)])
def test_the_rows_of_the_workbook(rate: float, window: int, share: float) -> None:
    # 14.4 * 1 h / 720 h = 2 %, 6 * 6 h / 720 h = 5 %, 1 * 72 h / 720 h = 10 %
    assert spent_in(window, rate, 0.999) == pytest.approx(share)
    bad = rate * 0.001 * 1_000_000
    assert burn_rate(Tally(bad, 1_000_000), 0.999) == pytest.approx(rate)


@pytest.mark.parametrize(("target", "highest"), [(0.85, 6.7), (0.92, 12.5), (0.95, 20.0), (0.98, 50.0)])
def test_everything_bad_is_the_ceiling(target: float, highest: float) -> None:
    assert round(ceiling(target), 1) == highest
    assert burn_rate(Tally(70, 70), target) == pytest.approx(ceiling(target))


def test_a_factor_that_can_never_be_reached_is_refused_in_words() -> None:
    why = unreachable(BurnAlert(14.4, HOUR, 5), 0.85)
    assert why == (
        "a burn rate above 14.4 can never be: at a target of 85 % everything bad burns at 6.7; write a factor under 6.7"
    )
    assert unreachable(BurnAlert(14.4, HOUR, 5), 0.95) == ""
    assert unreachable(BurnAlert(20, HOUR, 5), 0.95)  # 20 * 5 % is just everything: above it there is nothing


def test_the_usual_alerts_are_those_that_can_ring() -> None:
    assert alerts_of(HER) == USUAL_ALERTS
    loose = replace(DQR, objective=Objective(60.0))  # ceiling 2.5: the factor 3 is out of reach
    assert alerts_of(loose) == (BurnAlert(1, 3 * DAY, 6 * HOUR),)
    assert alerts_of(replace(HER, burn_alerts=())) == ()


def test_targets_and_methods() -> None:
    assert method_of(HER) == "occurrences"
    assert target_of(HER) == pytest.approx(0.95)
    assert (method_of(DQR), target_of(DQR)) == ("occurrences", 0.85)
    assert (method_of(TIE), target_of(TIE)) == ("time slices", 0.95)
    # a ratio that is held to a multiple of its baseline has no fixed share of tasks to spend
    assert method_of(replace(HER, objective=Objective(1.5, relative=True))) == "time slices"


def test_occurrences_are_a_sum_over_a_sum() -> None:
    # 1,000 tasks at 2 % and 10 at 50 %: 25 bad of 1,010. A mean of the ratios would say 26 %.
    rows = minutes(HER, [(2.0, 1000.0), (50.0, 10.0)])
    spent = Spending(HER, rows, 0, 1, lambda _: 5.0).over(PERIOD)
    assert tuple(spent) == pytest.approx((25.0, 1010.0, 0))
    found = budget(series_of(HER), HER, lambda _: spent)
    assert found.allowed == pytest.approx(50.5)  # 5 % of 1,010
    assert found.remaining == pytest.approx(1 - 25 / 50.5)
    assert not found.gone
    assert found.why == "HER: 50 % left: 25 tasks bad, 5 % of 1,010 tasks may be"


def test_higher_is_better_counts_what_is_missing() -> None:
    # DQR 92 % of 100 tasks: 8 bad, 15 allowed, so 7/15 is left
    spent = Spending(DQR, minutes(DQR, [92.0], n=100), 0, 0, lambda _: 85.0).over(PERIOD)
    assert spent.bad == pytest.approx(8.0)
    assert budget(series_of(DQR), DQR, lambda _: spent).remaining == pytest.approx(7 / 15)


def test_an_overspent_budget_is_negative_and_says_so() -> None:
    found = budget(series_of(HER, "refund"), HER, lambda _: Tally(180, 1000))
    assert found.remaining == pytest.approx(-2.6)  # 1 - 180 / 50
    assert found.gone
    assert found.why == (
        "HER (refund): the error budget of 30 days is gone (-260 % left): 180 tasks bad, 5 % of 1,000 tasks may be"
    )


def test_spent_to_the_last_task_is_gone() -> None:
    # 0.05 is not a binary number: 5 % of 2,000 comes out a hair above 100
    assert budget(series_of(HER), HER, lambda _: Tally(100, 2000)).gone


def test_time_slices_leave_the_unknown_out_and_count_it_apart() -> None:
    # 40 minutes: 36 good, 2 bad, one without an answer, one never asked; 5 % of 38 may be bad
    cells = [*[2.0] * 18, 4.0, None, *[2.0] * 17, 4.0, 2.0]
    rows = minutes(TIE, cells, n=50)
    spent = Spending(TIE, rows, 0, 39, lambda _: 3.0).over(PERIOD)
    assert spent == Tally(2.0, 38.0, 2)
    found = budget(series_of(TIE), TIE, lambda _: spent)
    assert found.remaining == pytest.approx(1 - 2 / 1.9)
    assert "2 min unknown, counted on neither side" in found.why


def test_a_minute_is_unknown_while_its_line_is() -> None:
    spent = Spending(AQDD, minutes(AQDD, [4.0] * 5), 0, 4, lambda minute: None if minute < 3 else 8.0).over(PERIOD)
    assert spent == Tally(0.0, 2.0, 3)


def test_without_anything_known_a_budget_is_neither_whole_nor_gone() -> None:
    found = budget(series_of(HER), HER, lambda _: Tally(1, 3, 50))
    assert (found.remaining, found.gone) == (None, False)
    assert found.why.startswith("HER: nothing is known of its budget: 3 tasks could be judged; 50 min unknown")


def test_an_objective_of_nothing_bad_is_gone_with_the_first() -> None:
    strict = replace(HER, objective=Objective(0.0))
    assert not budget(series_of(HER), strict, lambda _: Tally(0, 500)).gone
    found = budget(series_of(HER), strict, lambda _: Tally(1, 500))
    assert found.gone
    assert "nothing may be bad" in found.why


def burn_alerts(long: Tally, short: Tally) -> bool:
    sli = replace(HER, burn_alerts=(BurnAlert(3, DAY, 2 * HOUR),))
    found = budget(series_of(HER), sli, lambda window: {DAY: long, 2 * HOUR: short}.get(window, long))
    return found.burns[0].ringing


def test_an_alert_needs_both_windows_and_more_than_two_bad() -> None:
    # at 95 % a burn of 3 is 15 % bad
    hot, cool = Tally(20, 100), Tally(10, 100)
    assert burn_alerts(hot, hot)
    assert not burn_alerts(hot, cool), "the burning is over"
    assert not burn_alerts(cool, hot), "too short to have cost much"
    assert not burn_alerts(Tally(15, 100), hot), "on the line is not past it"
    assert not burn_alerts(Tally(2, 5), Tally(2, 5)), "two of five tasks are no trend"
    assert not burn_alerts(hot, Tally()), "a silent window is unknown"


def test_a_ringing_alert_in_words() -> None:
    sli = replace(HER, burn_alerts=(BurnAlert(3, DAY, 2 * HOUR),))
    found = budget(series_of(HER), sli, lambda _: Tally(20, 100))
    words = alert_words(found.series, sli, found.burns[0])
    assert words == "HER: the error budget burns 4.0x too fast over 1d (4.0x over 2h)"


def test_the_gate() -> None:
    whole = budget(series_of(HER), HER, lambda _: Tally(1, 1000))
    gone = budget(series_of(DQR), DQR, lambda _: Tally(900, 1000))
    blind = budget(series_of(HER), HER, lambda _: Tally(0, 0, 500))
    assert gate([whole, blind]) == (True, (), False)
    assert gate([whole, gone]) == (False, (gone.why,), False)
    answer = gate([blind])
    assert not answer.may
    assert "no data is not healthy" in answer.why[0]


def day_one(lived: int) -> Budget:
    """HER held to 5 %, 17 % of 10 tasks a minute bad since the first minute."""
    return budget(series_of(HER), HER, lambda window: Tally(1.7 * min(window, lived), 10.0 * min(window, lived)), lived)


def test_25_minutes_of_life_use_a_part_of_the_budget_of_30_days_and_say_so() -> None:
    # burn rate 17 / 5 = 3.4, for 25 of 43,200 minutes: 0.2 %
    found = day_one(25)
    assert found.remaining == pytest.approx(1 - 3.4 * 25 / PERIOD)
    assert found.allowed == pytest.approx(0.05 * 10 * PERIOD)
    assert not found.gone
    assert not any(burn.ringing for burn in found.burns)
    assert found.rates == {HOUR: None, 6 * HOUR: None, DAY: None, 3 * DAY: None}
    assert found.why == (
        "HER: 99.8 % left: 42 tasks bad, 5 % of 432,000 tasks may be in 30 days at such traffic; "
        "25 min of them are lived"
    )


def test_an_alert_waits_until_its_window_was_lived() -> None:
    assert [burn.ringing for burn in day_one(DAY - 1).burns] == [False, False]
    assert [burn.ringing for burn in day_one(DAY).burns] == [True, False]
    assert [burn.ringing for burn in day_one(3 * DAY).burns] == [True, True]


def test_the_gate_calls_nobody_healthy_or_spent_who_is_too_young() -> None:
    answer = gate([day_one(25)])
    assert (answer.may, answer.too_young) == (False, True)
    assert answer.why[0] == "too young to judge: 25 min of 30 days are lived, 3d are needed"
    assert gate([day_one(3 * DAY)]).may, "10 % x 3.4 are used of it"
    late = day_one(12 * DAY)
    assert late.gone
    assert not gate([late]).may
    assert not gate([late]).too_young


def test_what_is_used_is_the_same_for_a_budget_and_for_an_incident() -> None:
    assert share_spent(Tally(42.5, 250), 0.95, 25) == pytest.approx(1 - (day_one(25).remaining or 0))
    assert share_spent(Tally(0, 0, 25), 0.95, 25) is None
    assert share_spent(Tally(1, 10), 1.0, 25) is None


counted = st.lists(st.tuples(st.floats(0, 100), st.integers(0, 200).map(float)), min_size=1, max_size=40)


@given(counted)
def test_any_window_is_the_sum_of_its_minutes(cells: list[tuple[float, float]]) -> None:
    rows = minutes(HER, cells)
    last = len(cells) - 1
    spending = Spending(HER, rows, 0, last, lambda _: 5.0)
    half = len(cells) // 2
    early = Spending(HER, rows, 0, last - half, lambda _: 5.0).over(PERIOD)
    both = early.plus(spending.over(half))
    assert both.bad == pytest.approx(spending.over(PERIOD).bad)
    assert (both.total, both.unknown) == (spending.over(PERIOD).total, spending.over(PERIOD).unknown)


@given(counted, st.integers(1, 50))
def test_the_budget_does_not_depend_on_traffic(cells: list[tuple[float, float]], times: int) -> None:
    more = [(value, n * times) for value, n in cells]
    one, other = (
        burn_rate(Spending(HER, minutes(HER, each), 0, len(cells) - 1, lambda _: 5.0).over(PERIOD), 0.95)
        for each in (cells, more)
    )
    assert one == (None if other is None else pytest.approx(other))
