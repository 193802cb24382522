"""A pinned rung: a fleet file with a higher normal rung moves it no more, and two people restore it as any other."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.incident.incident import IncidentState
from bot.core.model.fleet import Fleet
from tests.support.wired import ANA, BO, EVE, WiredEngine, fleet


def _with(normal: str) -> Fleet:
    whole = fleet()
    return replace(whole, agents={"refunds": replace(whole.agents["refunds"], normal_rung=normal)})


@pytest.fixture
def pinned(tmp_path: Path) -> Iterator[WiredEngine]:
    made = WiredEngine(tmp_path, watched=_with("approval"))
    assert made.engine.file_gate.let_in(made.watched) == ()
    made.settle_in()
    yield made
    made.close()


def test_the_way_that_a_refused_file_names_leads_to_the_new_normal_rung(pinned: WiredEngine) -> None:
    house = pinned
    (said, *_) = house.engine.file_gate.let_in(_with("full"))
    assert "Pin the present rung (/autonomy refunds pin), reload, and let two people restore it" in said
    answer = house.commands.autonomy.pin(ANA, "refunds", "full from today on")
    assert answer.ok
    assert answer.text.startswith("Pinned refunds to approval")
    house.deliver()
    assert house.engine.file_gate.let_in(_with("full")) == ()
    house.watched = _with("full")
    assert house.rung_cache.answer("refunds").level == "approval"
    house.live(1)
    assert house.commands.paging.acknowledge(ANA, 1).ok
    house.live(45)
    assert house.incident().state is IncidentState.RECOVERED
    assert "refunds is on approval, not full" in house.commands.lifecycle.resolve(ANA, 1).text
    for above in ("bounded", "watched", "full"):
        assert house.commands.autonomy.ask_restore(ANA, "refunds", "trial went well").ok
        assert not house.commands.autonomy.approve_restore(ANA, 1).ok
        assert house.commands.autonomy.approve_restore(BO, 1).ok
        assert house.rung_cache.answer("refunds").level == above
        house.live(14)
    assert "on its normal rung, full" in house.commands.autonomy.ask_restore(ANA, "refunds", "more").text


def test_a_pin_wakes_nobody_and_is_not_called_unconfirmed(pinned: WiredEngine) -> None:
    house = pinned
    assert house.commands.autonomy.pin(ANA, "refunds").ok
    house.live(5, read=False)
    incident = house.incident()
    assert incident.escalation.paged == ()
    assert incident.rungs.state == "requested"
    assert "NOT CONFIRMED" not in house.said()
    assert "Pinned to approval: so that no fleet file moves it" in [e.entry.text for e in house.store.entries(1)]
    house.live(1)
    assert house.incident().rungs.state == "confirmed"


def test_pinning_twice_changes_nothing_and_strangers_may_not(pinned: WiredEngine) -> None:
    house = pinned
    assert not house.commands.autonomy.pin(EVE, "refunds").ok
    assert house.store.rung("refunds") is None
    assert house.commands.autonomy.pin(ANA, "refunds").ok
    epoch = house.store.epoch("refunds")
    assert "pinned to approval already" in house.commands.autonomy.pin(BO, "refunds").text
    assert house.store.epoch("refunds") == epoch


def test_a_workflow_is_pinned_alone(pinned: WiredEngine) -> None:
    house = pinned
    assert house.commands.autonomy.pin(ANA, "refunds", workflow="refund").ok
    assert house.store.rung("refunds") is None
    state = house.store.rung("refunds", "refund")
    assert state is not None
    assert state.rung == "approval"
    assert not house.commands.autonomy.pin(ANA, "refunds", workflow="nosuch").ok


def test_a_stricter_file_makes_its_normal_rung_the_highest_that_is_restored(tmp_path: Path) -> None:
    house = WiredEngine(tmp_path)
    house.settle_in()
    house.live(3, tie=13.0)
    assert house.commands.paging.acknowledge(ANA, 1).ok
    assert house.commands.autonomy.step_down(ANA, "refunds", "approval", "retry loop").ok
    house.live(50)
    house.watched = _with("approval")
    assert "on its normal rung, approval" in house.commands.autonomy.ask_restore(ANA, "refunds", "fixed").text
    house.close()
