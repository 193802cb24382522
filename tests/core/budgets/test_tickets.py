"""One ticket for an episode, by hand from chapter 5 of Google's Site Reliability Workbook."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.budgets.budget import Budget, Tally, budget
from bot.core.budgets.tickets import GONE, Ticket, changes, name_of, notice, postmortem_words, states
from bot.core.model.slis import BurnAlert
from tests.core.sample_data import HER, series_of

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAY = 24 * 60


def at(day: float, two_hours: float, month: float = 2.0) -> Budget:
    """HER, 5 % may be bad: the share that was bad (%) over a day, over two hours, and over the month."""
    shares = {DAY: day, 120: two_hours}

    def over(window: int) -> Tally:
        total = window * 10.0
        return Tally(total * shares.get(window, month) / 100, total, 0)

    return budget(series_of(HER), HER, over)


def ringing(found: Budget) -> set[str]:
    return {state.alert for state in states(HER, found) if state.begins}


def test_names_of_the_workbooks_ticket_rows() -> None:
    # 10 % of the budget in one day is a rate of 3 (0.1 * 30 / 1), in three days of 1; short windows are a twelfth
    assert {state.alert for state in states(HER, at(2, 2))} == {
        "3x over 1d and 2h",
        "1x over 3d and 6h",
        GONE,
    }
    assert name_of(BurnAlert(3, DAY, 120)) == "3x over 1d and 2h"


def test_both_windows_must_be_past_the_factor() -> None:
    # 16 % bad against 5 % allowed burns at 3.2
    assert ringing(at(day=16, two_hours=16)) == {"3x over 1d and 2h"}
    assert ringing(at(day=16, two_hours=2)) == set()
    assert ringing(at(day=2, two_hours=16)) == set()


def test_that_a_budget_is_gone_is_a_ticket_once_its_30_days_were_lived() -> None:
    def gone(lived: int) -> Budget:
        return budget(series_of(HER), HER, lambda window: Tally(window * 9.0, window * 10.0, 0), lived)

    assert gone(2 * DAY).gone
    assert GONE not in ringing(gone(2 * DAY))
    assert GONE not in ringing(gone(28 * DAY))
    assert GONE in ringing(gone(29 * DAY))
    assert GONE in ringing(gone(30 * DAY))


def test_an_episode_is_one_ticket_and_ends_with_the_long_window() -> None:
    fresh, over = changes([], states(HER, at(16, 16)), NOW)
    assert [(ticket.alert, ticket.opened_at) for ticket in fresh] == [("3x over 1d and 2h", NOW)]
    assert not over
    known = [replace(fresh[0], id=1)]
    assert changes(known, states(HER, at(16, 16)), NOW) == ([], [])
    assert changes(known, states(HER, at(16, 2)), NOW) == ([], [])  # a quiet hour is no end
    assert changes(known, states(HER, at(14, 16)), NOW) == ([], known)  # 14 / 5 = 2.8
    again, _ = changes([], states(HER, at(16, 16)), NOW + timedelta(hours=3))
    assert len(again) == 1


def test_what_cannot_be_judged_ends_nothing() -> None:
    known = [Ticket(series_of(HER), "3x over 1d and 2h", NOW, "", id=1), Ticket(series_of(HER), GONE, NOW, "", id=2)]
    unknown = budget(series_of(HER), HER, lambda _: Tally(0, 0, 99))
    assert changes(known, states(HER, unknown), NOW) == ([], [])


def test_a_budget_that_is_gone_is_a_ticket_too() -> None:
    found = at(2, 2, month=5.5)  # 1 - 5.5 / 5 = -10 %
    [state] = [state for state in states(HER, found) if state.begins and state.alert == GONE]
    assert "the error budget of 30 days is gone (-10 % left)" in state.text
    ticket = Ticket(state.series, GONE, NOW, state.text)
    assert "stepdown gate" in notice("refunds", ticket, "Ana Duarte")


def test_a_fifth_of_a_budget_in_one_incident_is_said_in_words() -> None:
    assert postmortem_words("INC-0007", HER, 0.34).startswith(
        "INC-0007 has used 34 % of the 30-day error budget of HER"
    )


@pytest.mark.parametrize("scale", [1, 7, 1000])
def test_alerts_do_not_depend_on_the_number_of_tasks(scale: int) -> None:
    def over(window: int) -> Tally:
        return Tally(0.16 * window * scale, window * scale, 0)

    assert ringing(budget(series_of(HER), HER, over)) == {"3x over 1d and 2h", "1x over 3d and 6h", GONE}
