"""Every refusal says why and who could, is kept where it can be found, and changes nothing."""

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from bot.core.model.people import Actor
from bot.core.reports.postmortem_report import Report
from bot.web.metrics.engine_metrics import EventCounts
from tests.support.wired import ANA, BO, EVE, WiredEngine

UNSURE = replace(BO, responder=None)
ANA_AT_A_TERMINAL = replace(ANA, surface="cli", slack="")


def refused(house: WiredEngine) -> list[str]:
    return [entry.entry.text for entry in house.store.entries(1) if entry.entry.kind == "refused"]


ACTS = {
    "acknowledge": lambda commands: commands.paging.acknowledge(EVE, 1),
    "pass_on": lambda commands: commands.paging.pass_on(EVE, 1),
    "mark_step": lambda commands: commands.lifecycle.mark_step(EVE, 1, "confirm", "done"),
    "contain": lambda commands: commands.lifecycle.contain(EVE, 1, "x"),
    "resolve": lambda commands: commands.lifecycle.resolve(EVE, 1, override="x"),
    "cancel": lambda commands: commands.lifecycle.cancel(EVE, 1, "x"),
    "set_severity": lambda commands: commands.lifecycle.set_severity(EVE, 1, "1"),
    "take_role": lambda commands: commands.teamwork.take_role(EVE, 1, "lead", "eve"),
    "note": lambda commands: commands.teamwork.note(EVE, 1, "x"),
    "page": lambda commands: commands.paging.page(EVE, 1, "bo"),
    "postmortem": lambda commands: commands.lifecycle.postmortem(EVE, 1),
    "step_down": lambda commands: commands.autonomy.step_down(EVE, "refunds", "read-only"),
    "decline": lambda commands: commands.autonomy.decline_restore(EVE, 1, "x"),
}


@pytest.mark.parametrize("act", [act for act in ACTS if act != "take_role"])
def test_an_outsider_is_told_who_could_and_the_timeline_keeps_it(house: WiredEngine, act: str) -> None:
    house.live(2, her=18.0)
    before = replace(house.incident(), version=0, entries=0)
    answer = ACTS[act](house.commands)
    assert (answer.ok, answer.text) == (False, "Eve is not among the responders of refunds. ana, bo, cleo could.")
    assert refused(house) == [f"Refused to Eve: {answer.text}"]
    assert replace(house.incident(), version=0, entries=0) == before, "nothing else changed"
    assert house.commands.acts.refusals.counts == {"slack": 1}


def test_the_same_refusal_again_is_one_entry_until_ten_minutes_have_gone(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    for _ in range(5):
        house.commands.paging.acknowledge(EVE, 1)
    assert len(refused(house)) == 1
    house.later(11)
    house.commands.paging.acknowledge(EVE, 1)
    assert len(refused(house)) == 2
    assert house.commands.acts.refusals.counts == {"slack": 6}


def test_a_refusal_is_no_sign_of_work(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    house.commands.paging.acknowledge(ANA, 1)
    active = house.incident().active_at
    house.later(5)
    house.commands.teamwork.note(EVE, 1, "me too")
    assert house.incident().active_at == active


def test_refusals_are_counted_for_prometheus(house: WiredEngine) -> None:
    registry = CollectorRegistry()
    house.recorder.listeners.append(EventCounts(registry).note)
    house.live(2, her=18.0)
    house.commands.paging.acknowledge(EVE, 1)
    assert registry.get_sample_value("stepdown_refused_acts_total", {"surface": "slack"}) == 1


def test_without_an_incident_it_stands_in_the_audit_log(house: WiredEngine) -> None:
    with capture_logs() as logged:
        house.commands.autonomy.step_down(EVE, "refunds", "read-only")
        house.commands.lifecycle.declare(EVE, "refunds", "<!channel>\nnew line")
    assert house.store.open_incidents() == []
    assert {entry["event"] for entry in logged} == {"a person was refused"}
    assert (logged[0]["who"], logged[0]["surface"]) == ("'eve'", "slack")
    assert logged[0]["why"].startswith("'Eve is not among the responders of refunds.")
    assert not [entry for entry in logged if "\n" in str(entry["why"])]


def recovered(house: WiredEngine) -> None:
    house.live(2, tie=13.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(ANA, "refunds", "read-only", "loop")
    house.live(45)
    assert house.commands.autonomy.ask_restore(ANA, "refunds", "rolled back").ok


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (ANA, "You asked for this restore. A second person must approve it"),
        (ANA_AT_A_TERMINAL, "You asked for this restore. A second person must approve it"),
        (UNSURE, "Stepdown could not check who you are just now, so it will not raise a rung. Lowering still works."),
        (EVE, "Eve is not among the responders"),
        (Actor("bot", "Stepdown", surface="bot"), "Stepdown alone never raises a rung."),
    ],
    ids=["the same", "the same, at a terminal", "unknown", "an outsider", "the bot"],
)
def test_who_may_not_be_the_second_person(house: WiredEngine, second: Actor, why: str) -> None:
    recovered(house)
    answer = house.commands.autonomy.approve_restore(second, 1)
    assert not answer.ok
    assert answer.text.startswith(why)
    assert house.incident().rungs.rung == "read-only"
    assert why in refused(house)[-1]
    assert house.commands.autonomy.approve_restore(BO, 1).ok


def test_who_cannot_be_looked_up_may_lower_and_acknowledge_and_close_nothing(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    assert house.commands.paging.acknowledge(UNSURE, 1).ok
    assert house.commands.autonomy.step_down(UNSURE, "refunds", "approval").ok
    answer = house.commands.lifecycle.resolve(UNSURE, 1, override="x")
    assert answer.text.startswith("Stepdown could not check who you are just now, so it closes nothing.")
    assert "ana, bo, cleo could" in answer.text


def test_a_postmortem_names_no_outsider(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    house.commands.paging.acknowledge(EVE, 1)
    report = house.delivery._adapters.postmortems.report_of(
        house.store, house.watched, house.incident(), house.clock.now()
    )
    assert isinstance(report, Report)
    assert "Eve" not in str([line.text for line in report.timeline])
