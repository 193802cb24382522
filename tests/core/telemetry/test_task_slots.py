"""Task records as five seconds at a time."""

from datetime import UTC, datetime, timedelta

from bot.core.model.samples import Series
from bot.core.telemetry.task_records import TaskRecord
from bot.core.telemetry.task_slots import slots_from_tasks

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
SECOND = int(START.timestamp())
HER, FLOW, QUEUE = Series("a", "", "her"), Series("a", "refund", "her"), Series("a", "", "aqdd")


def _task(number: int, second: float, workflow: str = "refund", *, asked: bool = False) -> TaskRecord:
    at = START + timedelta(seconds=second)
    return TaskRecord(f"t{number}", "a", workflow, at, completed=True, required_escalation=asked)


def test_each_task_stands_in_the_five_seconds_of_its_newest_word() -> None:
    tasks = [_task(1, 0), _task(2, 4.9, asked=True), _task(3, 5, "chargeback"), _task(1, 62)]
    found = slots_from_tasks(tasks, [HER, FLOW])
    assert found[HER] == ((SECOND, 100.0, 1.0), (SECOND + 5, 0.0, 1.0), (SECOND + 60, 0.0, 1.0))
    assert found[FLOW] == ((SECOND, 100.0, 1.0), (SECOND + 60, 0.0, 1.0))


def test_the_order_of_records_changes_nothing() -> None:
    tasks = [_task(number, number * 0.7, asked=number % 3 == 0) for number in range(40)]
    assert slots_from_tasks(tasks[::-1], [HER]) == slots_from_tasks(tasks, [HER])


def test_a_queue_has_no_seconds_and_a_series_without_tasks_none() -> None:
    assert slots_from_tasks([_task(1, 0)], [QUEUE, Series("a", "chargeback", "her")]) == {
        Series("a", "chargeback", "her"): ()
    }
