"""What people are told: refusals with reasons and names, nearest matches, and doing a thing twice."""

from dataclasses import replace

import pytest

from bot.core.model.people import Actor
from tests.support.wired import ANA, BO, EVE, WiredEngine

UNSURE = Actor("U0X", "Somebody", "U0X", responder=None)


def test_an_unknown_agent_is_answered_with_the_nearest(house: WiredEngine) -> None:
    answer = house.commands.autonomy.step_down(ANA, "refnds", None)
    assert (answer.ok, answer.text) == (False, "There is no agent 'refnds'. Did you mean refunds?")
    assert house.store.incidents(10) == []


def test_an_unknown_rung_is_answered_with_the_nearest(house: WiredEngine) -> None:
    assert house.commands.autonomy.step_down(ANA, "refunds", "read only").text == (
        "There is no rung 'read only'. Did you mean read-only?"
    )


def test_stepping_down_outside_an_incident_opens_one(house: WiredEngine) -> None:
    answer = house.commands.autonomy.step_down(ANA, "refunds", None, "odd answers")
    assert answer.ok
    incident = house.incident()
    assert (incident.kind, incident.rungs.rung) == ("manual", "watched")
    assert house.rung_cache.answer("refunds").level == "watched"


def test_stepping_down_twice_changes_nothing_the_second_time(house: WiredEngine) -> None:
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "loop")
    version = house.incident().version
    answer = house.commands.autonomy.step_down(BO, "refunds", "approval", "loop")
    assert "on approval already" in answer.text
    assert house.incident().version == version


def test_down_never_goes_up(house: WiredEngine) -> None:
    house.commands.autonomy.step_down(ANA, "refunds", "read-only", "loop")
    answer = house.commands.autonomy.step_down(ANA, "refunds", "watched", "better")
    assert not answer.ok
    assert "restore" in answer.text
    assert house.incident().rungs.rung == "read-only"


def test_a_stranger_is_refused_and_told_who_could(house: WiredEngine) -> None:
    answer = house.commands.autonomy.step_down(EVE, "refunds", None)
    assert not answer.ok
    assert "ana, bo, cleo could" in answer.text
    assert house.store.incidents(10) == []


def test_when_the_lookup_fails_down_works_and_up_does_not(house: WiredEngine) -> None:
    assert house.commands.autonomy.step_down(UNSURE, "refunds", "approval", "loop").ok
    refused = house.commands.autonomy.ask_restore(UNSURE, "refunds", "fine")
    assert not refused.ok
    assert "Lowering still works" in refused.text
    assert not house.commands.lifecycle.cancel(UNSURE, 1, "false alarm").ok


def test_a_restore_without_recovery_is_refused_with_the_clock(house: WiredEngine) -> None:
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "loop")
    answer = house.commands.autonomy.ask_restore(ANA, "refunds", "please")
    assert not answer.ok
    assert "has not recovered yet" in answer.text


def test_acknowledging_twice_is_harmless(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    assert house.commands.paging.acknowledge(ANA, 1).ok
    version = house.incident().version
    assert house.commands.paging.acknowledge(ANA, 1).ok
    assert house.incident().version == version


def test_a_step_down_with_a_time_asks_at_its_end_and_never_raises(house: WiredEngine) -> None:
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "loop", minutes=60)
    house.live(62)
    assert house.incident().rungs.rung == "approval"
    assert "Stepdown never raises by itself" in house.said()


def test_a_workflow_can_be_lowered_alone(house: WiredEngine) -> None:
    refused = house.commands.autonomy.step_down(ANA, "refunds", "approval", "x", workflow="nosuch")
    assert "has no workflow 'nosuch'" in refused.text
    assert house.commands.autonomy.step_down(ANA, "refunds", "approval", "x", workflow="refund").ok
    assert house.rung_cache.answer("refunds", "refund").level == "approval"
    assert house.rung_cache.answer("refunds").level == "full"


@pytest.mark.parametrize("number", [0, 99])
def test_an_incident_that_is_not_there(house: WiredEngine, number: int) -> None:
    assert house.commands.paging.acknowledge(ANA, number).text == f"There is no incident INC-{number:04d}."
    assert not house.commands.queries.status(number).ok


def test_every_question_answers(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    queries = house.commands.queries
    assert queries.status(1).card is not None
    assert queries.steps(1).card is not None
    assert queries.timeline(1).card is not None
    assert queries.catchup(1).card is not None
    assert queries.incidents().card is not None
    assert queries.fleet().card is not None
    assert queries.agent("refunds").card is not None
    assert "Human escalation: 18.0 %" in queries.sli("refunds", "her").text
    assert queries.off_normal().text == "Every agent is on its normal rung."
    house.commands.autonomy.step_down(ANA, "refunds", None, "x")
    assert len(queries.off_normal().card.rows) == 1  # type: ignore[union-attr]


def test_a_person_may_be_paged_and_given_a_role(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    assert house.commands.paging.page(ANA, 1, "@dan", "knows payments").ok
    assert house.commands.paging.page(ANA, 1, "nobody-here").ok is False
    house.deliver()
    assert any("/dan/" in key for key in house.chat.posts)
    assert house.commands.teamwork.take_role(ANA, 1, "lead", "U0BO").ok
    assert house.incident().roles == {"lead": "bo"}
    assert not house.commands.teamwork.take_role(ANA, 1, "king", "bo").ok


def test_someone_who_left_the_fleet_file_still_has_an_incident(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    house.watched = replace(house.watched, agents={})
    assert house.commands.paging.acknowledge(ANA, 1).ok
    assert house.commands.queries.status(1).card is not None
