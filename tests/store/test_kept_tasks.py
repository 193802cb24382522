"""Tasks kept in memory are those of the rows, whatever was written, by whom and in which order."""

import random
import threading
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.core.model.samples import minute_of
from bot.core.telemetry.task_records import TaskRecord
from bot.ports.store.traces import StoredRun, TraceKey
from bot.store import SqlStore
from bot.store.repositories.telemetry.kept_tasks import MINUTES, KeptTasks
from tests.contracts.test_trace_store import run
from tests.support.wired import START

FIRST = minute_of(START)
AGENTS = ("refunds", "kyc")


def record(task_id: str, seconds: float, agent: str = "refunds", tool_calls: int = 0) -> TaskRecord:
    return TaskRecord(task_id, agent, "", START + timedelta(seconds=seconds), tool_calls, completed=True)


def write(store: SqlStore, chance: random.Random) -> None:
    """Something that changes tasks: a report, what a join counted or took back, what is let go of."""
    agent, ids = chance.choice(AGENTS), [f"t{chance.randrange(30)}" for _ in range(4)]
    records = [record(one, chance.randrange(240), agent, tool_calls=chance.randrange(9)) for one in ids[:3]]
    does = chance.randrange(10)
    if does == 0:
        store.forget_tasks(START + timedelta(seconds=chance.randrange(60)))
    elif does < 5:
        store.take_tasks(records)
    else:
        known = [StoredRun(TraceKey(one, ""), run(one), one) for one in ids[:3]]
        store.put_runs(known, [], records, {(agent, ids[3])} - {one.key for one in records})


def told(store: SqlStore, minutes: Collection[int]) -> list[TaskRecord]:
    return sorted(store.tasks_of(AGENTS, minutes), key=lambda one: one.key)


@pytest.mark.parametrize("most", [1_000, 12])
def test_what_is_kept_is_what_the_rows_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Also where there is no room for most of it."""
    monkeypatch.setattr("bot.store.repositories.tasks.KeptTasks", partial(KeptTasks, most=most))
    chance = random.Random(most)  # noqa: S311 - records, not secrets
    store = SqlStore.open(f"sqlite:///{tmp_path / 's.db'}")
    beside = SqlStore.open(f"sqlite:///{tmp_path / 's.db'}", alone=False)
    for _ in range(60):
        write(store, chance)
        minutes = {FIRST + chance.randrange(5) for _ in range(chance.randrange(1, MINUTES + 2))}
        assert told(store, minutes) == told(beside, minutes)
        assert sorted(one.key for one in store.tasks_touching(AGENTS, sorted(minutes))) == sorted(
            one.key for one in beside.tasks_touching(AGENTS, sorted(minutes))
        )
        limit = chance.randrange(1, 9)
        some = {one.key for one in store.tasks_of(["kyc"], minutes, limit)}
        assert some == {one.key for one in beside.tasks_of(["kyc"], minutes, limit)}
    beside.close()
    store.close()


def test_writers_at_once_leave_nothing_old_behind(tmp_path: Path) -> None:
    store = SqlStore.open(f"sqlite:///{tmp_path / 's.db'}")
    beside = SqlStore.open(f"sqlite:///{tmp_path / 's.db'}", alone=False)
    minutes = range(FIRST, FIRST + MINUTES)

    def work(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - records, not secrets
        for _ in range(25):
            write(store, chance)
            store.tasks_of(AGENTS, minutes)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert told(store, minutes) == told(beside, minutes) != []
    beside.close()
    store.close()


def test_a_snapshot_sees_its_own_time_and_spoils_nothing(tmp_path: Path) -> None:
    store = SqlStore.open(f"sqlite:///{tmp_path / 's.db'}")
    before = record("t", 1)
    store.take_tasks([before])
    assert store.tasks_of(["refunds"], [FIRST]) == [before]
    after = replace(before, at=before.at + timedelta(seconds=1), tool_calls=5)
    with store.reading():
        assert store.tasks_of(["refunds"], [FIRST]) == [before]  # a snapshot begins with its first question
        other = threading.Thread(target=store.take_tasks, args=([after],))
        other.start()
        other.join()
        assert store.tasks_of(["refunds"], [FIRST]) == [before]
    assert store.tasks_of(["refunds"], [FIRST]) == [after]
    store.close()


class Rows:
    """Rows that count how often they are read."""

    def __init__(self, records: Iterable[TaskRecord]) -> None:
        self.rows = {one.key: one for one in records}
        self.read: list[str] = []
        self.broken = False

    def of_minute(self, agent: str, minute: int) -> list[TaskRecord]:
        found = [one for one in self.rows.values() if one.agent == agent and minute_of(one.at) == minute]
        self.read += [one.task_id for one in found]
        return found

    def of_keys(self, keys: Collection[tuple[str, str]]) -> list[TaskRecord]:
        if self.broken:
            raise OSError("no database")
        self.read += [task_id for _, task_id in keys]
        return [self.rows[key] for key in keys if key in self.rows]

    def put(self, kept: KeptTasks, changed: TaskRecord) -> None:
        self.rows[changed.key] = changed
        kept.changed([changed.key])


def test_only_what_was_written_since_is_read_again() -> None:
    rows = Rows(record(f"t{n}", n) for n in range(5))
    kept = KeptTasks(rows.of_minute, rows.of_keys)
    assert len(kept.of("refunds", [FIRST])[FIRST]) == 5
    rows.read.clear()
    rows.put(kept, record("t3", 70))
    rows.put(kept, record("new", 2))
    assert {one.task_id for one in kept.of("refunds", [FIRST])[FIRST]} == {"t0", "t1", "t2", "t4", "new"}
    assert sorted(rows.read) == ["new", "t3"]


def test_what_was_written_need_not_be_read_unless_it_is_told_of_in_another_order() -> None:
    rows = Rows([record("t0", 1), record("t1", 1)])
    kept = KeptTasks(rows.of_minute, rows.of_keys)
    kept.of("refunds", [FIRST])
    rows.read.clear()
    second = record("t0", 3, tool_calls=2)
    kept.wrote(1, [("refunds", "t1")], {})
    kept.wrote(2, [second.key], {second.key: second})
    assert (list(kept.of("refunds", [FIRST])[FIRST]), rows.read) == ([second], [])
    fourth, third = record("t0", 5, tool_calls=4), record("t0", 4, tool_calls=3)
    rows.rows[fourth.key] = fourth
    kept.wrote(4, [fourth.key], {fourth.key: fourth})
    kept.wrote(3, [third.key], {third.key: third})
    assert (list(kept.of("refunds", [FIRST])[FIRST]), rows.read) == ([fourth], ["t0"])


def test_where_reading_fails_everything_is_read_anew() -> None:
    rows = Rows([record("t0", 1)])
    kept = KeptTasks(rows.of_minute, rows.of_keys)
    kept.of("refunds", [FIRST])
    rows.put(kept, record("t0", 2, tool_calls=7))
    rows.broken = True
    with pytest.raises(OSError, match="no database"):
        kept.of("refunds", [FIRST])
    rows.broken = False
    assert [one.tool_calls for one in kept.of("refunds", [FIRST])[FIRST]] == [7]


def test_a_minute_with_too_many_tasks_is_not_kept_and_known_as_such() -> None:
    rows = Rows([record(f"t{n}", n) for n in range(5)] + [record("next", 60)])
    kept = KeptTasks(rows.of_minute, rows.of_keys, most=4)
    assert kept.has_room("refunds", FIRST)
    assert len(kept.of("refunds", [FIRST])[FIRST]) == 5
    assert len(kept.of("refunds", [FIRST + 1])[FIRST + 1]) == 1
    assert [kept.has_room("refunds", minute) for minute in (FIRST, FIRST + 1)] == [False, True]


def test_no_more_is_kept_than_there_is_room_for() -> None:
    rows = Rows(record(f"{agent}{n}", 60 * n, agent) for agent in ("a", "b", "c") for n in range(6))
    kept = KeptTasks(rows.of_minute, rows.of_keys, most=4)
    for _ in range(2):
        for agent in ("a", "b", "c"):
            for minute in range(6):
                assert len(kept.of(agent, [FIRST + minute])[FIRST + minute]) == 1
    rows.read.clear()
    kept.of("c", range(FIRST + 3, FIRST + 6))
    assert rows.read == []  # the newest of the agent that was asked for last
    assert {len(found) for found in kept.of("a", range(FIRST, FIRST + 6)).values()} == {1}
    kept.of("c", range(FIRST, FIRST + 6))
    assert len(rows.read) == 12
