"""HER and AQDD rise by the rung itself: that pages nobody, lowers nobody further and holds no recovery."""

from dataclasses import replace

import pytest

from bot.core.incident.incident import IncidentState
from bot.core.model.samples import MinuteRow, Series, minute_of
from tests.support.wired import ANA, BO, DQR, HER, TIE, WiredEngine, fleet

FLOWS = ("refund", "exchange")


@pytest.fixture
def house(house: WiredEngine) -> WiredEngine:
    """Two workflows, each measured beside the whole; the bot may lower by rule."""
    made = fleet()
    slis = tuple((flow, sli) for flow in ("", *FLOWS) for sli in (HER, TIE, DQR))
    agent = replace(made.agents["refunds"], workflows=FLOWS, slis=slis, containment="auto")
    house.watched = replace(made, agents={"refunds": agent})
    return house


def only_people(house: WiredEngine) -> None:
    """No rule lowers the agent."""
    agent = replace(house.watched.agents["refunds"], containment="suggest")
    house.watched = replace(house.watched, agents={"refunds": agent})


def live(house: WiredEngine, minutes: int, tie: float = 4.0, **asks: float) -> None:
    """Minutes in which the named workflows hand over so much, and the whole what they come to."""
    for _ in range(minutes):
        house.clock.advance(60)
        minute = minute_of(house.clock.now())
        told = {flow: asks.get(flow, 2.0) for flow in FLOWS}
        whole = {"": sum(told.values()) / len(told), **told}
        house.store.put_minutes(
            [
                MinuteRow(Series("refunds", flow, name), minute, value, 100)
                for flow, her in whole.items()
                for name, value in (("her", her), ("tie", tie), ("dqr", 95.0))
            ]
        )
        house.obey()
        house.tick()


@pytest.mark.parametrize("rung", ["approval", "read-only", "suspended"])
@pytest.mark.parametrize("workflow", ["", "refund"])
def test_it_pages_nobody_and_lowers_nothing_further(house: WiredEngine, rung: str, workflow: str) -> None:
    live(house, 70)
    assert house.commands.autonomy.step_down(ANA, "refunds", rung, "to be sure", workflow=workflow).ok
    live(house, 40, refund=70.0, exchange=2.0 if workflow else 70.0)
    (incident,) = house.store.incidents(10)
    assert incident.breaches == ()
    assert house.engine.opener.rung(house.watched.agents["refunds"], workflow) == rung
    assert house.engine.opener.rung(house.watched.agents["refunds"], "exchange") == ("full" if workflow else rung)


def test_another_workflow_is_judged_as_ever(house: WiredEngine) -> None:
    live(house, 70)
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "to be sure", workflow="refund")
    live(house, 5, refund=70.0, exchange=30.0)
    found = {breach.series.workflow for incident in house.store.incidents(10) for breach in incident.breaches}
    assert found == {"exchange"}


def test_the_whole_recovers_while_a_workflow_waits_for_people(house: WiredEngine) -> None:
    only_people(house)
    live(house, 70)
    live(house, 5, tie=13.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "it loops", workflow="refund")
    live(house, 45, refund=70.0)
    assert house.incident().state is IncidentState.RECOVERED
    clock = house.monitor.clock_of(house.incident(), house.clock.now())
    assert clock is not None
    exempt = {line.series.workflow: line.exempt for line in clock.lines if line.series.sli == "her"}
    assert exempt == {
        "": "rises by itself while refund is on approval",
        "refund": "rises by itself while refund is on approval",
        "exchange": "",
    }


def test_after_the_step_up_only_what_came_since_is_read(house: WiredEngine) -> None:
    only_people(house)
    live(house, 70)
    live(house, 5, tie=13.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "it loops", workflow="refund")
    live(house, 45, refund=70.0)
    assert house.commands.autonomy.ask_restore(ANA, "refunds", "it held", workflow="refund").ok
    assert house.commands.autonomy.approve_restore(BO, 1).ok
    live(house, 10)
    assert [breach.series.sli for breach in house.incident().breaches if breach.series.sli == "her"] == []
    live(house, 4, refund=30.0)
    assert "her" in {breach.series.sli for breach in house.incident().breaches}
