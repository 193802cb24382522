"""Who has it gives it back, nobody is reachable, a posted incident begins to page: `product.md` section 6."""

from dataclasses import replace

import pytest

from bot.core.incident.effects import Effect, Page, Say
from bot.core.incident.events import Acknowledged, PageSettled, PagingBegan, PassedOn, RecoveryBegan, TimerDue
from bot.core.incident.incident import IllegalMove, Incident, IncidentState
from bot.core.model.people import BOT
from bot.core.model.samples import minute_of
from bot.core.transitions.reducer import advance
from tests.core.factories import ANA, BO, ROSTER, T0, at, incident


def _people(effects: tuple[Effect, ...]) -> list[str]:
    return list(dict.fromkeys(effect.person for effect in effects if isinstance(effect, Page)))


def _next(found: Incident) -> tuple[Incident, list[str]]:
    timer = next(timer for timer in found.timers if timer.kind == "escalate")
    decision = advance(found, TimerDue(timer.due_at, BOT, "escalate", timer.token))
    return decision.incident, _people(decision.effects)


def test_whoever_acknowledged_can_give_it_back_and_the_next_person_is_paged_at_once() -> None:
    given = advance(incident(Acknowledged(at(1), ANA)), PassedOn(at(9), ANA, "my train enters a tunnel"))
    assert given.incident.state is IncidentState.PAGING
    assert given.incident.acked_by == ""
    assert _people(given.effects) == ["bo"]
    assert any("can't go on" in effect.why for effect in given.effects if isinstance(effect, Page))


def test_who_gave_it_back_is_not_asked_again_in_this_episode() -> None:
    found = advance(incident(Acknowledged(at(1), ANA)), PassedOn(at(9), ANA)).incident
    paged: list[str] = []
    while any(timer.kind == "escalate" for timer in found.timers):
        found, more = _next(found)
        paged += more
    assert "ana" not in paged
    assert found.escalation.exhausted


def test_everyone_is_paged_when_everyone_declined() -> None:
    found = incident(roster=replace(ROSTER, everyone=("ana", "bo"), manager=""))
    for actor in (ANA, BO):
        decision = advance(found, PassedOn(at(1), actor))
        found = decision.incident
    assert _people(decision.effects) == ["ana", "bo"], "rather the wrong person than nobody"


def test_while_it_recovers_giving_it_back_pages_the_next_one_and_keeps_the_clock() -> None:
    found = incident(Acknowledged(at(1), ANA), RecoveryBegan(at(20), BOT, minute_of(T0), "in band"))
    decision = advance(found, PassedOn(at(21), ANA))
    assert decision.incident.state is IncidentState.RECOVERING
    assert _people(decision.effects) == ["bo"]


def test_somebody_else_cannot_give_back_what_is_not_theirs() -> None:
    decision = advance(incident(Acknowledged(at(1), ANA)), PassedOn(at(2), BO))
    assert decision.incident.acked_by == "ana"
    assert decision.effects == ()


def test_a_page_that_reached_nobody_is_said_with_the_phone_number() -> None:
    found = incident(roster=replace(ROSTER, ways={"ana": ("slack",)}, phones={"ana": "+44 20 7946 0001"}))
    key = found.escalation.awaiting[0]
    decision = advance(found, PageSettled(at(0.1), BOT, key, "ana", "slack", "failed", "account is deactivated"))
    said = [effect.text for effect in decision.effects if isinstance(effect, Say)]
    assert any("Call +44 20 7946 0001." in text for text in said)
    assert _people(decision.effects) == ["bo"]


def test_a_policy_that_ran_out_names_the_number_to_call() -> None:
    found = incident(roster=replace(ROSTER, phones={"ana": "+44 20 7946 0001"}))
    while any(timer.kind == "escalate" for timer in found.timers):
        timer = next(timer for timer in found.timers if timer.kind == "escalate")
        decision = advance(found, TimerDue(timer.due_at, BOT, "escalate", timer.token))
        found = decision.incident
    loud = [effect for effect in decision.effects if isinstance(effect, Say)]
    assert {effect.room for effect in loud} == {"incident", "announcements"}
    assert all("+44 20 7946 0001" in effect.text for effect in loud)


def test_a_blind_incident_that_was_only_posted_begins_to_page() -> None:
    quiet = incident(incident_kind="blind", breaches=(), pages=False)
    decision = advance(quiet, PagingBegan(at(7), BOT, "refunds was raised to full while nobody can see it"))
    assert _people(decision.effects) == ["ana"]
    assert decision.incident.pages
    assert _next(decision.incident)[1] == ["ana"]


def test_what_pages_already_does_not_begin_again() -> None:
    with pytest.raises(IllegalMove, match="pages already"):
        advance(incident(), PagingBegan(at(7), BOT, "again"))
