"""A reminder that ends says what became of what was owed; what nobody did is never called done."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.cards import card_lines
from bot.core.cards.team import NudgeCard
from bot.core.incident.events import NudgeKind
from bot.core.incident.incident import IncidentState
from bot.core.runbooks.runbook import Outcome, Plan, Step
from bot.slack.blocks import draw
from tests.support.wired import ANA, BO, OneRunbook, WiredEngine

TIMED = Plan(
    "timed",
    "Steps with a time box",
    (
        Step("real", "detection", "Decide whether it is real", timebox=3),
        Step("who", "detection", "Decide who is hit", timebox=5),
    ),
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WiredEngine]:
    """Two bad minutes, acknowledged; the agent goes on being ill while `live` is told so."""
    made = WiredEngine(tmp_path, runbooks=OneRunbook(TIMED))
    made.settle_in()
    made.live(3, tie=13.0)
    assert made.commands.paging.acknowledge(ANA, 1).ok
    yield made
    made.close()


def reminder(house: WiredEngine, kind: NudgeKind) -> NudgeCard:
    """The newest reminder of that kind, as it stands in the chat."""
    found = [one.content for key, one in house.chat.posts.items() if f"/nudge-{kind}" in key]
    assert found
    card = found[-1]
    assert isinstance(card, NudgeCard)
    return card


@pytest.mark.parametrize(
    ("outcome", "said", "done"),
    [
        ("done", "Decide whether it is real: done, Ana Duarte.", True),
        ("skipped", "Decide whether it is real: skipped, Ana Duarte.", True),
        ("blocked", "Decide whether it is real: blocked, Ana Duarte.", False),
    ],
)
def test_a_step_that_was_settled_is_named_and_not_the_next_one(
    house: WiredEngine, outcome: Outcome, said: str, done: bool
) -> None:
    house.live(4, tie=13.0)
    assert not reminder(house, "step").settled
    assert house.commands.lifecycle.mark_step(ANA, 1, "real", outcome, "seen it").ok
    house.deliver()
    card = reminder(house, "step")
    assert (card.settled, card.done) == (said, done)


def test_what_nobody_did_is_not_called_done_when_the_agent_recovers(house: WiredEngine) -> None:
    house.live(4, tie=13.0)
    assert house.commands.autonomy.step_down(ANA, "refunds", "watched", "retry loop").ok
    house.live(50)
    assert house.incident().state is IncidentState.RECOVERED
    told: dict[NudgeKind, str] = {
        "step": "Decide whether it is real: still open; no reminder while INC-0001 is recovered.",
        "update": "No update was written; no reminder while INC-0001 is recovered.",
        "lead": "Nobody took the lead; no reminder while INC-0001 is recovered.",
    }
    for kind, words in told.items():
        card = reminder(house, kind)
        assert (card.settled, card.done) == (words, False)
        assert "✅" not in str(draw(card).blocks)
        assert card_lines(card) == [f"INC-0001: {words}"]


def test_who_leads_and_when_an_update_went_out(house: WiredEngine) -> None:
    house.live(3, tie=13.0)
    assert house.commands.teamwork.take_role(BO, 1, "lead").ok
    for _ in range(3):
        house.live(10, tie=13.0)
        assert house.commands.teamwork.note(ANA, 1, "still at it").ok
    assert house.commands.teamwork.note(ANA, 1, "contained, looking for the cause", "update").ok
    house.deliver()
    assert (reminder(house, "lead").settled, reminder(house, "lead").done) == ("Bo Lindgren leads.", True)
    card = reminder(house, "update")
    assert (card.settled, card.done) == (f"An update went out at {house.clock.now():%H:%M} UTC.", True)


def test_a_restore_that_waits_for_the_second_person_is_no_restore(house: WiredEngine) -> None:
    assert house.commands.autonomy.step_down(ANA, "refunds", "watched", "retry loop").ok
    house.live(50)
    now = house.clock.now()
    assert not house.views.nudge_card(house.incident(), "restore", now).done
    assert house.commands.autonomy.ask_restore(ANA, "refunds", "30 good minutes").ok
    card = house.views.nudge_card(house.incident(), "restore", now)
    assert card.settled.startswith("A restore to ")
    assert card.settled.endswith(" waits for a second person.")
