"""A postmortem draft holds what the entries and minutes hold, and marks what they do not."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.incident import events as ev
from bot.core.model.fleet import Agent
from bot.core.model.people import BOT, Actor
from bot.core.model.rungs import RungState
from bot.core.model.samples import MinuteRow, Series, minute_of, minute_start
from bot.core.model.slis import Better
from bot.core.reports.impact import Measured, budget_spent, effect, impact, mean, past
from bot.core.reports.postmortem_report import Gap, Report, gaps_in
from bot.core.reports.pseudonyms import pseudonyms_of
from tests.core.reports.refund_incident import (
    AGENT,
    ANA,
    CALLS,
    CY,
    FIRST_BAD,
    HER,
    HER_BREACH,
    NOW,
    PEOPLE,
    SERIES,
    STORY,
    TIE,
    TIE_BREACH,
    at,
    minutes,
    opened,
    page,
    report,
    tell,
)

BEFORE_ACK = STORY[:4]
BEFORE_HOLD = STORY[:13]


def strings(value: object, *, leave: str = "") -> Iterator[str]:
    """Every string inside a value; `leave` names a field that is not looked into."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            if each.name != leave:
                yield from strings(getattr(value, each.name), leave=leave)
    elif isinstance(value, tuple) and not isinstance(value, Series):
        for item in value:
            yield from strings(item, leave=leave)


@pytest.fixture(scope="module")
def draft() -> Report:
    return report()


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
    dqr = replace(HER, name="dqr", better=Better.HIGHER)
    breach = replace(HER_BREACH, sli=dqr, limit=85.0)
    rows = [MinuteRow(SERIES, FIRST_BAD + m, 70.0, 50) for m in range(10)]
    assert budget_spent(breach, Measured(breach, rows, FIRST_BAD + 10)) == pytest.approx(100 * 2 * 10 / 43_200)


def test_detection_names_signal_and_lag(draft: Report) -> None:
    found = draft.detection
    assert (found.signal, found.first_bad, found.paged_at) == ("HER", at("02:11"), at("02:13:06"))
    assert found.lag == 126
    assert found.why == HER_BREACH.why


def test_the_times(draft: Report) -> None:
    took = {span.name: span.seconds for span in draft.times}
    assert took == {
        "to detect": 125,
        "to page": 126,
        "to acknowledge": 84,
        "to contain": 304,
        "to hold 30 minutes": 53 * 60 + 5,
        "to recover": 87 * 60 + 5,
        "to resolve": 89 * 60,
    }


def test_every_rung_change_comes_with_its_effect(draft: Report) -> None:
    down, up = draft.rung_moves
    assert (down.from_rung, down.to_rung, down.direction, down.seconds) == ("full", "read-only", "down", 4.0)
    assert (down.effects[0].before, down.effects[0].minutes_before) == pytest.approx((10.4, 10))
    assert (down.effects[0].after, down.effects[0].minutes_after) == pytest.approx((62 / 9, 9))
    assert (up.direction, up.who, up.asked_by) == ("up", "deputy", "owner")


def test_a_change_beside_the_incident_is_listed_too() -> None:
    beside = RungState("refunds", "", "suspended", 7, at("02:30"), by="cy", reason="by hand", confirmed_at=at("02:31"))
    earlier = replace(beside, epoch=0, rung="full", changed_at=at("01:00"))
    known = replace(beside, epoch=1)
    moves = report(rung_history=(earlier, known, beside)).rung_moves
    assert [move.epoch for move in moves] == [1, 7, 2]
    assert (moves[1].direction, moves[1].who, moves[1].seconds) == ("changed", "responder 1", 60.0)


def test_the_attribution_record(draft: Report) -> None:
    assert draft.attribution.cause == "prompt of 19 November, likely"
    assert [line.text for line in draft.attribution.ruled_out] == ["ruled out: ledger, answers by hand"]
    assert draft.attribution.findings[0].text == "one workflow only"


def test_an_attribution_note_is_the_cause_when_nobody_wrote_cause() -> None:
    events = (*STORY[:8], ev.Noted(at("02:19"), CY, "the prompt; ruled out: model", "attribution"))
    found = report(events).attribution
    assert found.cause == "the prompt"
    assert [line.text for line in found.ruled_out] == ["ruled out: model"]


def test_without_an_attribution_the_cause_is_a_gap() -> None:
    assert isinstance(report(STORY[:8]).attribution.cause, Gap)


def test_the_recovery_clock_with_its_resets(draft: Report) -> None:
    assert [move.what for move in draft.clock] == ["began", "reset", "began", "held", "started over", "held"]
    assert draft.clock[1].why == "HER 9.0 % > 2.5 %"
    assert draft.resets == 1


def test_the_runbook_shows_what_was_not_simply_done(draft: Report) -> None:
    assert (draft.walk.steps, draft.walk.done) == (6, 4)
    assert [(fact.title, fact.outcome, fact.note) for fact in draft.walk.exceptions] == [
        ("Split the number", "not-applicable", "one workflow only"),
        ("Tell the people who are affected", "skipped", "nobody waits at this hour"),
    ]


def test_a_required_step_nobody_touched_is_a_gap() -> None:
    facts = report(BEFORE_ACK).walk.exceptions
    assert [isinstance(fact.note, Gap) for fact in facts] == [fact.required for fact in facts]
    assert {fact.outcome for fact in facts} == {"open"}


def test_pages_with_outcomes_and_those_still_awaited() -> None:
    told = report(STORY[:2]).pages
    assert [(fact.way, fact.outcome) for fact in told] == [("slack", "sent"), ("apprise", "pending")]
    assert report().pages[1].detail == "SMS gateway answered 503"


def test_action_items_mark_what_they_lack(draft: Report) -> None:
    followup, task = draft.actions
    assert (followup.sort, followup.owner, followup.due) == ("follow-up", "deputy", "2026-12-01")
    assert (task.sort, task.owner, task.due) == ("task", Gap("one named owner"), Gap("due date"))


def test_an_owner_nobody_knows_is_a_gap() -> None:
    events = (*STORY[:5], ev.Noted(at("02:16"), ANA, "do it owner: zed", "task"))
    assert isinstance(report(events).actions[0].owner, Gap)


def test_names_stand_in_the_list_of_responders_only(draft: Report) -> None:
    assert {(person.name, person.role) for person in draft.responders} == {
        ("Ana Silva", "owner"),
        ("Bo Berg", "deputy"),
        ("Cy Dahl", "responder 1"),
    }
    told = list(strings(draft, leave="responders"))
    for word in ("Ana", "Silva", "Berg", "Dahl", "U0ANA", "owner: bo"):
        assert not [text for text in told if word in text], word


def test_nothing_says_what_anybody_might_have_done(draft: Report) -> None:
    assert not [text for text in strings(draft) if "should have" in text or "could have been" in text]


def test_left_on_a_lower_rung_and_an_override_are_said_first(draft: Report) -> None:
    assert draft.notices[0].startswith("LEFT ON A LOWER RUNG: approval, not full.")
    forced = ev.Resolved(at("02:30"), ANA, "Ana decides", override="recovery has not held")
    notices = report((*BEFORE_HOLD, forced)).notices
    assert notices == ("RESOLVED BY OVERRIDE. Not met: recovery has not held. Reason given: The owner decides",)


def test_an_open_incident_is_said_to_be_unfinished() -> None:
    unfinished = report(BEFORE_HOLD, now=at("02:26"))
    assert unfinished.notices == ("The incident is still recovering: this is a draft of an unfinished story.",)
    took = {span.name: span.seconds for span in unfinished.times}
    assert took["to recover"] is None
    assert took["to resolve"] is None
    assert unfinished.impact.minutes == 10, "the relapse at 02:30 has not happened yet"


def test_a_step_down_that_was_never_confirmed_is_said() -> None:
    events = (*STORY[:7], ev.TimerDue(at("02:17"), BOT, "confirm", "confirm-1"))
    draft = report(events, now=at("02:18"))
    assert any(notice.startswith("NOT CONFIRMED") for notice in draft.notices)
    assert draft.rung_moves[0].seconds is None
    assert "never confirmed" in str(draft.summary[1])


def test_an_incident_declared_by_hand_has_gaps_where_no_sli_speaks() -> None:
    draft = report((opened(incident_kind="manual", breaches=()), page("02:13:06", "ana", "slack", "sent")))
    assert isinstance(draft.detection.signal, Gap)
    assert isinstance(draft.detection.first_bad, Gap)
    assert draft.detection.lag == draft.detection.first_bad
    assert draft.charts == ()
    assert isinstance(draft.impact.tasks, Gap)


def test_a_blind_incident_says_that_data_was_missing() -> None:
    draft = report((opened(incident_kind="blind", breaches=()),))
    assert draft.detection.signal == "missing data"
    assert "stopped reporting" in str(draft.summary[0])


def test_a_page_that_never_went_out_is_a_gap() -> None:
    draft = report((opened(pages=False),))
    assert draft.detection.paged_at == draft.detection.lag == Gap("no page was sent")


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


def test_a_chart_holds_the_curve_with_its_holes_and_marks(draft: Report) -> None:
    chart = draft.charts[0]
    points = dict(chart.points)
    assert points[FIRST_BAD] == 18.0
    assert points[minute_of(at("02:26"))] is None
    assert (chart.first, chart.last) == (FIRST_BAD - 30, minute_of(at("03:45")))
    assert (chart.baseline, chart.band, chart.objective) == (2.0, 2.5, 5.0)
    told = "first bad, breach, page, ack, read-only, confirmed, recovered, up: approval, confirmed, recovered, resolved"
    assert ", ".join(mark.label for mark in chart.marks) == told


def test_minutes_that_are_not_stored_break_the_line_and_sparse_polling_does_not() -> None:
    sparse = {**minutes(), SERIES: [MinuteRow(SERIES, FIRST_BAD + m, 2.0, 100) for m in (0, 5, 10, 20)]}
    every_five = replace(HER_BREACH, sli=replace(HER, every=300))
    chart = report((opened(breaches=(every_five,)),), minutes=sparse).charts[0]
    assert [minute - FIRST_BAD for minute, value in chart.points if value is None] == [11]


def test_gaps_are_counted_wherever_they_stand(draft: Report) -> None:
    assert draft.gaps == len(list(gaps_in(draft))) == 12
    filled = replace(draft, impact=replace(draft.impact, users="nobody noticed"))
    assert filled.gaps == 11


def test_a_text_that_looks_like_a_gap_is_not_counted(draft: Report) -> None:
    assert replace(draft, title="[GAP: not one]").gaps == draft.gaps


@pytest.mark.parametrize("cut", range(1, len(STORY) + 1))
def test_a_draft_can_be_asked_for_after_any_event(cut: int) -> None:
    events = STORY[:cut]
    now = max(event.at for event in events) + timedelta(seconds=1)
    draft = report(events, now=now)
    assert draft.gaps >= 8
    assert [line.at for line in draft.timeline] == sorted(line.at for line in draft.timeline)


def test_a_late_page_outcome_finds_its_place_in_time() -> None:
    late = page("02:13:07", "ana", "apprise", "sent")
    kinds = [line.kind for line in report((*STORY[:2], *STORY[3:8], late)).timeline]
    assert kinds.index("breached") > kinds.index("page_settled") + 1


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("Ana Silva's page reached Ana.", "noted", "The owner's page reached the owner."),
        ("<@U0ANA> and U0BO looked", "noted", "The owner and the deputy looked"),
        ("Paging ana, bo: You own refunds.", "paged", "Paging the owner, the deputy: You own refunds."),
        ("bo is a word here, anabolic too", "noted", "bo is a word here, anabolic too"),
        ("it is on @bo", "noted", "it is on the deputy"),
        ("Cy Dahl saw it", "noted", "Responder 1 saw it"),
    ],
)
def test_people_become_roles(text: str, kind: str, told: str) -> None:
    story = tell()
    assert pseudonyms_of(story.incident, story.entries, PEOPLE).words(text, kind) == told


def test_a_first_name_that_is_a_word_is_left_alone() -> None:
    people = {**PEOPLE, "will": replace(PEOPLE["cy"], key="will", name="Will May", slack="U0WILL")}
    story = tell()
    cast = pseudonyms_of(story.incident, story.entries, people)
    assert cast.words("Will it hold? Will May says so", "paged") == "Will it hold? Another person says so"


def test_somebody_outside_the_fleet_file_gets_a_role_too() -> None:
    guest = Actor("U0GUEST", "Gil Guest", "U0GUEST", responder=True)
    draft = report((*STORY[:5], ev.Noted(at("02:16"), guest, "Gil Guest here")))
    assert draft.timeline[-1].text == "Responder 1 here"
    assert ("Gil Guest", "responder 1") in {(person.name, person.role) for person in draft.responders}


def test_a_role_taken_names_a_responder() -> None:
    events = (*STORY[:5], ev.RoleTaken(at("02:16"), CY, "communications", "cy"))
    assert ("Cy Dahl", "communications") in {(person.name, person.role) for person in report(events).responders}


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 1000)), min_size=1, max_size=20))
def test_a_pooled_mean_is_sum_over_sum(rows: list[tuple[float, int]]) -> None:
    found = mean([MinuteRow(SERIES, at, value, n) for at, (value, n) in enumerate(rows)])
    assert found == pytest.approx(sum(v * n for v, n in rows) / sum(n for _, n in rows))


def test_means_without_counts_are_plain_and_of_nothing_none() -> None:
    assert mean([MinuteRow(CALLS, 1, 2.0), MinuteRow(CALLS, 2, 4.0)]) == 3.0
    assert mean([]) is None
    found = effect(CALLS, TIE, [], FIRST_BAD, FIRST_BAD)
    assert (found.before, found.after, found.minutes_before) == (None, None, 0)


def test_past_is_one_sided() -> None:
    assert past(Better.LOWER, 7.0, 5.0) == 2.0
    assert past(Better.HIGHER, 80.0, 85.0) == 5.0
    assert past(Better.HIGHER, 90.0, 85.0) < 0


def test_the_first_breach_is_the_signal_whatever_their_order() -> None:
    draft = report((opened(breaches=(TIE_BREACH, HER_BREACH)),))
    assert draft.detection.signal == "HER"
    assert draft.detection.first_bad == minute_start(FIRST_BAD)
    assert draft.drafted_at == NOW
