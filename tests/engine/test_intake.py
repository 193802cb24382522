"""Pushed samples and task records become minutes, and minutes are judged before the push is answered."""

from dataclasses import replace
from datetime import timedelta

import pytest
from wired import HER, START, TIE, House, fleet

from bot.core.model import Better, Objective, Sample, Series, Sli, minute_of
from bot.core.tasks import TaskRecord
from bot.engine.intake import PushIntake

AQDD = Sli(
    "aqdd", "Approval queue", "pending", "gauge", Better.LOWER, Objective(2, relative=True), absolute_tolerance=5
)


@pytest.fixture
def intake(house: House) -> PushIntake:
    agent = replace(fleet().agents["refunds"], slis=(("", HER), ("", TIE), ("", AQDD)))
    house.watched = fleet(agents={"refunds": agent})
    return PushIntake(house.store, house.cycle, house.get_fleet, house.clock)


def _task(number: int, minute: float, **changes: object) -> TaskRecord:
    record = TaskRecord(
        f"t{number}", "refunds", "refund", START + timedelta(minutes=minute), tool_calls=4, completed=True
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def test_pushed_samples_page_before_the_push_is_answered(house: House, intake: PushIntake) -> None:
    house.clock.advance(60)
    series = Series("refunds", "", "her")
    samples = [Sample(series, START + timedelta(minutes=m), 18.0, 214) for m in (0, 1)]
    intake.samples(samples, house.clock.now())
    assert house.incident().breaches[0].value == 18.0
    intake.samples(samples, house.clock.now())
    assert len(house.store.incidents(10)) == 1


def test_tasks_are_counted_by_their_newest_word(house: House, intake: PushIntake) -> None:
    house.clock.advance(120)
    intake.tasks([_task(n, 1, required_escalation=n < 5) for n in range(50)])
    (row,) = house.store.minutes(Series("refunds", "", "her"), minute_of(START) + 1, minute_of(START) + 1)
    assert (row.value, row.n) == (10.0, 50.0)
    intake.tasks([_task(0, 1.1)])
    (row,) = house.store.minutes(Series("refunds", "", "her"), minute_of(START) + 1, minute_of(START) + 1)
    assert (row.value, row.n) == (8.0, 50.0)


def test_a_stuck_queue_is_counted_while_no_task_is_reported(house: House, intake: PushIntake) -> None:
    waiting = {"pending_approval": True, "completed": False}
    intake.tasks([_task(n, 0, **waiting) for n in range(30)])
    house.clock.advance(10 * 60)
    intake.count_queues()
    last = minute_of(house.clock.now()) - 1
    (row,) = house.store.minutes(Series("refunds", "", "aqdd"), last, last)
    assert row.value == 30
