"""A postmortem draft holds what the entries and minutes hold, and marks what they do not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.incident import events as ev
from bot.core.model.people import BOT
from bot.core.model.rungs import RungState
from bot.core.model.samples import MinuteRow, minute_of, minute_start
from bot.core.reports.postmortem_report import Gap, Report, gaps_in
from tests.core.reports.refund_incident import (
    ANA,
    CY,
    FIRST_BAD,
    HER,
    HER_BREACH,
    NOW,
    SERIES,
    STORY,
    TIE_BREACH,
    at,
    minutes,
    opened,
    page,
    report,
    strings,
)

BEFORE_ACK = STORY[:4]
BEFORE_HOLD = STORY[:13]


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
    assert (down.effects[0].before, down.effects[0].minutes_before) == pytest.approx((18.8, 5)), "from the onset on"
    assert (down.effects[0].after, down.effects[0].minutes_after) == pytest.approx((62 / 9, 9))
    assert down.effects[0].words
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


def test_nothing_says_what_anybody_might_have_done(draft: Report) -> None:
    assert not [text for text in strings(draft) if "should have" in text or "could have been" in text]


def test_left_on_a_lower_rung_and_an_override_are_said_first(draft: Report) -> None:
    assert draft.notices[0].startswith("LEFT ON A LOWER RUNG: approval, not full.")
    unmet = ("recovery has not held", "step not settled: Drain the backlog (recovery)")
    forced = ev.Resolved(at("02:30"), ANA, "rolled back", override="trial over, Ana decides", unmet=unmet)
    (said,) = report((*BEFORE_HOLD, forced)).notices
    assert said == (
        "RESOLVED BY OVERRIDE. Not met: recovery has not held; step not settled: Drain the backlog (recovery). "
        "Reason for closing it all the same: trial over, the owner decides. What ended it: rolled back"
    )


def test_an_override_from_before_what_was_not_met_was_kept_says_so() -> None:
    forced = ev.Resolved(at("02:30"), ANA, override="trial over")
    assert report((*BEFORE_HOLD, forced)).notices == (
        "RESOLVED BY OVERRIDE. Not met: not recorded. Reason for closing it all the same: trial over.",
    )


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


def test_the_first_breach_is_the_signal_whatever_their_order() -> None:
    draft = report((opened(breaches=(TIE_BREACH, HER_BREACH)),))
    assert draft.detection.signal == "HER"
    assert draft.detection.first_bad == minute_start(FIRST_BAD)
    assert draft.drafted_at == NOW
