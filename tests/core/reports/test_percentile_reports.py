"""A percentile on a chart and in what an incident cost."""

from bot.core.model.samples import minute_start
from bot.core.model.slis import Breach
from bot.core.reports.chart_data import sli_chart
from bot.core.reports.impact import Measured, sli_impact
from bot.core.reports.rung_effect import effect
from tests.core.detection.test_percentiles import DAY, NOW, P95, SERIES, lived, longer_tail, row_of, steady, taught

BASELINE = taught(P95, lived(steady, 50, NOW - DAY, DAY))


def test_a_chart_has_each_minutes_percentile_between_objective_and_band() -> None:
    rows = [row_of(NOW + at, [float(4 + at)] * 80) for at in range(3)]
    chart = sli_chart(SERIES, P95, rows, BASELINE, (NOW, NOW + 2))
    assert [round(value or 0) for _, value in chart.points] == [4, 5, 6]
    assert (chart.objective, chart.unit, chart.title) == (20, "calls", "p95 of tool calls")
    assert chart.band is not None
    assert BASELINE.value < chart.band < 20


def test_an_incident_cost_the_tasks_past_the_objective_beyond_those_that_may_be() -> None:
    rows = [row_of(NOW + at, [8.0] * 80 + [60.0] * 20) for at in range(3)]
    breach = Breach(SERIES, P95, NOW, minute_start(NOW + 2), 60.0, 20.0, 300, "why", BASELINE, share=20.0)
    found = sli_impact(breach, Measured(breach, rows, NOW + 3))
    # 60 of 300 tasks were past 20 calls, and 5 % of them, 15, may be
    assert (found.excess, found.excess_unit) == (45.0, "tasks")
    assert found.bad_minutes == 3


def test_what_a_rung_did_is_told_by_merged_percentiles_and_sure_by_the_tasks_past_the_line() -> None:
    rows = list((lived(longer_tail, 50, NOW, 10) | lived(steady, 50, NOW + 11, 10)).values())
    breach = Breach(SERIES, P95, NOW, minute_start(NOW + 2), 35.0, 20.0, 300, "why", BASELINE, share=12.0)
    moved = effect(breach, rows, (NOW, NOW + 10), (NOW + 11, NOW + 21))
    assert moved.before is not None
    assert moved.after is not None
    assert moved.before > 25
    assert moved.after < 16
    assert moved.words == "lower, more than chance explains"
