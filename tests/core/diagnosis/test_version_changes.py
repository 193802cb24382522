"""A version that no earlier task named; the first one ever seen is where it began."""

from datetime import UTC, datetime, timedelta

from bot.core.diagnosis.version_changes import VersionChange, version_changes
from bot.core.telemetry.task_records import TaskRecord

SINCE = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def task(minutes: int, model: str = "", prompt: str = "") -> TaskRecord:
    return TaskRecord(
        f"t{minutes}", "refunds", "refund", SINCE + timedelta(minutes=minutes), model=model, prompt=prompt
    )


def test_what_was_in_use_before_is_no_change() -> None:
    assert version_changes([task(-60, "m1", "p1"), task(5, "m1", "p1")], SINCE) == []


def test_a_new_version_counts_from_its_first_task() -> None:
    tasks = [task(9, "m1", "p2"), task(7, "m1", "p2"), task(-60, "m1", "p1"), task(20, "m2", "p1")]
    assert version_changes(tasks, SINCE) == [
        VersionChange(SINCE + timedelta(minutes=7), "prompt", "p2"),
        VersionChange(SINCE + timedelta(minutes=20), "model", "m2"),
    ]


def test_where_nothing_was_known_before_the_first_version_is_no_change() -> None:
    tasks = [task(5, "m1"), task(8, "m2"), task(9, "m1")]
    assert version_changes(tasks, SINCE) == [VersionChange(SINCE + timedelta(minutes=8), "model", "m2")]


def test_what_was_new_before_is_not_told_again() -> None:
    assert version_changes([task(-60, "m1"), task(-5, "m2"), task(5, "m2")], SINCE) == []


def test_tasks_that_name_no_version_say_nothing() -> None:
    assert version_changes([task(-60, "m1"), task(5), task(9)], SINCE) == []
