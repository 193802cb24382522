"""What would have been: stories by hand, and the same answers as the rules give when they are asked alone."""

from dataclasses import replace
from math import sin

import numpy as np
import pytest

from bot.core.backtest.agent_replay import ReplayEvent
from bot.core.detection import baseline, literal_rule
from bot.core.model.aliases import Aliases
from bot.core.model.fleet import Fleet
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Baseline, Sli
from bot.core.recovery import recovery_clock
from bot.core.recovery.recovery_clock import Hold, Need
from bot.engine.reports.backtest import Backtest, Sample
from tests.core.sample_data import AQDD, DQR, HER, TIE
from tests.replay.recording_files import START, fleet_of, replayed, samples, shown

HOURS_2 = [2.0] * 120
SERIES = Series("refunds", "", "her")


def one(told: list[ReplayEvent], event: str) -> ReplayEvent:
    return next(each for each in told if each.event == event)


def test_an_incident_from_breach_to_hold() -> None:
    told, outcome = replayed(fleet_of(HER), samples(HER, [*HOURS_2, *[18.0] * 20, *[2.0] * 90]))
    # bad minutes 120 and 121: known when minute 122 begins. Good again from 140: cleared after two.
    assert shown(told)[:3] == [(122, "her", "breach"), (122, "her", "incident_opened"), (142, "her", "cleared")]
    assert [each.event for each in told[3:]] == ["recovery_began", "recovery_held"]
    began, held = one(told, "recovery_began"), one(told, "recovery_held")
    # 100 tasks a minute tell at once: the clock begins with minute 140 to 142, plus two minutes to settle
    assert 143 <= began.at - START <= 146
    assert held.at - began.at == 29, "thirty minutes, the first and the last included"
    breach = one(told, "breach")
    assert breach.reason == "HER 18.0 % > 5.0 % objective for 2 of 2 minutes, n=100"
    assert (breach.incident, breach.pages, one(told, "incident_opened").pages) == (1, False, True)
    assert (outcome.samples, outcome.open_at_end) == (230, 0)


def test_a_breach_within_two_hours_of_the_hold_reopens_the_same_incident() -> None:
    again = [*HOURS_2, *[18.0] * 20, *[2.0] * 90, *[18.0] * 10, *[2.0] * 60]
    told, _ = replayed(fleet_of(HER), samples(HER, again))
    reopened = one(told, "reopened")
    assert reopened.incident == 1
    assert reopened.pages
    assert reopened.reason.startswith("HER 18.0 % > 5.0 % objective for 2 of 2 minutes, n=100 ")
    assert reopened.reason.endswith(f"{reopened.at - one(told, 'recovery_held').at} min after resolving")
    assert [each.event for each in told].count("incident_opened") == 1


def test_after_two_hours_it_is_a_new_incident() -> None:
    again = [*HOURS_2, *[18.0] * 20, *[2.0] * 200, *[18.0] * 10]
    told, outcome = replayed(fleet_of(HER), samples(HER, again))
    opened = [each.incident for each in told if each.event == "incident_opened"]
    assert opened == [1, 2]
    assert outcome.open_at_end == 1


def test_a_second_sli_attaches_and_pages_nobody_again() -> None:
    told, _ = replayed(
        fleet_of(HER, DQR),
        samples(HER, [*HOURS_2, *[18.0] * 30]),
        samples(DQR, [*[92.0] * 125, *[60.0] * 25]),
    )
    assert shown(told) == [(122, "her", "breach"), (122, "her", "incident_opened"), (127, "dqr", "breach")]
    assert {each.incident for each in told} == {1}


def test_a_bad_minute_resets_the_clock() -> None:
    told, _ = replayed(fleet_of(HER), samples(HER, [*HOURS_2, *[18.0] * 20, *[2.0] * 20, 30.0, *[2.0] * 60]))
    reset = one(told, "recovery_reset")
    # the bad minute is 160; it is settled when 163 begins
    assert reset.at - START == 163
    assert reset.reason.startswith("reset ")
    assert [each.event for each in told][3:] == ["recovery_began", "recovery_reset", "recovery_began", "recovery_held"]


def test_no_data_is_a_blind_incident_of_its_own() -> None:
    told, _ = replayed(
        fleet_of(HER, DQR),
        samples(HER, [*[2.0] * 60, *[None] * 30, *[2.0] * 30]),
        samples(DQR, [92.0] * 120),
    )
    # as in a running bot: the fifth silent minute is 64, settled three minutes later; the first good one is 90
    assert shown(told) == [(68, "her", "blind"), (68, "her", "incident_opened"), (94, "her", "cleared")]
    assert [each.kind for each in told] == ["blind"] * 3
    assert told[1].pages
    assert told[1].reason == "no data on HER for 5 min"


def test_on_a_rung_that_waits_for_people_blind_pages_nobody_and_her_is_excused() -> None:
    told, _ = replayed(
        fleet_of(replace(HER, moved_by_approval=True), rung="read-only"),
        samples(HER, [*[18.0] * 30, *[None] * 20, *[2.0] * 5]),
    )
    assert [each.event for each in told] == ["blind", "incident_opened", "cleared"]
    assert not any(each.pages for each in told)


def test_a_row_without_an_answer_is_no_data() -> None:
    told, _ = replayed(
        fleet_of(HER, DQR),
        samples(HER, [*[2.0] * 60, *[(None, None)] * 30]),
        samples(DQR, [92.0] * 90),
    )
    assert shown(told)[0] == (68, "her", "blind")


def test_a_share_of_250_percent_is_no_data_and_is_told() -> None:
    cells = [*HOURS_2, *[250.0] * 5, *[2.0] * 60]
    told, outcome = replayed(fleet_of(HER), samples(HER, cells))
    assert not [each for each in told if each.event == "breach"]
    assert outcome.impossible == [(SERIES, 5, 250.0)]
    _, outcome = replayed(fleet_of(TIE), samples(TIE, [250.0] * 5))
    assert outcome.impossible == [], "calls per task may be as many"


def test_a_multiple_of_the_baseline_waits_for_one() -> None:
    told, outcome = replayed(fleet_of(TIE), samples(TIE, [6.0, *[2.0] * 200, *[4.0] * 10]))
    assert shown(told)[:2] == [(203, "tie", "breach"), (203, "tie", "incident_opened")]
    assert "1.5x baseline 2" in one(told, "breach").reason
    [(_, _, spent)] = outcome.spent
    # 60 minutes of history and a guard of 15 behind it, looked for every five minutes: known from minute 75 on
    assert (spent.bad, spent.total, spent.unknown) == (10.0, 136.0, 75)


def test_the_queue_has_to_stay_high_for_thirty_minutes() -> None:
    short = [*[4.0] * 200, *[40.0] * 29, *[4.0] * 30]
    long = [*[4.0] * 200, *[40.0] * 30, *[4.0] * 30]
    cells = [[(value, None) for value in each] for each in (short, long)]
    assert replayed(fleet_of(AQDD), samples(AQDD, cells[0]))[0] == []
    assert shown(replayed(fleet_of(AQDD), samples(AQDD, cells[1]))[0])[0] == (230, "aqdd", "breach")


def test_late_rows_change_nothing() -> None:
    cells = [*HOURS_2, *[18.0] * 20, *[2.0] * 90]
    rows = list(samples(HER, cells))
    whole, _ = replayed(fleet_of(HER), rows)
    mixed = [row for first in range(0, len(rows), 50) for row in reversed(rows[first : first + 50])]
    told: list[ReplayEvent] = []
    Backtest(fleet_of(HER), told.append).run(mixed)
    assert told == whole


def test_what_nobody_watches_is_counted_and_named() -> None:
    rows = [*samples(HER, [2.0] * 5), *samples(DQR, [92.0] * 5)]
    _, outcome = replayed(fleet_of(HER, TIE), rows)
    assert (outcome.samples, outcome.ignored) == (10, 5)
    assert outcome.unwatched == [Series("refunds", "", "dqr")]
    assert outcome.unrecorded == [Series("refunds", "", "tie")]


def noisy(days: int, seed: int) -> list[MinuteRow]:
    random = np.random.default_rng(seed)
    counts = random.poisson(40, days * 1440)
    shares = 0.03 * np.array([1 + 0.3 * sin(minute / 229) for minute in range(days * 1440)])
    bad = random.binomial(counts, shares)
    rows = [
        (START + m, 100 * float(b) / n if n else 0.0, float(n))
        for m, (b, n) in enumerate(zip(bad, counts, strict=True))
    ]
    return [MinuteRow(SERIES, *row) for row in rows]


@pytest.mark.parametrize("days", [1, 5])
@pytest.mark.parametrize("sli", [HER, replace(TIE, name="her")])
def test_a_baseline_by_the_hour_alone_is_the_same_baseline(days: int, sli: Sli) -> None:
    rows = noisy(days, seed=days)
    onset = START + days * 1440 - 37
    exclude = [(START + 1500, START + 1600)]
    whole = baseline.compute(sli, rows, onset, exclude=exclude)
    hour = onset // 60 % 24
    near = [row for row in rows if row.minute // 60 % 24 == hour or (row.minute + sli.window) // 60 % 24 == hour]
    found = baseline.by_hour(sli, near, onset, onset, exclude)
    if days == 1:
        assert found is None
    else:
        assert found == whole
        assert len(near) < len(rows) / 15


@pytest.mark.parametrize("seed", range(4))
def test_the_clock_walked_on_is_the_clock_computed_afresh(seed: int) -> None:
    random = np.random.default_rng(seed)
    counts = random.poisson(30, 240)
    shares = np.concatenate([np.full(60, 0.15), np.full(70, 0.03), np.full(10, 0.4), np.full(100, 0.03)])
    bad = random.binomial(counts, shares)
    silent = set(random.choice(240, 12).tolist())
    rows = {
        m: MinuteRow(SERIES, m, 100 * float(b) / max(n, 1), float(n))
        for m, (b, n) in enumerate(zip(bad, counts, strict=True))
        if m not in silent
    }
    normal = Baseline(3.0, 0.5, 50_000, 1_000, 0, 0, "for the test")
    needs = [Need(SERIES, HER, normal, 15.0, 60.0)]
    walked = Hold(needs, {SERIES: rows}, 0, -1)
    for newest in range(240):
        walked.walk_on(newest)
        clock = recovery_clock.judge(needs, {SERIES: rows}, hold_from=0, newest=newest)
        assert (walked.state, walked.last_reset, walked.held_at) == (clock.state, clock.last_reset, clock.held_at)
    assert {move.kind for move in walked.moves} == {"began", "reset", "held"}


ALWAYS = replace(TIE, name="her")


def asked_alone(rows: list[MinuteRow], first: int) -> list[int]:
    """Minutes (from `first` on) at which detection finds a breach begin, with an exact baseline for every hour."""
    stored = {row.minute: row for row in rows}
    found, going_on, current = [], False, None
    for row in rows[first:]:
        if row.minute % 60 == 0 or current is None:
            hour = row.minute // 60 * 60
            current = baseline.frozen(ALWAYS, [each for each in rows if each.minute < hour], hour)
        near = {minute: stored[minute] for minute in range(row.minute - 90, row.minute + 1)}
        run = literal_rule.breach(ALWAYS, near, row.minute, current)
        if run is not None and not going_on:
            found.append(row.minute + 1 - START)
        going_on = run is not None or (going_on and not literal_rule.cleared(ALWAYS, near, row.minute, current))
    return found


def test_saving_baselines_loses_no_breach() -> None:
    """The line is computed only where it can matter. The same breaches come out as when it always is."""
    random = np.random.default_rng(5)
    swing = np.array([1 + 0.15 * sin(minute / 229) for minute in range(4 * 1440)])
    values = random.normal(2.0, 0.25, 4 * 1440) * swing
    for start in (4379, 4800, 5300):
        values[start : start + 6] = 1.62 * 2.0 * swing[start : start + 6]
    rows = [MinuteRow(SERIES, START + m, float(value), 50.0) for m, value in enumerate(values)]
    told, _ = replayed(fleet_of(ALWAYS), ((r.minute, ("refunds", "", "her"), r.value, r.n) for r in rows))
    breaches = [each.at - START for each in told if each.event == "breach" and each.at - START > 4300]
    assert breaches == asked_alone(rows, 4300)
    assert breaches == [4381, 4802, 5302]


def _by_workflow(her: float, minutes: range, n: float | None = 100.0) -> list[Sample]:
    """Three quarters of the tasks are refunds, a quarter goodwill; goodwill is never escalated."""
    rows: list[Sample] = []
    for minute in minutes:
        rows.append((START + minute, ("refunds", "refund", "her"), her / 0.75, n and n * 0.75))
        rows.append((START + minute, ("refunds", "goodwill", "her"), 0.0, n and n * 0.25))
    return rows


def _two_workflows() -> Fleet:
    fleet = fleet_of(HER)
    return replace(fleet, agents={"refunds": replace(fleet.agents["refunds"], workflows=("refund", "goodwill"))})


def test_a_recording_by_workflow_counts_for_the_agent_as_a_whole() -> None:
    story = [(2.0, range(120)), (18.0, range(120, 140)), (2.0, range(140, 230))]
    told, outcome = replayed(_two_workflows(), *(_by_workflow(*each) for each in story))
    known, _ = replayed(fleet_of(HER), samples(HER, [*HOURS_2, *[18.0] * 20, *[2.0] * 90]))
    assert told == known
    assert (outcome.samples, outcome.ignored, outcome.unrecorded) == (460, 0, [])


def test_the_agents_own_row_counts_beside_those_of_its_workflows() -> None:
    told, _ = replayed(_two_workflows(), _by_workflow(18.0, range(120)), samples(HER, HOURS_2))
    assert told == []


def test_workflows_that_cannot_be_weighed_are_left_out_and_named() -> None:
    told, outcome = replayed(_two_workflows(), _by_workflow(18.0, range(10), n=None), samples(HER, [2.0] * 10))
    assert (told, outcome.ignored) == ([], 20)
    assert outcome.unwatched == [Series("refunds", "refund", "her"), Series("refunds", "goodwill", "her")]


def test_an_unlisted_workflow_counts_for_its_agent_as_a_whole_and_other_names_are_known() -> None:
    fleet = fleet_of(HER)
    agent = replace(fleet.agents["refunds"], workflows=("refund",))
    fleet = replace(
        fleet, agents={"refunds": agent}, aliases=Aliases({"返金": "refunds"}, {("refunds", "R"): "refund"})
    )
    rows: list[Sample] = []
    for minute in range(START, START + 140):
        rows.append((minute, ("返金", "R", "her"), 2.0, 100.0))
        rows.append((minute, ("refunds", "chargeback-v2", "her"), 2.0 if minute < START + 120 else 50.0, 100.0))
    told, outcome = replayed(fleet, rows)
    assert one(told, "breach").reason.startswith("HER 26.0 % > 5.0 % objective")
    assert (outcome.ignored, outcome.samples) == (0, 280)
