"""`product.md` section 7: rules suggest, or with `containment: auto` apply; the bot only ever lowers."""

from dataclasses import replace

import pytest

from bot.core.incident.events import RungLowered
from bot.core.model.posted_change import PostedChange
from tests.support.wired import ANA, WiredEngine, fleet


@pytest.fixture
def house(house: WiredEngine) -> WiredEngine:
    house.watched = replace(fleet(), agents={"refunds": replace(fleet().agents["refunds"], containment="auto")})
    return house


def moves(house: WiredEngine) -> list[tuple[str, str]]:
    """(rung, reason) of each step down by the bot."""
    events = [sealed.entry.event for sealed in house.store.entries(1)]
    return [(event.to_rung, event.reason) for event in events if isinstance(event, RungLowered)]


@pytest.mark.parametrize(
    ("values", "rung", "rule"),
    [
        # DQR 95 before: 15 % down is 80.75, 25 % down is 71.25
        ({"dqr": 80.0}, "watched", "DQR 80.0 % is down 16 % from baseline 95.0 % -> watched"),
        ({"dqr": 70.0}, "approval", "DQR 70.0 % is down 26 % from baseline 95.0 % -> approval"),
        # TIE 4 before
        ({"tie": 6.4}, "watched", "TIE 6.4 calls/task is 1.6x baseline 4 -> watched"),
        ({"tie": 8.4}, "approval", "TIE 8.4 calls/task is 2.1x baseline 4 -> approval"),
        ({"her": 10.5}, "read-only", "HER 10.5 % is above 2x its objective 5.0 % -> read-only"),
    ],
)
def test_each_rule_lowers_to_its_rung_and_is_named(
    house: WiredEngine, values: dict[str, float], rung: str, rule: str
) -> None:
    house.live(5, values)
    assert moves(house) == [(rung, f"by rule: {rule}")]


def test_what_gets_worse_after_the_onset_is_lowered_further(house: WiredEngine) -> None:
    house.live(4, tie=6.4)
    house.live(3, tie=9.0)
    assert [rung for rung, _ in moves(house)] == ["watched", "approval"]


def test_thirty_minutes_on_read_only_without_recovery_suspend_it(house: WiredEngine) -> None:
    house.live(4, dqr=80.0, her=12.0)
    assert moves(house)[-1][0] == "read-only"
    house.live(28, dqr=80.0)
    assert moves(house)[-1][0] == "read-only"
    house.live(4, dqr=80.0)
    assert moves(house)[-1] == ("suspended", "by rule: DQR has not recovered in 30 min on read-only -> suspended")


def test_a_fault_of_a_tool_is_no_reason_by_rule(house: WiredEngine) -> None:
    house.watched = replace(house.watched, agents={"refunds": replace(house.watched.agents["refunds"])})
    house.live(2, tie=5.0)
    house.commands.lifecycle.declare(ANA, "refunds", "odd")
    assert house.commands.causes.attribute(ANA, 1, "tool", "vendor says so").ok
    house.live(5, tie=13.0)
    assert moves(house) == []
    assert house.commands.causes.attribute(ANA, 1, "agent", "it was not the vendor").ok
    house.live(1, tie=13.0)
    assert [rung for rung, _ in moves(house)] == ["approval"]


def test_the_first_look_is_waited_for_but_not_for_long(house: WiredEngine) -> None:
    house.live(2, tie=13.0)
    assert moves(house) == []
    house.clock.advance(46)
    house.monitor.judge_all()
    assert [rung for rung, _ in moves(house)] == ["approval"]


def test_a_change_that_is_named_holds_nothing_back(house: WiredEngine) -> None:
    house.store.put_changes([PostedChange("p", "prompt", house.clock.now(), "shorter")])
    house.live(2, tie=13.0)
    house.attribution.look_all()
    house.monitor.judge_all()
    assert [rung for rung, _ in moves(house)] == ["approval"]
