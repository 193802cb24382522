"""What an incident cost, worked by hand: bad minutes, tasks, money and error budget."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model.fleet import Agent
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Better, Objective
from bot.core.reports.impact import Measured, budget_spent, impact, past
from bot.core.reports.postmortem_report import Gap, Report
from bot.core.reports.rung_effect import effect, mean
from tests.core.reports.refund_incident import (
    AGENT,
    CALLS,
    FIRST_BAD,
    HER,
    HER_BREACH,
    SERIES,
    TIE_BREACH,
    at,
    report,
)


def test_impact_by_hand(draft: Report) -> None:
    """HER is bad for 7 + 3 + 1 minutes of 100 tasks; beyond 2 %: 118 + 27 + 7 tasks."""
    her, tie = draft.impact.slis
    assert (her.bad_minutes, her.tasks) == (11, 1100)
    assert her.excess == pytest.approx(152)
    assert (her.worst, her.worst_at, her.baseline) == (20.0, at("02:12"), 2.0)
    assert her.unknown_minutes == 3
    assert (tie.bad_minutes, tie.tasks) == (5, 500)
    assert tie.excess == pytest.approx(500 * (6.0 - 3.1))
    assert tie.excess_unit == "calls"
    assert draft.impact.minutes == 11, "minutes that are bad in two SLIs count once"
    assert draft.impact.tasks == 1100, "the same tasks are behind both SLIs"
    assert draft.impact.bad_tasks == pytest.approx(152)


def test_cost_beyond_normal_by_hand(draft: Report) -> None:
    """Six minutes of 100 tasks at 0.05 instead of 0.02 USD."""
    assert draft.impact.cost == pytest.approx(6 * 100 * 0.03)
    assert draft.impact.cost_unit == "USD"
    assert draft.impact.cost_basis == "the mean of 60 minutes before onset"


def test_the_error_budget_by_hand(draft: Report) -> None:
    """86 known minutes of 89 hold 325 bad per 100 tasks a minute: 3.78 % of 5 % allowed, for 89 of 43,200 minutes.

    TIE is a gauge, of whose minutes 5 % may be bad: 2,160 of 43,200, and five of them were.
    """
    assert draft.impact.slis[0].budget == pytest.approx(100 * (325 / 86 / 5) * 89 / 43_200)
    assert draft.impact.slis[1].budget == pytest.approx(100 * 5 / 2160)


def test_a_budget_of_a_higher_is_better_ratio_counts_what_is_missing() -> None:
    """DQR 70 % against 85 %: 30 % bad of 15 % allowed burns at 2; for 10 minutes."""
    dqr = replace(HER, name="dqr", better=Better.HIGHER, objective=Objective(85.0))
    breach = replace(HER_BREACH, sli=dqr, limit=85.0)
    rows = [MinuteRow(SERIES, FIRST_BAD + m, 70.0, 50) for m in range(10)]
    assert budget_spent(breach, Measured(breach, rows, FIRST_BAD + 10)) == pytest.approx(100 * 2 * 10 / 43_200)


def test_without_minutes_nothing_is_made_up() -> None:
    found = report(minutes={}).impact
    assert found.minutes == 0
    for figure in (found.tasks, found.bad_tasks, found.cost, found.slis[0].worst, found.slis[0].budget):
        assert isinstance(figure, Gap)
    assert found.slis[0].unknown_minutes == 89


def test_without_counts_or_a_baseline_the_figures_that_need_them_are_gaps() -> None:
    bare = [MinuteRow(SERIES, FIRST_BAD + minute, 18.0) for minute in range(5)]
    breach = replace(HER_BREACH, baseline=None)
    found = impact(AGENT, (breach,), {SERIES: bare}, (FIRST_BAD, FIRST_BAD + 5))
    assert found.minutes == 5
    assert found.slis[0].excess == Gap("not computable without a baseline")
    for figure in (found.tasks, found.bad_tasks, found.slis[0].budget, found.slis[0].baseline):
        assert isinstance(figure, Gap)


@pytest.mark.parametrize(
    ("agent", "gap"),
    [(replace(AGENT, cost={}), "refunds has no cost model"), (replace(AGENT, slis=()), "refunds has no cost SLI")],
)
def test_cost_needs_a_model_and_an_sli(agent: Agent, gap: str) -> None:
    assert report(agent=agent).impact.cost == Gap(gap)


def test_a_pinned_cost_baseline_comes_before_a_measured_one() -> None:
    pinned = replace(AGENT, pinned=(("", "cost_per_task", 0.01),))
    found = report(agent=pinned).impact
    assert found.cost_basis == "the baseline pinned before deployment"
    assert found.cost == pytest.approx(6 * 100 * 0.04 + 83 * 100 * 0.01)


def test_tasks_of_two_workflows_add_up_and_the_whole_agent_is_not_added_on_top() -> None:
    flows = {name: Series("refunds", name, "her") for name in ("", "refund", "voucher")}
    breaches = tuple(replace(HER_BREACH, series=series) for series in flows.values())
    rows = {
        flows[""]: [MinuteRow(flows[""], FIRST_BAD, 18.0, 90)],
        flows["refund"]: [MinuteRow(flows["refund"], FIRST_BAD, 18.0, 60)],
        flows["voucher"]: [MinuteRow(flows["voucher"], FIRST_BAD, 18.0, 30)],
    }
    assert impact(AGENT, breaches, rows, (FIRST_BAD, FIRST_BAD + 1)).tasks == 90


def test_an_idle_minute_is_neither_bad_nor_unknown() -> None:
    rows = [MinuteRow(SERIES, FIRST_BAD, 18.0, 100), MinuteRow(SERIES, FIRST_BAD + 1, None, 0)]
    found = impact(AGENT, (HER_BREACH,), {SERIES: rows}, (FIRST_BAD, FIRST_BAD + 2)).slis[0]
    assert found.unknown_minutes == 0
    assert found.tasks == 100


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 1000)), min_size=1, max_size=20))
def test_a_pooled_mean_is_sum_over_sum(rows: list[tuple[float, int]]) -> None:
    found = mean([MinuteRow(SERIES, at, value, n) for at, (value, n) in enumerate(rows)])
    assert found == pytest.approx(sum(v * n for v, n in rows) / sum(n for _, n in rows))


def test_means_without_counts_are_plain_and_of_nothing_none() -> None:
    assert mean([MinuteRow(CALLS, 1, 2.0), MinuteRow(CALLS, 2, 4.0)]) == 3.0
    assert mean([]) is None
    found = effect(TIE_BREACH, [], (FIRST_BAD, FIRST_BAD), (FIRST_BAD, FIRST_BAD))
    assert (found.before, found.after, found.minutes_before) == (None, None, 0)


def test_past_is_one_sided() -> None:
    assert past(Better.LOWER, 7.0, 5.0) == 2.0
    assert past(Better.HIGHER, 80.0, 85.0) == 5.0
    assert past(Better.HIGHER, 90.0, 85.0) < 0
