"""Pushed samples and task records become minutes, and minutes are judged before the push is answered."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bench.harness.postgres import PostgresServer
from bot.core.model.samples import MinuteRow, Sample, Series, minute_of
from bot.core.model.slis import Better, Objective, PollQuery, Sli
from bot.core.telemetry.task_records import TaskRecord
from bot.engine.detection.push_intake import PushIntake
from bot.ports.store import PollClaim
from bot.store import SqlStore
from tests.support.wired import HER, START, TIE, WiredEngine, fleet

AQDD = Sli(
    "aqdd", "Approval queue", "pending", "gauge", Better.LOWER, Objective(2, relative=True), absolute_tolerance=5
)


@pytest.fixture
def intake(house: WiredEngine) -> PushIntake:
    agent = replace(fleet().agents["refunds"], slis=(("", HER), ("", TIE), ("", AQDD)))
    house.watched = fleet(agents={"refunds": agent})
    return PushIntake(house.store, house.detector, house.get_fleet, house.clock)


def _task(number: int, minute: float, **changes: object) -> TaskRecord:
    record = TaskRecord(
        f"t{number}", "refunds", "refund", START + timedelta(minutes=minute), tool_calls=4, completed=True
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def test_pushed_samples_page_before_the_push_is_answered(house: WiredEngine, intake: PushIntake) -> None:
    house.clock.advance(60)
    series = Series("refunds", "", "her")
    samples = [Sample(series, START + timedelta(minutes=m), 18.0, 214) for m in (0, 1)]
    intake.samples(samples, house.clock.now())
    assert house.incident().breaches[0].value == 18.0
    intake.samples(samples, house.clock.now())
    assert len(house.store.incidents(10)) == 1


def test_tasks_are_counted_by_their_newest_word(house: WiredEngine, intake: PushIntake) -> None:
    house.clock.advance(120)
    intake.tasks([_task(n, 1, required_escalation=n < 5) for n in range(50)])
    (row,) = house.store.minutes(Series("refunds", "", "her"), minute_of(START) + 1, minute_of(START) + 1)
    assert (row.value, row.n) == (10.0, 50.0)
    intake.tasks([_task(0, 1.1)])
    (row,) = house.store.minutes(Series("refunds", "", "her"), minute_of(START) + 1, minute_of(START) + 1)
    assert (row.value, row.n) == (8.0, 50.0)


def test_a_stuck_queue_is_counted_while_no_task_is_reported(house: WiredEngine, intake: PushIntake) -> None:
    waiting = {"pending_approval": True, "completed": False}
    intake.tasks([_task(n, 0, **waiting) for n in range(30)])
    house.clock.advance(10 * 60)
    intake.count_queues()
    last = minute_of(house.clock.now()) - 1
    (row,) = house.store.minutes(Series("refunds", "", "aqdd"), last, last)
    assert row.value == 30


FLOWS = ("refund", "goodwill")


def _parts(house: WiredEngine, **values: tuple[float, float | None]) -> list[Sample]:
    at = house.clock.now()
    return [Sample(Series("refunds", flow, "her"), at, value, n) for flow, (value, n) in values.items()]


def test_what_workflows_push_is_summed_where_the_agent_is_watched_as_a_whole(
    house: WiredEngine, intake: PushIntake
) -> None:
    agent = replace(house.watched.agents["refunds"], workflows=FLOWS)
    house.watched = fleet(agents={"refunds": agent})
    intake.samples(_parts(house, refund=(2, 180), goodwill=(10, 20)), house.clock.now())
    minute = minute_of(START)
    (row,) = house.store.minutes(Series("refunds", "", "her"), minute, minute)
    assert (row.value, row.n) == pytest.approx((2.8, 200))  # 3.6 + 2 of 200
    # the second of two pushes finds the first one's part in the store
    house.clock.advance(60)
    intake.samples(_parts(house, refund=(20, 100)), house.clock.now())
    intake.samples(_parts(house, goodwill=(40, 300)), house.clock.now())
    (row,) = house.store.minutes(Series("refunds", "", "her"), minute + 1, minute + 1)
    assert (row.value, row.n) == (35, 400)  # 20 + 120 of 400


def test_two_pushes_at_once_do_not_lose_each_other(house: WiredEngine, intake: PushIntake) -> None:
    agent = replace(house.watched.agents["refunds"], workflows=FLOWS)
    house.watched = fleet(agents={"refunds": agent})
    whole, minute = Series("refunds", "", "her"), minute_of(START)
    intake.samples(_parts(house, refund=(2, 180), goodwill=(10, 20)), house.clock.now())
    # another replica had read before the second part was there, and wrote after it
    house.store.put_minutes([MinuteRow(whole, minute, 2, 180)])
    house.clock.advance(60)
    intake.samples(_parts(house, refund=(2, 180)), house.clock.now())
    (row,) = house.store.minutes(whole, minute, minute)
    assert (row.value, row.n) == pytest.approx((2.8, 200))


def test_the_whole_in_the_same_push_counts_and_a_query_is_not_spoken_over(
    house: WiredEngine, intake: PushIntake
) -> None:
    agent = replace(house.watched.agents["refunds"], workflows=FLOWS)
    house.watched = fleet(agents={"refunds": agent})
    at, whole, minute = house.clock.now(), Series("refunds", "", "her"), minute_of(START)
    intake.samples([*_parts(house, refund=(50, 10)), Sample(whole, at, 3, 100)], at)
    (row,) = house.store.minutes(whole, minute, minute)
    assert (row.value, row.n) == (3, 100)
    house.watched = fleet(agents={"refunds": agent}, queries=(PollQuery("her", "metrics", "her", "ratio", {}),))
    intake.samples(_parts(house, refund=(50, 10)), at)
    (row,) = house.store.minutes(whole, minute, minute)
    assert (row.value, row.n) == (3, 100)


def test_what_was_refused_is_known_after_a_restart_and_to_another_replica(
    house: WiredEngine, intake: PushIntake
) -> None:
    house.clock.advance(60)
    series, minute = Series("refunds", "", "her"), minute_of(house.clock.now())
    intake.refused({"refunds": 50}, "time: 45 s ahead of our clock")
    other = PushIntake(house.store, house.detector, house.get_fleet, house.clock)
    other.samples([Sample(series, house.clock.now(), 2, 100)], house.clock.now())
    (row,) = house.store.minutes(series, minute, minute)
    assert row.doubt == "50 pushed records refused: time: 45 s ahead of our clock"
    other.tasks([_task(n, 1) for n in range(50)])
    (row,) = house.store.minutes(series, minute, minute)
    assert "50 pushed records refused" in row.doubt
    house.clock.advance(120)
    other.samples([Sample(series, house.clock.now(), 2, 100)], house.clock.now())
    (row,) = house.store.minutes(series, minute + 2, minute + 2)
    assert row.doubt == "", "the minutes after are whole"
    house.clock.advance(2 * 86_400)
    assert house.store.forget_minute_markers(house.clock.now() - timedelta(days=1)) == 2


class Slow(SqlStore):
    """A store that lets something else happen before the first minutes of its own are written."""

    meanwhile: Callable[[], None] | None = None

    def put_minutes(self, rows: Sequence[MinuteRow], claim: PollClaim | None = None) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        super().put_minutes(rows, claim)


def test_an_older_count_of_one_replica_does_not_stay_over_a_newer_one(
    house: WiredEngine, postgres: PostgresServer
) -> None:
    url, her = postgres.fresh(), Series("refunds", "", "her")
    house.clock.advance(120)
    with closing(Slow.open(url)) as slow, closing(SqlStore.open(url)) as quick:
        mine, other = (PushIntake(one, house.detector, house.get_fleet, house.clock) for one in (slow, quick))
        assert isinstance(slow, Slow)
        slow.meanwhile = lambda: other.tasks([_task(1, 1)])
        mine.tasks([_task(0, 1)])
        (row,) = quick.minutes(her, minute_of(START) + 1, minute_of(START) + 1)
    assert row.n == 2


def test_an_older_count_of_one_thread_does_not_stay_over_a_newer_one(house: WiredEngine, tmp_path: Path) -> None:
    her = Series("refunds", "", "her")
    house.clock.advance(120)
    with closing(Slow.open(f"sqlite:///{tmp_path / 'slow.db'}")) as store:
        assert isinstance(store, Slow)
        intake = PushIntake(store, house.detector, house.get_fleet, house.clock)
        begun = threading.Event()

        def second() -> None:
            begun.set()
            intake.tasks([_task(1, 1)])

        other = threading.Thread(target=second)

        def meanwhile() -> None:
            other.start()
            assert begun.wait(30)
            while len(store.tasks_touching(["refunds"], [minute_of(START) + 1])) < 2:  # it waits for its turn to count
                time.sleep(0.01)

        store.meanwhile = meanwhile
        intake.tasks([_task(0, 1)])
        other.join(30)
        (row,) = store.minutes(her, minute_of(START) + 1, minute_of(START) + 1)
    assert row.n == 2
