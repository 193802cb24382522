"""What every store must keep: whole decisions or none, one winner, nothing sent twice."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.incident import events as ev
from bot.core.incident import followups, timeline
from bot.core.incident.incident import Decision, Incident
from bot.core.model.posted_change import IdTaken, PostedChange
from bot.core.model.rungs import InstanceReading, RungState
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.model.slis import Baseline
from bot.core.telemetry.task_records import TaskRecord, ToolUse
from bot.core.transitions.reducer import advance
from bot.ports.errors import Conflict, LostClaim
from bot.store import SqlStore, StoreError
from tests.contracts.stored import kept, opened
from tests.support.wired import ANA, START

SERIES = Series("refunds", "", "her")


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    made = SqlStore.open(database_url)
    yield made
    made.close()


def _noted(incident: Incident, text: str = "hm") -> Decision:
    return advance(incident, ev.Noted(START, ANA, text))


def test_an_incident_comes_back_as_it_was(store: SqlStore) -> None:
    incident = kept(store)
    assert store.incident(incident.id) == incident
    assert store.open_incidents() == [incident]
    assert store.entries(incident.id)[0].entry.kind == "opened"


def test_ids_are_given_once(store: SqlStore) -> None:
    assert [store.next_incident_id() for _ in range(3)] == [1, 2, 3]


def test_one_open_incident_of_a_kind_for_an_agent(store: SqlStore) -> None:
    kept(store)
    with pytest.raises(Conflict):
        store.commit(opened(store), START, wall=1.0)
    store.commit(opened(store, "kyc"), START, wall=1.0)


def test_of_two_writers_one_wins_and_the_other_stores_nothing(store: SqlStore) -> None:
    incident = kept(store)
    store.commit(_noted(incident, "first"), START, wall=1.0)
    with pytest.raises(Conflict):
        store.commit(_noted(incident, "second"), START, wall=1.0)
    texts = [entry.entry.text for entry in store.entries(incident.id)]
    assert "first" in texts
    assert "second" not in texts


def test_concurrent_updates_lose_nothing(store: SqlStore) -> None:
    incident = kept(store)

    def note() -> None:
        for _ in range(10):
            while True:
                found = store.incident(incident.id)
                assert found is not None
                try:
                    store.commit(_noted(found), START, wall=1.0)
                except Conflict:
                    continue
                break

    threads = [threading.Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.incident(incident.id)
    assert found is not None
    assert found.version == incident.version + 40
    assert timeline.verify(store.entries(incident.id), found.entries) == ""


def test_a_changed_entry_breaks_the_chain(store: SqlStore, tmp_path: Path) -> None:
    incident = kept(store)
    store.commit(_noted(incident), START, wall=1.0)
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE entry SET record = replace(record, 'hm', 'ha') WHERE kind = 'noted'")
    entries = store.entries(incident.id)
    place = next(sealed.serial for sealed in entries if sealed.entry.kind == "noted")
    assert timeline.verify(entries) == f"entry {place} was changed after it was written"
    assert "2 found" in timeline.verify(entries[:2], len(entries))


def test_an_agent_with_an_open_incident_is_told_as_one(store: SqlStore) -> None:
    first, second = opened(store, "a"), opened(store, "b")
    for decision in (first, second):
        store.commit(decision, START, wall=1.0)
    store.commit(advance(second.incident, ev.Cancelled(START, ANA, "a test")), START, wall=2.0)
    assert store.agents_with_incidents() == {"a"}


def test_timers_come_due_and_go_with_their_incident(store: SqlStore) -> None:
    incident = kept(store)
    later = START.replace(hour=3)
    assert [due.timer for due in store.due_timers(later, 10)] == ["escalate"]
    assert store.due_timers(START, 10) == []
    store.commit(advance(incident, ev.Acknowledged(START, ANA)), START, wall=2.0)
    assert {due.timer for due in store.due_timers(later, 10)} == {"ack-reminder", "ack-lapse", "nudge"}


def test_late_minutes_replace_early_ones(store: SqlStore) -> None:
    first = minute_of(START)
    store.put_minutes([MinuteRow(SERIES, first + i, float(i), 10) for i in range(5)])
    store.put_minutes([MinuteRow(SERIES, first + 2, 99.0, 20), MinuteRow(SERIES, first + 3, None)])
    rows = store.minutes(SERIES, first + 1, first + 3)
    assert [(row.minute - first, row.value, row.n) for row in rows] == [(1, 1.0, 10), (2, 99.0, 20), (3, None, None)]
    assert store.newest_minute(SERIES) == first + 4
    assert list(store.minutes_of(["refunds"], first, first + 1)) == [SERIES]


def test_many_minutes_at_once_are_kept_like_few(store: SqlStore) -> None:
    first = minute_of(START)
    rows = [
        MinuteRow(SERIES, first + i, None if i % 7 == 0 else i / 3, None if i % 5 == 0 else 10.0) for i in range(90)
    ]
    store.put_minutes(rows)
    assert list(store.minutes(SERIES, first, first + 99)) == rows
    again = [MinuteRow(SERIES, first + i, 5.0, 1.0) for i in range(60)]
    store.put_minutes([*again, MinuteRow(SERIES, first, 1.0), MinuteRow(SERIES, first, 2.0, 3.0)])
    assert list(store.minutes(SERIES, first, first + 99)) == [
        MinuteRow(SERIES, first, 2.0, 3.0),
        *again[1:],
        *rows[60:],
    ]


def test_epochs_of_an_agent_have_no_gap_and_no_twin(store: SqlStore) -> None:
    incident = kept(store)
    first = RungState("refunds", "", "approval", 1, START, "ana", "loop", incident_id=incident.id)
    store.commit(_noted(incident), START, rung=first, wall=1.0)
    second = advance(_noted(incident).incident, ev.Noted(START, ANA, "more"))
    for epoch in (1, 3):
        with pytest.raises(Conflict):
            store.commit(second, START, rung=replace(first, epoch=epoch), wall=1.0)
    store.commit(second, START, rung=replace(first, epoch=2, workflow="refund", rung="read-only"), wall=1.0)
    assert {(state.workflow, state.rung) for state in store.rungs()} == {("", "approval"), ("refund", "read-only")}
    assert list(store.rungs("refunds")) == list(store.rungs())
    assert list(store.rungs("kyc")) == []
    assert store.epoch("refunds") == 2
    store.confirm_rung("refunds", 2, START)
    assert [state.confirmed_at for state in store.rung_history("refunds", START)] == [None, START]


def test_baselines_readings_and_sights_arekept(store: SqlStore) -> None:
    baseline = Baseline(2.0, 0.1, 1000, 100, 1, 2, "by hand")
    store.put_baselines([(SERIES, baseline)], START)
    assert store.baseline(SERIES) == (baseline, START)
    store.put_readings([InstanceReading("refunds", "a", "full", 0, START)] * 2)
    assert store.first_delivery("Ev1", START)
    assert not store.first_delivery("Ev1", START)


def test_poll_groups_are_claimed_when_due(store: SqlStore) -> None:
    at = START.timestamp()
    (claim,) = store.claim_polls({"her": at}, START, 10, lease=60)
    assert (claim.name, claim.last_minute) == ("her", -1)
    assert store.claim_polls({"her": at}, START, 10, lease=60) == []
    assert store.finish_poll(claim, 77, START.replace(minute=5))
    assert store.claim_polls({"her": at}, START.replace(minute=4), 10, lease=60) == []
    (again,) = store.claim_polls({"her": at}, START.replace(minute=5), 10, lease=60)
    assert again.last_minute == 77


def _polls_run_out(store: SqlStore) -> None:
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE poll_group SET lease_until = lease_until - 100")


def test_a_poll_that_was_taken_over_stores_nothing_and_finishes_nothing(store: SqlStore) -> None:
    at, first = START.timestamp(), minute_of(START)
    (old,) = store.claim_polls({"her": at}, START, 10, lease=60)
    store.put_minutes([MinuteRow(SERIES, first, 1.0)], old)
    _polls_run_out(store)
    (new,) = store.claim_polls({"her": at}, START, 10, lease=60)
    with pytest.raises(LostClaim):
        store.put_minutes([MinuteRow(SERIES, first, 99.0)], old)
    assert not store.finish_poll(old, 1, START.replace(minute=9))
    store.renew_polls([old], 60)
    store.put_minutes([MinuteRow(SERIES, first, 2.0)], new)
    assert [row.value for row in store.minutes(SERIES, first, first)] == [2.0]
    assert store.finish_poll(new, 5, START)


def test_a_poll_that_is_held_on_to_stays_where_it_is(store: SqlStore) -> None:
    at = START.timestamp()
    (claim,) = store.claim_polls({"her": at}, START, 10, lease=60)
    _polls_run_out(store)
    store.renew_polls([claim], 60)
    assert store.claim_polls({"her": at}, START, 10, lease=60) == []
    assert store.finish_poll(claim, 5, START)


def test_a_poll_that_ended_while_it_was_held_on_to_is_free(store: SqlStore) -> None:
    at = START.timestamp()
    (claim,) = store.claim_polls({"her": at}, START, 10, lease=60)
    assert store.finish_poll(claim, 5, START)
    store.renew_polls([claim], 60)
    assert [again.last_minute for again in store.claim_polls({"her": at}, START, 10, lease=60)] == [5]


def test_timers_are_claimed_by_one_until_the_claim_runs_out(store: SqlStore) -> None:
    kept(store)
    later = START.replace(hour=3)
    assert [due.timer for due in store.claim_timers(later, 10, 5)] == ["escalate"]
    assert store.claim_timers(later, 10, 5) == []
    assert [due.timer for due in store.due_timers(later, 10)] == ["escalate"]
    with store.writing() as connection:
        connection.exec_driver_sql("UPDATE timer SET lease_until = lease_until - 100")
    assert [due.timer for due in store.claim_timers(later, 10, 5)] == ["escalate"]


def test_readings_are_passed_on_and_never_go_back(store: SqlStore) -> None:
    store.put_readings([InstanceReading("refunds", "a", "approval", 2, START)])
    store.put_readings([InstanceReading("refunds", "a", "full", 1, START - timedelta(minutes=1))])
    (heard,), mark = store.readings_stored(0.0)
    assert (heard.level, heard.epoch, heard.seen_at) == ("approval", 2, START)
    store.put_readings([InstanceReading("refunds", "b", "full", 2, START)])
    assert "b" in {reading.instance for reading in store.readings_stored(mark)[0]}


def test_old_days_of_minutes_are_dropped_whole(store: SqlStore) -> None:
    first = minute_of(START) // 1440 * 1440
    store.prepare_minutes(START)
    store.put_minutes([MinuteRow(SERIES, first + 720 * i, float(i)) for i in range(-4, 4)])
    assert store.drop_minutes(first + 100) == 4
    kept = store.minutes(SERIES, first - 1440 * 5, first + 1440 * 5)
    assert [row.value for row in kept] == [0.0, 1.0, 2.0, 3.0]
    store.put_minutes([MinuteRow(SERIES, first - 1440, 5.0)])
    assert store.minutes(SERIES, first - 1440, first - 1440)


def test_sqlite_refuses_a_second_process_and_postgresql_takes_it(database_url: str) -> None:
    first = SqlStore.open(database_url)
    if first.database.shared:
        SqlStore.open(database_url).close()
    else:
        with pytest.raises(StoreError, match="in use by another Stepdown"):
            SqlStore.open(database_url)
        SqlStore.open(database_url, alone=False).close()
    first.close()


def _change(number: int, summary: str = "x") -> PostedChange:
    return PostedChange(f"c{number}", "deploy", START + timedelta(minutes=number), summary, agents=("refunds",))


def test_changes_are_kept_once_read_by_span_and_dropped_by_age(store: SqlStore) -> None:
    assert store.put_changes([_change(2), _change(0), _change(0)]) == 2
    assert store.put_changes([_change(2), _change(1)]) == 1
    assert list(store.changes(START, START + timedelta(minutes=1))) == [_change(0), _change(1)]
    assert store.drop_changes(START + timedelta(minutes=1)) == 1
    assert [one.id for one in store.changes(START, START + timedelta(hours=1))] == ["c1", "c2"]


def test_a_change_under_another_ones_id_stores_nothing(store: SqlStore) -> None:
    store.put_changes([_change(0)])
    with pytest.raises(IdTaken, match="c0"):
        store.put_changes([_change(1), _change(0, "other")])
    with pytest.raises(IdTaken, match="c5"):
        store.put_changes([_change(5), _change(5, "other")])
    assert [one.id for one in store.changes(START, START + timedelta(hours=1))] == ["c0"]


def test_the_newest_tasks_of_a_span_come_oldest_first(store: SqlStore) -> None:
    tasks = [TaskRecord(f"t{n}", "refunds", "", START + timedelta(minutes=n), model="m1") for n in range(5)]
    tasks.append(TaskRecord("k", "kyc", "", START, tools=(ToolUse("ledger", 3, 1),)))
    store.take_tasks(tasks)
    first = minute_of(START)
    assert store.tasks_between(["refunds"], first, first + 3, 2) == tasks[2:4]
    assert store.tasks_between(["kyc"], first, first, 10) == tasks[5:]


def test_text_that_the_engine_has_no_characters_for_is_kept_without_them(store: SqlStore) -> None:
    incident = kept(store)
    strange = RungState("refunds", "", "approval", 1, START, "ana", "a\0b", incident_id=incident.id)
    store.commit(_noted(incident, "a\0b"), START, rung=strange, wall=1.0)
    (state,) = store.rungs()
    assert (state.reason[0], state.reason[-1]) == ("a", "b")
    assert timeline.verify(store.entries(incident.id)) == ""


def test_a_follow_up_is_written_with_its_event_and_outlives_the_incident(store: SqlStore) -> None:
    incident = kept(store)
    event = ev.Noted(START, ANA, "write a case", "followup", "bo", item=followups.next_id(incident))
    decision = advance(incident, event)
    made = followups.made(decision.incident, event)
    store.commit(decision, START, followup=made, wall=1.0)
    assert store.followup("1-1") == made
    assert store.followups(owner="ana") == []
    assert store.due_followups(made.due - timedelta(seconds=1), 10) == []
    assert store.due_followups(made.due, 10) == [made]
    store.remind_followup(followups.reminded(made, made.due))
    assert [one.nudges for one in store.followups(owner="bo", agent="refunds", incident_id=1)] == [1]
    done = ev.FollowupChanged(START, ANA, "1-1", done=True)
    store.commit(advance(decision.incident, done), START, followup=followups.changed(made, done), wall=1.0)
    store.remind_followup(made)
    assert store.followups() == []
    assert [one.done_by for one in store.followups(open_only=False)] == ["ana"]


ODD_TEXTS = ("注文\u3000検索", "نمی\u200cشود", "ab\u202ecd", "a\nb", "\x1b[31m", "👩\u200d💻", "\ue000", "\u3000")


def test_any_text_of_unicode_comes_back_as_it_was(store: SqlStore) -> None:
    tasks = [
        TaskRecord(text, "refunds", text, START, tools=(ToolUse(text, 1),), model=text, prompt=text)
        for text in ODD_TEXTS
    ]
    minute = minute_of(START)
    store.take_tasks(tasks)
    assert sorted(store.tasks_between(["refunds"], minute, minute, 100), key=lambda one: one.task_id) == sorted(
        tasks, key=lambda one: one.task_id
    )
    rows = [MinuteRow(Series("refunds", text, "her"), minute, 1.0, 2.0) for text in ODD_TEXTS]
    store.put_minutes(rows)
    assert {row for found in store.minutes_of([], minute, minute).values() for row in found} == set(rows)
    changes = [PostedChange(text, "deploy", START, text, tools=(text,), version=text, by=text) for text in ODD_TEXTS]
    store.put_changes(changes)
    assert {change.id for change in store.changes(START, START)} == set(ODD_TEXTS)


@pytest.mark.parametrize("more", [0, 40])
def test_of_two_records_in_one_batch_the_later_word_counts_and_nothing_is_lost(store: SqlStore, more: int) -> None:
    minute = minute_of(START)
    others = [MinuteRow(Series("refunds", f"w{number}", "her"), minute, 1.0) for number in range(more)]
    store.put_minutes([MinuteRow(SERIES, minute, 1.0), *others, MinuteRow(SERIES, minute, 2.0)])
    assert [row.value for row in store.minutes(SERIES, minute, minute)] == [2.0]
    first = TaskRecord("t", "refunds", "", START, completed=False)
    last = replace(first, at=START + timedelta(seconds=5), completed=True)
    store.take_tasks([last, first, *(replace(first, task_id=f"t{number}") for number in range(more))])
    found = store.tasks_between(["refunds"], minute, minute, 100)
    assert len(found) == more + 1
    assert next(one for one in found if one.task_id == "t").completed
