"""A bounded database: old minutes are rolled up, what nobody needs goes, what is the record stays."""

from datetime import timedelta

import pytest

from bot.core.budgets.budget import PERIOD
from bot.core.incident.effects import Notice
from bot.core.model.rungs import InstanceReading
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.telemetry.task_records import TaskRecord
from bot.engine.health.maintenance import Retention
from tests.support.wired import ANA, START, WiredEngine

HER = Series("refunds", "", "her")
AQDD = Series("refunds", "", "aqdd")


def days_of(house: WiredEngine, days: float, value: float = 2.0) -> int:
    """Minutes up to now; returns how many of a series."""
    last = minute_of(house.clock.now())
    count = int(days * 1440)
    minutes = range(last - count + 1, last + 1)
    house.store.put_minutes([MinuteRow(HER, minute, value + minute % 3, 50 + minute % 5) for minute in minutes])
    house.store.put_minutes([MinuteRow(AQDD, minute, float(minute % 11)) for minute in minutes])
    return count


def rows(house: WiredEngine) -> dict[str, int]:
    return dict(house.store.rows())


def test_minutes_older_than_two_days_become_fives_and_read_as_before(house: WiredEngine) -> None:
    days_of(house, 4)
    now = minute_of(house.clock.now())
    before = house.store.minutes(HER, now - 4 * 1440, now)
    house.upkeep.keep(house.clock.now())
    kept = rows(house)
    assert kept["minute5"] == pytest.approx(2 * 2 * 288, abs=4)
    after = house.store.minutes(HER, now - 4 * 1440, now)
    assert [row.minute for row in after] == [row.minute for row in before]
    assert sum(row.n or 0 for row in after) == pytest.approx(sum(row.n or 0 for row in before))
    assert sum((row.value or 0) * (row.n or 0) for row in after) == pytest.approx(
        sum((row.value or 0) * (row.n or 0) for row in before)
    )
    assert house.store.minutes_of(["refunds"], now - 4 * 1440, now)[HER] == after


def test_rolling_twice_changes_nothing_and_a_late_minute_is_taken_in(house: WiredEngine) -> None:
    days_of(house, 4)
    house.upkeep.keep(house.clock.now())
    once = rows(house)
    house.upkeep.keep(house.clock.now())
    assert rows(house) == once
    old = minute_of(house.clock.now()) - 5 * 1440
    house.store.put_minutes([MinuteRow(HER, old, 7.0, 10)])
    house.upkeep.keep(house.clock.now())
    assert [(row.value, row.n) for row in house.store.minutes(HER, old, old)] == [(7.0, 10)]
    house.store.put_minutes([MinuteRow(HER, old, 9.0, 10)])
    house.upkeep.keep(house.clock.now())
    assert [(row.value, row.n) for row in house.store.minutes(HER, old, old)] == [(7.0, 10)]


def test_a_baseline_is_the_same_before_and_after_rolling_up(house: WiredEngine) -> None:
    days_of(house, 6)
    agent = house.watched.agents["refunds"]
    sli = agent.slis[0][1]
    onset = minute_of(house.clock.now())
    before = house.baselines.freeze(agent, HER, sli, onset)
    house.upkeep.keep(house.clock.now())
    after = house.baselines.freeze(agent, HER, sli, onset)
    assert before is not None
    assert after is not None
    assert after.value == pytest.approx(before.value, rel=0.01)
    assert "same hour" in before.method
    assert "same hour" in after.method


def test_history_goes_when_its_days_are_over(house: WiredEngine) -> None:
    days_of(house, 4)
    house.upkeep._keep = Retention(history_days=3)
    house.upkeep.keep(house.clock.now())
    oldest = house.store.minutes(HER, 0, 2**31)[0].minute
    assert minute_of(house.clock.now()) - oldest <= 3 * 1440 + 5


def test_tasks_go_but_one_that_waits_for_a_person_stays(house: WiredEngine) -> None:
    old = START - timedelta(days=20)
    done = TaskRecord("t1", "refunds", "refund", old, completed=True)
    waits = TaskRecord("t2", "refunds", "refund", old, pending_approval=True, queued_at=old)
    house.store.take_tasks([done, waits])
    assert waits.waits
    house.upkeep.keep(house.clock.now())
    assert rows(house)["task"] == 1


def test_effects_go_long_after_their_incident_closed_and_the_record_stays(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.lifecycle.cancel(ANA, 1, "a test")
    house.deliver()
    house.live(1)
    wanted = rows(house)["outbox"]
    entries = rows(house)["entry"]
    house.upkeep.keep(house.clock.now() + timedelta(days=29))
    left = rows(house)["outbox"]
    assert left == wanted, "its messages can still be edited"
    house.upkeep.keep(house.clock.now() + timedelta(days=31))
    assert rows(house)["outbox"] == 0
    assert rows(house)["entry"] == entries
    assert house.store.incident(1) is not None


def test_what_still_has_to_be_done_is_never_forgotten(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.lifecycle.cancel(ANA, 1, "a test")
    house.store.enqueue([Notice("late", "still to be said")], 1.0)
    house.upkeep.keep(house.clock.now() + timedelta(days=400))
    house.deliver()
    assert "still to be said" in house.said()


def test_deliveries_seen_and_silent_instances_go_after_two_days(house: WiredEngine) -> None:
    house.store.first_delivery("envelope", house.clock.now())
    house.store.put_readings([InstanceReading("refunds", "a", "full", 0, house.clock.now())])
    house.upkeep.keep(house.clock.now() + timedelta(days=1))
    assert (rows(house)["sight"], rows(house)["reading"]) == (1, 1)
    house.upkeep.keep(house.clock.now() + timedelta(days=3))
    assert (rows(house)["sight"], rows(house)["reading"]) == (0, 0)


def test_it_is_done_once_an_hour_across_restarts(house: WiredEngine) -> None:
    days_of(house, 4)
    house.upkeep.tick()
    first = rows(house)["minute"]
    house.store.put_minutes([MinuteRow(HER, minute_of(house.clock.now()) - 5 * 1440, 1.0, 1)])
    house.close()
    house.open()
    house.upkeep.tick()
    assert rows(house)["minute"] == first + 1
    house.later(61)
    house.upkeep.tick()
    assert rows(house)["minute"] < first + 1


def test_history_lasts_as_long_as_what_is_reckoned_from_it() -> None:
    assert Retention().history_days * 1440 > PERIOD


def test_the_database_stops_growing(house: WiredEngine) -> None:
    """Six days of minutes, tasks and closed incidents with the upkeep's own hour: full after three, and not fuller."""
    house.upkeep._keep = Retention(minutes_hours=12, history_days=2, tasks_days=1, effects_days=1)
    sizes: dict[int, tuple[int, dict[str, int]]] = {}
    for hour in range(1, 6 * 24 + 1):
        now = house.later(60)
        last = minute_of(now)
        house.store.put_minutes([MinuteRow(HER, last - back, 2.0 + back % 3, 50) for back in range(60)])
        house.store.take_tasks([TaskRecord(f"{hour}-{n}", "refunds", "refund", now, completed=True) for n in range(5)])
        if hour % 12 == 0:
            number = house.commands.lifecycle.declare(ANA, "refunds", f"by hand {hour}").incident_id or 0
            house.commands.paging.acknowledge(ANA, number)
            house.commands.lifecycle.cancel(ANA, number, "a test")
            house.deliver()
        house.upkeep.tick()
        if hour % 24 == 0:
            sizes[hour // 24] = (house.store.size(), rows(house))
    record = ("incident", "entry", "occasion")
    for day in (4, 5, 6):
        for name, count in sizes[day][1].items():
            assert name in record or count <= sizes[3][1][name] * 1.1 + 10, (day, name)
    grown = sizes[6][0] - sizes[3][0]
    incidents = sizes[6][1]["incident"] - sizes[3][1]["incident"]
    assert grown < incidents * 40_000, "what grows is the record of incidents, some kilobytes each"
