"""What changed on an agent: posted, stepped down, or given away by task records."""

from datetime import timedelta

from bot.core.cards.answer import Answer
from bot.core.cards.fleet import AgentChangesCard
from bot.core.model.posted_change import PostedChange
from bot.core.telemetry.task_records import TaskRecord
from tests.support.wired import ANA, START, WiredEngine


def post(house: WiredEngine, name: str, hours: float, *agents: str, version: str = "") -> None:
    at = START - timedelta(hours=hours)
    house.store.put_changes([PostedChange(name, "prompt", at, "shorter refusals", agents, version=version, by="ci")])


def report(house: WiredEngine, hours: float, prompt: str) -> None:
    at = START - timedelta(hours=hours)
    house.store.take_tasks([TaskRecord(f"t{hours}", "refunds", "refund", at, completed=True, prompt=prompt)])


def told(answer: Answer) -> list[tuple[timedelta, str, str]]:
    assert isinstance(answer.card, AgentChangesCard)
    return [(START - change.at, change.words, change.by) for change in answer.card.changes]


def test_changes_of_the_last_day_the_newest_first(house: WiredEngine) -> None:
    post(house, "old", 25)
    post(house, "elsewhere", 3, "kyc")
    post(house, "mine", 5, "refunds", version="p2")
    report(house, 30, "p1")
    report(house, 4, "p2")
    report(house, 2, "p3")
    house.commands.autonomy.step_down(ANA, "refunds", "read-only", "loop")
    assert told(house.commands.queries.changes("refunds")) == [
        (timedelta(0), "autonomy to read-only: loop", "Ana Duarte"),
        (timedelta(hours=2), "prompt p3 first seen in task records; nobody posted it", ""),
        (timedelta(hours=4), "prompt p2 first seen in task records", ""),
        (timedelta(hours=5), "prompt p2: shorter refusals", "ci"),
    ]


def test_where_nothing_changed(house: WiredEngine) -> None:
    answer = house.commands.queries.changes("refunds")
    assert told(answer) == []
    assert answer.text == "Nothing changed on refunds in the last 24 h."


def test_an_agent_that_is_not_there(house: WiredEngine) -> None:
    answer = house.commands.queries.changes("refnds")
    assert not answer.ok
    assert "Did you mean refunds?" in answer.text
