"""Who is paged when: `product.md` section 6, on the default policy."""

from dataclasses import replace

import pytest

from bot.core.incident.effects import Effect, Page, Say
from bot.core.incident.events import Acknowledged, PageSettled, PassedOn, TimerDue
from bot.core.incident.incident import Incident, IncidentState
from bot.core.model.people import BOT
from bot.core.transitions.reducer import advance
from tests.core.factories import ANA, BO, ROSTER, at, incident, opened


def _pages(effects: tuple[Effect, ...]) -> list[tuple[str, str]]:
    return [(effect.person, effect.way) for effect in effects if isinstance(effect, Page)]


def _escalate(found: Incident, minutes: float) -> tuple[Incident, list[tuple[str, str]]]:
    timer = next(timer for timer in found.timers if timer.kind == "escalate")
    assert timer.due_at == at(minutes)
    decision = advance(found, TimerDue(at(minutes), BOT, "escalate", timer.token))
    return decision.incident, _pages(decision.effects)


def test_the_owner_is_paged_at_once_by_every_way() -> None:
    assert _pages(advance(None, opened()).effects) == [("ana", "slack"), ("ana", "sms")]


def test_the_default_policy_step_by_step() -> None:
    found = incident()
    found, paged = _escalate(found, 5)
    assert paged == [("ana", "slack"), ("ana", "sms")]
    found, paged = _escalate(found, 10)
    assert paged == [("bo", "slack")]
    found, paged = _escalate(found, 20)
    assert paged == [("cleo", "slack")]
    for round_ in range(1, 6):
        found, paged = _escalate(found, 20 + 10 * round_)
        assert {person for person, _ in paged} == {"ana", "bo", "cleo", "dan"}
    timer = next(timer for timer in found.timers if timer.kind == "escalate")
    last = advance(found, TimerDue(at(80), BOT, "escalate", timer.token))
    assert _pages(last.effects) == []
    loud = [effect for effect in last.effects if isinstance(effect, Say)]
    assert {effect.room for effect in loud} == {"incident", "announcements"}
    assert all("NOBODY ANSWERED" in effect.text for effect in loud)
    assert last.incident.escalation.exhausted
    assert not [timer for timer in last.incident.timers if timer.kind == "escalate"]


def test_acknowledging_stops_everything_that_is_pending() -> None:
    decision = advance(incident(), Acknowledged(at(1), ANA))
    assert decision.incident.state is IncidentState.RESPONDING
    assert decision.drop == ("inc-7/page/",)
    assert not [timer for timer in decision.incident.timers if timer.kind == "escalate"]


def test_cannot_take_it_moves_on_at_once() -> None:
    once = advance(incident(), PassedOn(at(0.2), ANA, "on a plane"))
    assert _pages(once.effects) == [("bo", "slack")], "not the same person again"
    again = advance(once.incident, PassedOn(at(0.3), BO))
    assert _pages(again.effects) == [("cleo", "slack")]


def test_a_page_that_failed_on_every_way_moves_on_at_once_and_is_said() -> None:
    found = incident()
    keys = found.escalation.awaiting
    first = advance(found, PageSettled(at(0.1), BOT, keys[0], "ana", "slack", "failed", "no such user"))
    assert _pages(first.effects) == []
    second = advance(first.incident, PageSettled(at(0.2), BOT, keys[1], "ana", "sms", "unknown", "timeout"))
    assert _pages(second.effects) == [("bo", "slack")]
    assert any("No page reached ana" in effect.text for effect in second.effects if isinstance(effect, Say))


def test_a_page_that_landed_by_one_way_waits_for_the_policy() -> None:
    found = incident()
    keys = found.escalation.awaiting
    sent = advance(found, PageSettled(at(0.1), BOT, keys[0], "ana", "slack", "sent", latency_ms=120)).incident
    failed = advance(sent, PageSettled(at(0.2), BOT, keys[1], "ana", "sms", "failed"))
    assert _pages(failed.effects) == []


def test_an_empty_target_is_said_and_skipped() -> None:
    found = incident(roster=replace(ROSTER, deputy=""))
    found, _ = _escalate(found, 5)
    timer = next(timer for timer in found.timers if timer.kind == "escalate")
    decision = advance(found, TimerDue(at(10), BOT, "escalate", timer.token))
    assert _pages(decision.effects) == [("cleo", "slack")]
    assert any("names a deputy, but refunds has none" in entry.text for entry in decision.entries)


def test_no_sign_of_work_reminds_and_then_pages_again() -> None:
    found = incident(Acknowledged(at(1), ANA))
    reminder = next(timer for timer in found.timers if timer.kind == "ack-reminder")
    assert reminder.due_at == at(26)
    reminded = advance(found, TimerDue(at(26), BOT, "ack-reminder", reminder.token)).incident
    assert not [timer for timer in reminded.timers if timer.kind == "ack-reminder"]
    lapse = next(timer for timer in reminded.timers if timer.kind == "ack-lapse")
    assert lapse.due_at == at(31)
    lapsed = advance(reminded, TimerDue(at(31), BOT, "ack-lapse", lapse.token))
    assert lapsed.incident.state is IncidentState.PAGING
    assert lapsed.incident.acked_by == ""
    assert _pages(lapsed.effects) == [("ana", "slack"), ("ana", "sms")]


def test_a_human_act_renews_the_promise() -> None:
    found = incident(Acknowledged(at(1), ANA), Acknowledged(at(20), BO))
    assert {timer.due_at for timer in found.timers if timer.kind == "ack-lapse"} == {at(50)}


@pytest.mark.parametrize("token", ["escalate-99", "nonsense"])
def test_a_stale_timer_does_nothing(token: str) -> None:
    decision = advance(incident(), TimerDue(at(5), BOT, "escalate", token))
    assert decision.effects == ()


def test_a_blind_incident_on_a_waiting_rung_pages_nobody() -> None:
    decision = advance(None, opened(incident_kind="blind", breaches=(), pages=False))
    assert _pages(decision.effects) == []
    assert decision.incident.timers == ()
