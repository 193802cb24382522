"""What the store remembers and forgets beside the incidents: the same on either engine."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from bot.core.incident.effects import Notice
from bot.core.incident.events import Opened, Roster
from bot.core.model.people import BOT
from bot.core.model.rungs import InstanceReading
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.paging.override import OnCallOverride
from bot.core.telemetry.tail import TailSketch, merged, read
from bot.core.telemetry.task_records import TaskRecord
from bot.core.transitions.reducer import advance
from bot.store import SqlStore
from bot.store.migrate import head
from bot.store.tables import RollupRow, table_of
from bot.store.tools import export
from bot.store.tools.audit import findings
from tests.support.wired import START

HER = Series("refunds", "", "her")
NOW = minute_of(START)


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    opened = SqlStore.open(database_url)
    yield opened
    opened.close()


def test_an_occasion_comes_once_however_many_ask(store: SqlStore) -> None:
    won: list[bool] = []

    def take() -> None:
        won.append(store.once("daily", "2026-03-02", START, [Notice("x", "hello")], wall=1.0, detail="why"))

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 5 + [True]
    found = store.once_marker("daily", "2026-03-02")
    assert found is not None
    assert (found.at, found.detail, found.outcome) == (START, "why", "")
    assert store.outcome("notice/x") is not None
    assert store.outcome("notice/y") is None


def test_an_outcome_is_written_once(store: SqlStore) -> None:
    store.once("weekly", "W1", START, wall=1.0)
    store.set_outcome("weekly", "W1", "failed", "late", [Notice("loud", "!")], wall=1.0)
    store.set_outcome("weekly", "W1", "ok", "", [Notice("calm", ".")], wall=1.0)
    last = store.last_once_marker("weekly")
    assert last is not None
    assert (last.outcome, last.detail) == ("failed", "late")
    assert store.outcome("notice/calm") is None


def test_covers_begin_are_replaced_and_end(store: SqlStore) -> None:
    hour = timedelta(hours=1)
    store.put_cover(OnCallOverride("ana", "bo", START, START + 8 * hour, "ana"), [], 1.0)
    store.put_cover(OnCallOverride("ana", "cleo", START + hour, START + 2 * hour, "ana"), [], 1.0)
    [running] = store.covers(START + hour)
    assert (running.person, running.by, running.made_by) == ("ana", "cleo", "ana")
    assert store.covers(START + 3 * hour) == [], "the first one does not come back"
    [over] = store.covers_over(START + 3 * hour)
    store.say_cover_over(over, [Notice("over", "over")], 1.0)
    store.say_cover_over(over, [Notice("again", "over")], 1.0)
    assert store.covers_over(START + 3 * hour) == []
    assert store.outcome("notice/again") is None
    assert not store.end_cover("ana", START + 3 * hour, [], 1.0)


def test_an_episode_begins_once_and_ends_once(store: SqlStore) -> None:
    assert store.begin_episode("source/metrics", "no answer", START, [Notice("b", "b")], 1.0)
    assert not store.begin_episode("source/metrics", "no answer", START, [Notice("c", "c")], 1.0)
    assert [episode.text for episode in store.episodes()] == ["no answer"]
    assert store.end_episode("source/metrics", START, [], 1.0)
    assert not store.end_episode("source/metrics", START, [], 1.0)
    assert store.begin_episode("source/metrics", "again", START + timedelta(seconds=1), [], 1.0)


def test_percentiles_are_kept_and_merge_when_minutes_roll_up(store: SqlStore) -> None:
    series, old = Series("refunds", "", "tool_calls_p95"), (NOW - 100) // 5 * 5
    tails = [TailSketch.of(95, [float(at + call) for call in range(20)]) for at in range(5)]
    rows = [MinuteRow(series, old + at, tail.value, tail.n, tail=tail.text()) for at, tail in enumerate(tails)]
    store.put_minutes(rows[1:])
    assert store.minutes(series, old, old + 4) == rows[1:]
    store.roll_up(old + 5)
    store.put_minutes(rows[:1])  # it comes late
    store.roll_up(old + 5)
    whole = merged(tails, 95)
    (five,) = store.history(series, old, old + 4)
    assert (five.n, five.value, read(five.tail)) == (100, whole.value, whole)
    again = store.minutes(series, old, old + 4)
    assert [row.n for row in again] == [20] * 5
    assert merged([read(row.tail) for row in again], 95).above(20) == pytest.approx(whole.above(20))
    with store.reading(), store.looking() as connection:
        told = [json.loads(line) for line in export.lines(connection, head())]
    assert [line["row"]["tail"] for line in told if line.get("table") == "minute5"] == [whole.text()]


def test_minutes_roll_up_and_read_as_before(store: SqlStore) -> None:
    rows = [MinuteRow(HER, NOW - age, 2.0 + age % 3, 100.0) for age in range(3 * 1440)]
    store.put_minutes(rows)
    before = store.minutes(HER, NOW - 3 * 1440, NOW)
    assert store.roll_up((NOW - 1440) // 5 * 5) > 2000
    store.drop_minutes(NOW - 2 * 1440)
    after = store.minutes(HER, NOW - 3 * 1440, NOW)
    assert after == before
    assert store.minutes_as_told(HER, NOW - 3 * 1440, NOW) == before
    history = store.history(HER, NOW - 3 * 1440, NOW)
    assert sum((row.value or 0) * (row.n or 0) for row in history) == pytest.approx(
        sum((row.value or 0) * (row.n or 0) for row in before)
    )
    late = NOW - 2 * 1440 - 7
    store.put_minutes([MinuteRow(HER, late, 50.0, 1.0)])
    store.roll_up((NOW - 1440) // 5 * 5)
    [kept] = store.minutes(HER, late, late)
    assert (kept.value or 0) < 5, "the first word on a rolled minute stands"
    assert store.drop_rolled(NOW - 2 * 1440) > 0
    assert store.minutes(HER, 0, NOW - 2 * 1440 - 5) == []


def test_noise_is_not_learned_from_minutes_of_which_only_a_sum_is_known(store: SqlStore) -> None:
    first = (NOW - 2000) // 5 * 5
    rows = [MinuteRow(HER, first + at, 2.0 + at % 3, 100.0) for at in range(20)]
    store.put_minutes(rows)
    store.roll_up(first + 10)
    with store.writing() as connection:
        connection.execute(update(table_of(RollupRow)).where(col(RollupRow.slot) == first // 5).values(parts=""))
    assert store.minutes_as_told(HER, first, first + 19) == rows[5:]
    summed = store.minutes(HER, first, first + 19)
    assert [row.value for row in summed[:5]] == pytest.approx([sum(row.value or 0 for row in rows[:5]) / 5] * 5)
    assert summed[5:] == rows[5:]


def test_what_nobody_needs_is_forgotten(store: SqlStore) -> None:
    store.take_tasks([TaskRecord(f"t{n}", "refunds", "refund", START, completed=True) for n in range(5)])
    store.first_delivery("envelope", START)
    store.put_readings([InstanceReading("refunds", "a", "full", 0, START)])
    store.once("daily", "1", START, wall=1.0)
    later = START + timedelta(days=1)
    assert store.forget_tasks(later) == 5
    assert (store.forget_deduplication_keys(later), store.forget_readings(later), store.forget_once_markers(later)) == (
        1,
        1,
        1,
    )
    assert not {name: count for name, count in store.rows().items() if count}


def test_an_export_has_every_row_and_nothing_contradicts_itself(store: SqlStore) -> None:
    store.put_minutes([MinuteRow(HER, NOW, 2.0, 100.0), MinuteRow(HER, NOW + 1, None)])
    store.once("daily", "1", START, wall=1.0)
    with store.reading(), store.looking() as connection:
        lines = [json.loads(line) for line in export.lines(connection, head())]
        assert list(findings(connection)) == []
    assert {line["table"] for line in lines[1:]} == {"minute", "series", "occasion"}
    assert len(lines) == 5


def test_the_watch_asks_what_is_late_and_what_waits(store: SqlStore) -> None:
    incident_id = store.next_incident_id()
    opened = Opened(START, BOT, incident_id, "refunds", "slo", "HER 18 %", "SEV2", Roster("ana"), "full", "full")
    store.commit(advance(None, opened), START, wall=1_000.0)
    [(found, due)] = store.late("escalate", START + timedelta(minutes=6))
    assert (found, due) == (incident_id, (START + timedelta(minutes=5)).timestamp())
    assert store.late("escalate", START + timedelta(minutes=5)) == []
    assert store.late("confirm", START + timedelta(days=1)) == []
    assert store.open_by() == {("slo", "SEV2"): 1}
    waiting = store.waiting(1_000.0)
    assert waiting["pagers"].count == 1
    assert 0 <= waiting["pagers"].oldest < 60
    assert waiting["slack"].count == 2


def test_polls_that_are_behind_are_named_the_oldest_first(store: SqlStore) -> None:
    at = START.timestamp()
    store.claim_polls({"a": at, "b": at - 60}, START, 10, 1.0)
    assert store.polls_behind(START + timedelta(seconds=1)) == [("b", at - 60), ("a", at)]
    assert store.polls_behind(START - timedelta(hours=1)) == []


def test_it_can_be_written_and_has_a_size(store: SqlStore) -> None:
    for _ in range(3):
        store.write_something()
    assert store.size() > 4096
