"""The ledger in both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.enforcement.actions import ActionOutcome, AgentAction
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
