"""What is asked of spans, runs and tasks each second is found by an index, however much is kept."""

import json
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from bot.core.model.samples import minute_of
from bot.core.telemetry.task_records import TaskRecord
from bot.core.telemetry.traces.span_facts import AGENT, About, SpanFacts
from bot.ports.store.traces import LookedAt, SpanChunk, StoredRun, TraceKey
from bot.store import SqlStore
from bot.store.database.key_lists import among
from bot.store.tables import TaskRow, table_of
from tests.contracts.test_trace_store import run
from tests.support.wired import START

NOW = START.timestamp()
KEPT = re.compile(r"^SCAN (trace|run|task|span_chunk)\b")
"""A whole table, or a whole index of one, is looked at."""
ALLOWED = re.compile(r"^(SCAN|SEARCH) trace USING COVERING INDEX ix_trace_kept")
"""How many spans are kept is a sum over an index of those that are."""


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """Every statement that is run meanwhile, with what it is told."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, told: Any, *_: object) -> None:  # noqa: ANN401 - the driver's
        seen.append((statement, told[0] if isinstance(told, list) else told))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def filled(store: SqlStore) -> list[TraceKey]:
    keys = [TraceKey(f"{n:032x}", "") for n in range(60)]
    facts = SpanFacts("s", "", 0, AGENT, "run", NOW, NOW + 1, False, "", "", {About.AGENT: "refunds"})
    store.put_spans([SpanChunk(key, "c", 1, True, json.dumps([facts])) for key in keys], NOW, NOW, NOW)
    records = [
        TaskRecord(f"t{n}", "refunds", "", START + timedelta(minutes=n), pending_approval=n % 7 == 0) for n in range(60)
    ]
    store.take_tasks(records)
    return keys


def test_no_question_of_the_join_looks_at_a_whole_table(tmp_path: Path) -> None:
    store = SqlStore.open(f"sqlite:///{tmp_path / 'stepdown.db'}")
    keys = filled(store)
    minute = minute_of(START)
    with statements() as seen:
        claims = store.claim_traces(NOW, 50, 60)
        store.spans_of(keys, 10)
        known = [StoredRun(key, run("s", offers="session a", wants="session b"), f"t{n}") for n, key in enumerate(keys)]
        record = TaskRecord("t1", "refunds", "", START)
        store.put_runs(known, known[:3], [record], {("refunds", f"t{n}") for n in range(5)})
        store.runs_of(keys)
        store.runs_known_by({("refunds", "session a")}, {("refunds", "session b")})
        store.finish_traces([LookedAt(claim) for claim in claims[:40]])
        store.finish_traces([LookedAt(claim, forget=True) for claim in claims[40:]])
        store.waiting_spans()
        store.seal_traces(NOW + 1, 10)
        store.tasks_touching(["refunds", "kyc"], [minute, minute + 1])
        store.judged(["refunds"])
    with store.database.looking() as connection:
        plans = {
            statement: [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", told)]
            for statement, told in seen
            if statement.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))
        }
    store.close()
    assert len(plans) > 15
    whole = {one: plan for one, plan in plans.items() if any(KEPT.match(s) and not ALLOWED.match(s) for s in plan)}
    assert not whole


def test_what_waits_and_what_is_over_is_found_among_many(database_url: str) -> None:
    """Against the rule itself: tasks of the minutes, and those that waited in one of them."""
    chance = random.Random(7)  # noqa: S311 - records, not secrets
    store = SqlStore.open(database_url)
    records = []
    for n in range(300):
        queued = START + timedelta(minutes=chance.randrange(60)) if chance.random() < 0.5 else None
        at = (queued or START) + timedelta(minutes=chance.randrange(30))
        waits = queued is not None and chance.random() < 0.3
        records.append(TaskRecord(f"t{n}", "refunds", "", at, pending_approval=waits, queued_at=queued))
    store.take_tasks(records)
    first = minute_of(START)
    for _ in range(20):
        minutes = [first + chance.randrange(80) for _ in range(chance.randrange(1, 4))]
        low, high = min(minutes), max(minutes)
        wanted = {
            one.task_id
            for one in records
            if minute_of(one.at) in minutes
            or (
                one.queued_at is not None
                and minute_of(one.queued_at) <= high
                and (one.waits or minute_of(one.at) >= low)
            )
        }
        found = [one.task_id for one in store.tasks_touching(["refunds"], minutes)]
        assert sorted(found) == sorted(wanted)
    store.close()


def test_judged_workflows_are_found_whatever_they_are_called(database_url: str) -> None:
    store = SqlStore.open(database_url)
    names = ["", "a", "b", "é", "Z"]
    records = [
        TaskRecord(f"t{n}", agent, names[n % 5], START, completed=True, decision_correct=True if n % 5 != 2 else None)
        for n, agent in enumerate(["refunds"] * 20 + ["kyc"] * 2)
    ]
    store.take_tasks(records)
    wanted = {(one.agent, flow) for one in records if one.decision_correct is not None for flow in (one.workflow, "")}
    assert store.judged(["refunds", "kyc", "nobody"]) == wanted
    assert store.judged(["nobody"]) == frozenset()
    store.close()


@pytest.mark.parametrize("odd", ["'", '"', "\\", "é", "\u2028", "a,b", "{}", "[1]", "null", "🙂"])
def test_keys_of_any_text_are_found(database_url: str, odd: str) -> None:
    store = SqlStore.open(database_url)
    store.take_tasks([TaskRecord(odd, "refunds", "", START), TaskRecord("other", "refunds", "", START)])
    task = table_of(TaskRow)
    with store.database.looking() as connection:
        where = among(connection, (task.c.agent, task.c.task_id), [("refunds", odd), ("kyc", "other")])
        assert connection.execute(select(task.c.task_id).where(where)).scalars().all() == [odd]
        none = among(connection, (task.c.task_id,), [])
        assert connection.execute(select(task.c.task_id).where(none)).scalars().all() == []
    store.close()
