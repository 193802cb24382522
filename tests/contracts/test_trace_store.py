"""What every store must keep of spans and runs: once, whoever brought them and however often."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.core.model.samples import minute_of
from bot.core.telemetry.task_records import TaskRecord
from bot.core.telemetry.traces.runs import AgentRun
from bot.core.telemetry.traces.span_facts import AGENT, About, SpanFacts
from bot.ports.store.traces import LookedAt, SpanChunk, SpanCount, StoredRun, TraceKey
from bot.store import SqlStore
from tests.support.wired import START

KEY = TraceKey("t1", "")
NOW = START.timestamp()


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    made = SqlStore.open(database_url)
    yield made
    made.close()


def chunk(name: str = "a", key: TraceKey = KEY, *, ends: bool = True) -> SpanChunk:
    facts = SpanFacts(name, "", 0, AGENT, "run", NOW, NOW + 1, False, "", "", {About.AGENT: "refunds"})
    return SpanChunk(key, name, 2, ends, json.dumps([facts, facts._replace(span=f"{name}2")]))


def spans(store: SqlStore, *keys: TraceKey, most: int = 10) -> dict[TraceKey, list[str]]:
    """The ids of the spans that are kept."""
    return {key: sorted(one.span for one in found) for key, found in store.spans_of(keys, most).items()}


def run(span: str, *, offers: str = "", wants: str = "", agent: str = "refunds") -> AgentRun:
    return AgentRun(
        trace="t1",
        span=span,
        agent=agent,
        workflow="",
        session="",
        start=NOW,
        end=NOW + 1,
        failed=False,
        calls=(),
        steps=0,
        tokens=None,
        cost=None,
        model="",
        prompt="",
        escalated=None,
        waits=None,
        good=None,
        stopped=bool(offers),
        offers=offers,
        wants=wants,
    )


def test_the_same_chunk_again_changes_nothing_but_the_look(store: SqlStore) -> None:
    for _ in range(2):
        store.put_spans([chunk()], NOW, NOW + 10, NOW + 30)
    store.put_spans([chunk("b", ends=False)], NOW + 1, NOW + 11, NOW + 31)
    assert spans(store, KEY) == {KEY: ["a", "a2", "b", "b2"]}
    assert [len(found) for found in spans(store, KEY, most=3).values()] == [3]
    assert store.claim_traces(NOW + 9, 10, 60) == []
    (claim,) = store.claim_traces(NOW + 10, 10, 60)
    assert (claim.key, claim.seq, claim.spans, claim.first_at, claim.last_at) == (KEY, 3, 6, NOW, NOW + 1)


def test_a_claimed_trace_is_nobody_elses_until_the_lease_ends(store: SqlStore) -> None:
    store.put_spans([chunk()], NOW, NOW, NOW)
    assert len(store.claim_traces(NOW, 10, 60)) == 1
    assert store.claim_traces(NOW + 59, 10, 60) == []
    assert len(store.claim_traces(NOW + 60, 10, 60)) == 1


def test_a_trace_of_which_more_came_meanwhile_stays_due(store: SqlStore) -> None:
    store.put_spans([chunk()], NOW, NOW, NOW)
    (claim,) = store.claim_traces(NOW, 10, 60)
    store.put_spans([chunk("b")], NOW, NOW + 5, NOW + 5)
    store.finish_traces([LookedAt(claim)])
    (again,) = store.claim_traces(NOW + 5, 10, 60)
    store.finish_traces([LookedAt(again)])
    assert store.claim_traces(NOW + 1e6, 10, 60) == []


def test_what_is_over_is_sealed_and_what_is_not_stays(store: SqlStore) -> None:
    other = TraceKey("t2", "refunds")
    store.put_spans([chunk(), chunk("x", other)], NOW, NOW, NOW)
    claims = {claim.key: claim for claim in store.claim_traces(NOW, 10, 60)}
    store.finish_traces([LookedAt(claims[KEY]), LookedAt(claims[other], due=NOW + 100)])
    assert store.waiting_spans() == 4
    assert store.seal_traces(NOW + 1, 10) == 1
    assert store.waiting_spans() == 2
    assert spans(store, KEY, other).keys() == {other}
    store.put_spans([chunk("late")], NOW + 2, NOW + 2, NOW + 2)
    (claim,) = store.claim_traces(NOW + 2, 10, 60)
    assert claim.sealed
    store.finish_traces([LookedAt(claim)])
    assert spans(store, KEY) == {}


def test_a_trace_of_nobody_is_forgotten(store: SqlStore) -> None:
    store.put_spans([chunk()], NOW, NOW, NOW)
    (claim,) = store.claim_traces(NOW, 10, 60)
    store.finish_traces([LookedAt(claim, forget=True)])
    assert (store.waiting_spans(), spans(store, KEY)) == (0, {})


def test_runs_are_found_by_what_they_offer_and_want(store: SqlStore) -> None:
    first, second = run("s1", offers="session c"), run("s2", wants="session c")
    record = TaskRecord("t1:s1", "refunds", "", START, completed=True)
    minutes = store.put_runs([StoredRun(KEY, one, "t1:s1") for one in (first, second)], [], [record], [])
    assert list(minutes) == [minute_of(START)]
    assert [one.run for one in store.runs_known_by({("refunds", "session c")}, set())] == [first]
    assert [one.run for one in store.runs_known_by(set(), {("refunds", "session c")})] == [second]
    assert store.runs_known_by({("kyc", "session c")}, set()) == []
    assert {one.run.span for one in store.runs_of([KEY])} == {"s1", "s2"}


def test_a_task_that_is_counted_anew_replaces_the_old_one_in_its_minute_too(store: SqlStore) -> None:
    stored = StoredRun(KEY, run("s1"), "t1:s1")
    later = START + timedelta(minutes=5)
    store.put_runs([stored], [], [TaskRecord("t1:s1", "refunds", "", later, tool_calls=9)], [])
    assert list(store.put_runs([stored], [], [TaskRecord("t1:s1", "refunds", "", later, tool_calls=9)], [])) == []
    earlier = TaskRecord("t1:s1", "refunds", "", START, tool_calls=2)
    assert list(store.put_runs([stored], [], [earlier], [])) == [minute_of(START), minute_of(later)]
    assert store.tasks_touching(["refunds"], [minute_of(START)]) == [earlier]
    assert list(store.put_runs([], [stored], [], [("refunds", "t1:s1")])) == [minute_of(START)]
    assert store.tasks_touching(["refunds"], [minute_of(START)]) == []
    assert store.runs_of([KEY]) == []


def test_counts_add_up_over_minutes_and_processes(store: SqlStore) -> None:
    store.note_spans([SpanCount(5, "span", "x 1", "tool", 3), SpanCount(6, "span", "x 1", "tool", 1)])
    store.note_spans([SpanCount(6, "span", "x 1", "tool", 2), SpanCount(2, "refused", "y", "z", 1)])
    assert store.span_counts(5) == [SpanCount(6, "span", "x 1", "tool", 6)]


def test_old_runs_are_forgotten(store: SqlStore) -> None:
    store.put_spans([chunk()], NOW, NOW, NOW)
    (claim,) = store.claim_traces(NOW, 10, 60)
    store.finish_traces([LookedAt(claim)])
    store.seal_traces(NOW + 1, 10)
    store.put_runs([StoredRun(KEY, run("s1"), "t1:s1")], [], [], [])
    store.note_spans([SpanCount(5, "span", "x 1", "tool", 3)])
    assert store.forget_runs(START) == 0
    assert store.forget_runs(START + timedelta(days=14)) == 1
    assert (store.runs_of([KEY]), store.span_counts(0)) == ([], [])
