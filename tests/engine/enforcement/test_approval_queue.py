"""Writes that wait for people, over the real store: cards, answers, deadlines, and no wall of messages."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.cards.enforcement import ApprovalCard
from bot.core.enforcement.approvals import Approval, ApprovalState
from bot.engine.enforcement.approval_queue import CARDS
from tests.support.wired import ANA, BO, EVE, WiredEngine


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WiredEngine]:
    made = WiredEngine(tmp_path)
    yield made
    made.close()


def ask(house: WiredEngine, number: int = 1, minutes: int = 15) -> Approval:
    now = house.clock.now()
    due = now + timedelta(minutes=minutes)
    return house.engine.approvals.ask(Approval(f"write-{number:04}", "refunds", "payments.refund", now, due, amount=40))


def card(house: WiredEngine, number: int = 1) -> ApprovalCard:
    found = house.chat.posts[f"approval/write-{number:04}/card"].content
    assert isinstance(found, ApprovalCard)
    return found


def test_it_is_asked_once_answered_once_and_its_card_shows_it(house: WiredEngine) -> None:
    assert ask(house) == ask(house)
    house.deliver()
    house.deliver()
    assert [posted.receipt.channel for posted in house.chat.posts.values()] == ["C-refunds"]
    assert card(house).open
    refused = house.commands.approvals.approve(EVE, "write-0001")
    assert (refused.ok, "not among the responders" in refused.text) == (False, True)
    assert house.commands.approvals.approve(ANA, "write-0001").text == "Ana Duarte approved it."
    assert house.commands.approvals.deny(BO, "write-0001").text == "Ana Duarte approved it."
    house.deliver()
    assert card(house).state == "approved"
    assert house.chat.doubled == []


def test_nobody_answering_ends_it_at_its_deadline(house: WiredEngine) -> None:
    ask(house)
    house.deliver()
    house.clock.advance(14 * 60 + 59)
    house.engine.approvals.tick()
    assert len(house.store.pending_approvals(10)) == 1
    house.clock.advance(1)
    house.engine.approvals.tick()
    house.deliver()
    assert card(house).said.startswith("Nobody answered by")
    late = house.commands.approvals.approve(ANA, "write-0001")
    assert (late.ok, "Nobody answered" in late.text) == (False, True)


def test_a_question_that_is_taken_back_is_asked_no_more(house: WiredEngine) -> None:
    ask(house)
    house.engine.approvals.withdraw("write-0001", "the caller went away")
    house.deliver()
    assert house.chat.posts == {}
    ended = house.store.approval("write-0001")
    assert ended is not None
    assert ended.state is ApprovalState.WITHDRAWN
    assert house.engine.approvals.withdraw("nothing", "x") is None


def test_many_that_wait_are_no_wall_of_messages(house: WiredEngine) -> None:
    for number in range(CARDS + 30):
        ask(house, number)
    house.deliver()
    lines = [key for key in house.chat.posts if key.startswith("notice/approvals/refunds/")]
    assert (len(house.chat.posts), len(lines)) == (CARDS + 1, 1)
    assert house.commands.approvals.pending(limit=3).text == f"{CARDS + 30} writes wait for a person."
    assert house.commands.approvals.deny(ANA, f"write-{CARDS + 5:04}").ok


def test_of_two_who_answer_at_once_the_first_counts(house: WiredEngine) -> None:
    first = ask(house)
    house.commands.approvals.deny(BO, first.id)
    store, now = house.store, house.clock.now()
    stale = store.change_approval(first, first, (), house.wall())
    assert (stale, now) == (False, house.clock.now())
    ended = store.approval(first.id)
    assert ended is not None
    assert ended.state is ApprovalState.DENIED
