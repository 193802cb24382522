"""The numbers beside the open step of a runbook are those of now, or say of when they are."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.cards import answer_text
from bot.core.cards.answer import Answer
from bot.core.cards.incident import IncidentCard, PhaseCard
from bot.core.cards.page import AnnouncementCard
from bot.core.runbooks.runbook import Plan, Step
from bot.engine.incidents.card_refresh import CardRefresh
from bot.slack.blocks import draw
from tests.support.wired import ANA, OneRunbook, WiredEngine

CARD = "inc-1/card/phase-detection"
MEASURED = Plan(
    "measured",
    "Steps with numbers",
    (
        Step("real", "detection", "Decide whether it is real", evidence=("slis",)),
        Step("who", "detection", "Decide who is hit"),
        Step("lower", "containment", "Step down", evidence=("rung",)),
    ),
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WiredEngine]:
    made = WiredEngine(tmp_path, runbooks=OneRunbook(MEASURED))
    made.settle_in()
    made.live(3, tie=13.0)
    yield made
    made.close()


def shown(house: WiredEngine) -> PhaseCard:
    card = house.chat.posts[CARD].content
    assert isinstance(card, PhaseCard)
    return card


def of_sli(house: WiredEngine, start: str) -> str:
    return next(line for line in shown(house).steps[0].evidence if line.lower().startswith(start))


def test_the_numbers_follow_within_five_minutes(house: WiredEngine) -> None:
    assert "13 calls" in of_sli(house, "tool calls")
    assert "2.0 %" in of_sli(house, "human escalation")
    house.live(6, tie=16.0)
    assert "16 calls" in of_sli(house, "tool calls")


def test_an_sli_that_joins_shows_at_once(house: WiredEngine) -> None:
    house.live(2, tie=13.0, her=30.0)
    assert len(house.incident().breaches) == 2
    assert "30.0 %" in of_sli(house, "human escalation")
    assert not of_sli(house, "human escalation").endswith("fine")


def test_the_card_says_of_when_the_numbers_are(house: WiredEngine) -> None:
    seen = shown(house).as_of
    assert seen is not None
    assert f"as of <!date^{int(seen.timestamp())}^" in str(draw(shown(house)).blocks)
    assert f"Evidence as of {seen:%H:%M} UTC." in answer_text(Answer("", card=shown(house)))


def test_a_phase_without_numbers_is_left_alone(house: WiredEngine) -> None:
    assert house.commands.paging.acknowledge(ANA, 1).ok
    assert house.commands.lifecycle.mark_step(ANA, 1, "real", "done").ok
    house.live(1, tie=13.0)
    before = house.chat.posts[CARD].edits
    assert shown(house).as_of is None
    house.live(12, tie=13.0)
    assert house.chat.posts[CARD].edits == before


def of_now(house: WiredEngine, name: str) -> IncidentCard | AnnouncementCard:
    """A posted card as it was drawn last."""
    card = house.chat.posts[f"inc-1/card/{name}"].content
    assert isinstance(card, IncidentCard | AnnouncementCard)
    return card


@pytest.mark.parametrize("name", ["incident", "announcement"])
def test_a_posted_card_follows_and_says_of_when_it_is(house: WiredEngine, name: str) -> None:
    before = of_now(house, name).header.now
    house.live(12, tie=16.0)
    card = of_now(house, name)
    drawn = card.header.now
    assert before < drawn
    assert house.clock.now() - drawn <= timedelta(minutes=5)
    assert [line.now for line in card.lines if line.name == "tie"] == [16.0]
    assert f"as of <!date^{int(drawn.timestamp())}^" in str(draw(card).blocks)


def test_with_many_incidents_open_each_is_drawn_anew_less_often(house: WiredEngine) -> None:
    """Edits go the way of pages: a storm must not fill it."""
    refresh = CardRefresh(house.engine.recorder)
    for minute in range(60):
        refresh.numbers(house.incident(), "", house.clock.now() + timedelta(minutes=minute), beside=100)
    house.deliver()
    edits = house.chat.posts["inc-1/card/incident"].edits
    for minute in range(60, 75):
        refresh.numbers(house.incident(), "", house.clock.now() + timedelta(minutes=minute), beside=1)
        house.deliver()
    assert house.chat.posts["inc-1/card/incident"].edits - edits == 3
    assert edits <= 4
