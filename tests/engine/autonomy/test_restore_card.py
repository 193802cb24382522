"""The card of a restore that waited for its second person says what was asked, and how that ended."""

from collections.abc import Callable

import pytest

from bot.core.cards.autonomy import RestoreCard
from bot.slack.blocks import draw
from tests.support.wired import ANA, BO, WiredEngine


@pytest.fixture
def asked(recovered: WiredEngine) -> WiredEngine:
    """Recovered on read-only; Ana asks for one rung up."""
    assert recovered.commands.autonomy.ask_restore(ANA, "refunds", "rolled back").ok
    recovered.deliver()
    return recovered


def shown(house: WiredEngine) -> RestoreCard:
    """As it stands in the chat."""
    (card,) = [one.content for key, one in house.chat.posts.items() if "/card/restore-" in key]
    assert isinstance(card, RestoreCard)
    return card


def relapse(house: WiredEngine) -> None:
    house.live(8, tie=30.0)


def decline(house: WiredEngine) -> None:
    assert house.commands.autonomy.decline_restore(BO, 1, "not before noon").ok


def approve(house: WiredEngine) -> None:
    assert house.commands.autonomy.approve_restore(BO, 1).ok


def lower(house: WiredEngine) -> None:
    assert house.commands.autonomy.step_down(BO, "refunds", "suspended", "to be sure").ok


def override(house: WiredEngine) -> None:
    assert house.commands.lifecycle.resolve(ANA, 1, override="it is retired").ok


def cancel(house: WiredEngine) -> None:
    assert house.commands.lifecycle.cancel(ANA, 1, "a test of the schema").ok


@pytest.mark.parametrize(
    ("end", "says"),
    [
        (relapse, "Recovery reset: "),
        (decline, "Restore to approval declined by Bo Lindgren: not before noon"),
        (approve, "Restored read-only -> approval: asked by Ana Duarte, approved by Bo Lindgren"),
        (lower, "Step down requested: read-only -> suspended"),
        (override, "Resolved."),
        (cancel, "Cancelled as a false alarm"),
    ],
)
def test_it_names_what_was_asked_and_what_ended_it(
    asked: WiredEngine, end: Callable[[WiredEngine], None], says: str
) -> None:
    before = shown(asked)
    assert (before.settled, before.from_rung, before.to_rung) == ("", "read-only", "approval")
    end(asked)
    asked.deliver()
    card = shown(asked)
    assert card.settled.startswith(says), card.settled
    assert (card.from_rung, card.to_rung, card.asked_by) == ("read-only", "approval", "Ana Duarte")
    drawn = str(draw(card).blocks)
    assert "refunds: restore to approval" in drawn
    assert "'Approve'" not in drawn


def test_an_ask_does_not_outlive_the_incident(asked: WiredEngine) -> None:
    """Reopened, it would have been approved on the evidence of before."""
    override(asked)
    assert asked.commands.lifecycle.reopen(ANA, 1, "it is not retired").ok
    assert (asked.incident().rungs.restore_to, asked.incident().rungs.restore_by) == ("", None)
    refused = asked.commands.autonomy.approve_restore(BO, 1)
    assert not refused.ok
