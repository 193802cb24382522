"""The ledger and the approvals in both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.enforcement.actions import ActionOutcome, AgentAction
from bot.core.enforcement.approvals import Approval, ApprovalAnswer, ApprovalState, withdrawn
from bot.core.incident.approval_effects import EditApproval, PostApproval
from bot.core.model.people import Actor
from bot.store.sql_store import SqlStore

START = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    made = SqlStore.open(database_url)
    yield made
    made.close()


def action(number: int, outcome: ActionOutcome = ActionOutcome.PASSED, *, writes: bool = True) -> AgentAction:
    began = START + timedelta(minutes=number)
    return AgentAction(f"a{number}", "refunds", "payments.refund", writes, began, outcome, amount=40.5, arguments="{}")


def found(store: SqlStore, *, writes_only: bool = False, limit: int = 100) -> list[AgentAction]:
    span = (START, START + timedelta(days=1))
    return list(store.actions("refunds", *span, writes_only=writes_only, limit=limit))


def test_an_action_is_kept_once_and_its_newest_word_counts(store: SqlStore) -> None:
    running, denied = action(0, ActionOutcome.RUNNING), action(1, ActionOutcome.DENIED)
    store.put_actions([running, denied])
    assert found(store) == [running, denied]
    passed, again = replace(running, outcome=ActionOutcome.PASSED), replace(denied, times=5)
    store.put_actions([passed, again, passed])
    store.put_actions([running, denied])
    assert found(store) == [passed, again]


def test_actions_are_read_by_span_agent_and_kind(store: SqlStore) -> None:
    actions = [action(number, writes=number % 2 == 0) for number in range(30)]
    store.put_actions(actions)
    store.put_actions([replace(action(40), agent="kyc")])
    assert found(store) == actions
    assert found(store, limit=3) == actions[-3:]
    assert found(store, writes_only=True) == actions[::2]
    assert list(store.actions("refunds", START + timedelta(minutes=2), START + timedelta(minutes=4))) == actions[2:5]
    assert [one.agent for one in store.actions("kyc", START, START + timedelta(days=1))] == ["kyc"]


def question(number: int, due: int = 15) -> Approval:
    at = START + timedelta(minutes=due)
    return Approval(f"write-{number:04}", "refunds", "payments.refund", START, at, amount=40.5, arguments="{}")


def test_a_question_is_kept_once_and_its_card_is_wanted_once(store: SqlStore) -> None:
    first = question(1)
    card = PostApproval(first.id)
    assert store.ask_approval(first, [card], 1.0)
    assert not store.ask_approval(replace(first, amount=1.0), [card, EditApproval(first.id, "9")], 1.0)
    assert store.approval(first.id) == first
    assert [job.effect for job in store.claim("slack", 2.0, 10, 30.0)] == [card]
    assert store.approval("nothing") is None


def test_of_two_changes_to_one_version_the_first_counts(store: SqlStore) -> None:
    first = question(1)
    store.ask_approval(first, [], 1.0)
    said = ApprovalAnswer(Actor("ana", "Ana", "U0ANA", responder=True), START, True)
    mine = replace(first, state=ApprovalState.APPROVED, answers=(said,), version=1)
    edit = EditApproval(first.id, "1")
    assert store.change_approval(first, mine, [edit], 1.0)
    assert not store.change_approval(first, withdrawn(first, "x", START), [EditApproval(first.id, "2")], 1.0)
    assert store.approval(first.id) == mine
    assert [job.effect for job in store.claim("slack", 2.0, 10, 30.0)] == [edit]


def test_what_waits_comes_by_its_deadline(store: SqlStore) -> None:
    questions = [question(number, due=30 - number) for number in range(5)]
    for one in questions:
        store.ask_approval(one, [], 1.0)
    store.ask_approval(replace(question(9), agent="kyc"), [], 1.0)
    store.change_approval(questions[4], withdrawn(questions[4], "x", START), [], 1.0)
    waiting = [questions[3], questions[2], questions[1], questions[0]]
    assert list(store.pending_approvals(10, "refunds")) == waiting
    assert list(store.pending_approvals(2, "refunds")) == waiting[:2]
    assert list(store.pending_approvals(10, "refunds", START + timedelta(minutes=28))) == waiting[:2]
    assert (store.count_pending_approvals("refunds"), store.count_pending_approvals("kyc")) == (4, 1)


def test_what_is_old_is_forgotten_but_for_what_still_waits(store: SqlStore) -> None:
    store.put_actions([action(0), action(10)])
    waits, ended = question(1), question(2)
    for one in (waits, ended):
        store.ask_approval(one, [], 1.0)
    store.change_approval(ended, withdrawn(ended, "x", START), [], 1.0)
    assert store.forget_enforcement(START + timedelta(minutes=5)) == 2
    assert found(store) == [action(10)]
    assert (store.approval(waits.id), store.approval(ended.id)) == (waits, None)
