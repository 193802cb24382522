"""Spans to runs to tasks: each counted once, in whatever order and however often they come."""

import itertools
import random
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.telemetry.traces.trace_rules import AgentRules, GoodEvaluation, Markers, Price
from bot.sources.otlp.worker import SpanWorker
from tests.otlp.house import RULES, OtlpHouse, changed, open_otlp
from tests.otlp.spans import REMOTE, HandSpan, agent, chat, other, request, tid, tool


def post(house: OtlpHouse, *spans: HandSpan, name: str = "tasks", service: str = "refunds-svc") -> None:
    at = house.engine.clock.now()
    moved = [replace(one, start=one.start - 60, end=one.end - 60) for one in spans]
    answer = house.send(request(at, moved, service).SerializeToString(), name=name)
    assert (answer.status_code, answer.content) == (200, b"")


RUN = (
    agent(1, start=0, end=20),
    chat(2, 1, start=1, end=2),
    tool(3, "lookup", 1, start=3, end=4, about={"gen_ai.tool.call.id": "c1", "gen_ai.tool.call.arguments": "{1}"}),
    tool(4, "lookup", 1, start=5, end=6, about={"gen_ai.tool.call.id": "c2", "gen_ai.tool.call.arguments": "{1}"}),
    chat(5, 1, start=7, end=8),
    tool(6, "ask", 1, start=9, end=15, about={"gen_ai.tool.call.id": "c3", "gen_ai.tool.call.arguments": "{2}"}),
    agent(7, "helper", 6, start=10, end=14),
    chat(8, 7, 100, 50, start=11, end=12),
    chat(9, 1, start=16, end=17),
)
"""One run by hand: 3 calls (one repeats), 4 chats, 15 + 15 + 150 + 15 tokens, a sub-agent that is no task."""


def insist_run(house: OtlpHouse) -> None:
    (task,) = house.tasks()
    assert (task.tool_calls, task.repeated_calls, task.tokens, task.steps, task.seconds) == (3, 1, 195, 7, 20)
    assert [(one.name, one.calls, one.errors) for one in task.tools] == [("ask", 1, 0), ("lookup", 2, 0)]


def test_a_run_worked_by_hand(house: OtlpHouse) -> None:
    post(house, *RUN)
    house.settle()
    insist_run(house)


@pytest.mark.parametrize("seed", range(6))
def test_any_order_any_batches_and_repeats_make_the_same_task(house: OtlpHouse, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - an order, not a secret
    spans = [*RUN, *chance.sample(RUN, 4)]
    chance.shuffle(spans)
    while spans:
        count = chance.randint(1, 4)
        post(house, *spans[:count])
        spans = spans[count:]
        if chance.random() < 0.5:
            house.settle(chance.choice([1, 15, 40]))
    post(house, *RUN)  # an exporter that is not sure sends all of it again
    house.settle(31)
    insist_run(house)


def test_spans_that_are_late_correct_the_task_and_no_minute_counts_twice(house: OtlpHouse) -> None:
    at = house.engine.clock.now()
    post(house, *RUN[:2])
    house.settle()
    assert [task.tool_calls for task in house.tasks()] == [0]
    post(house, *RUN[2:])
    house.settle(31)
    insist_run(house)
    rows = [house.minute("tie", at.replace(minute=minute)) for minute in range(59)]
    assert sum(row.n or 0 for row in rows if row is not None) == 0
    stored = house.engine.store.minutes_of(["refunds"], 0, 10**9)
    assert sum(row.n or 0 for series, found in stored.items() if series.sli == "tie" for row in found) == 1


def test_an_agent_below_a_caller_that_comes_late_is_never_a_task(house: OtlpHouse) -> None:
    post(house, *(one for one in RUN if one.span != RUN[0].span))
    house.settle(31)
    assert house.tasks() == []
    post(house, RUN[0])
    house.settle()
    insist_run(house)


def test_one_whose_caller_never_comes_is_a_task_in_the_end(house: OtlpHouse) -> None:
    post(house, agent(1, parent=99), chat(2, 1))
    house.settle(31)
    assert house.tasks() == []
    house.settle(120)
    assert [task.tokens for task in house.tasks()] == [15]
    post(house, agent(99, start=-1, end=5))  # it comes after all: what was counted is taken back
    house.settle()
    assert [(task.task_id, task.tokens) for task in house.tasks()] == [(f"{tid(1)}:{99:016x}", 15)]


def test_an_agent_called_over_the_network_is_a_task_at_once(house: OtlpHouse) -> None:
    post(house, agent(1, parent=99, flags=REMOTE), chat(2, 1))
    house.settle()
    assert [task.tokens for task in house.tasks()] == [15]


def test_a_hundred_runs_below_one_job_are_a_hundred_tasks(house: OtlpHouse) -> None:
    runs = [
        one
        for place in range(100)
        for one in (agent(10 * place + 10, parent=1), chat(10 * place + 11, place * 10 + 10))
    ]
    post(house, *runs, other(1, "nightly job", start=-1, end=50))
    house.settle(31)
    assert [task.tokens for task in house.tasks()] == [15] * 100


def test_another_agent_of_the_fleet_inside_a_run_has_a_task_of_its_own(house: OtlpHouse) -> None:
    house.rules[0] = replace(RULES, agents={**RULES.agents, "kyc": AgentRules(agent=("kyc-*",))})
    inside = agent(10, "kyc-checker", 3, start=3, end=4)
    post(house, *RUN, inside, tool(11, "register", 10, start=3, end=4), chat(12, 10, 7, 0, start=3, end=4))
    house.settle()
    insist_run(house)
    assert [(task.tool_calls, task.tokens) for task in house.tasks("kyc")] == [(1, 7)]


def test_two_instrumentations_of_one_call_are_one_call(house: OtlpHouse) -> None:
    inner = replace(tool(3, "lookup", 2), about={"openinference.span.kind": "TOOL", "tool.name": "lookup"})
    post(house, agent(1), tool(2, "lookup", 1), inner, chat(4, 1), chat(5, 4))
    house.settle()
    assert [(task.tool_calls, task.tokens, task.steps) for task in house.tasks()] == [(1, 15, 2)]


def test_an_agents_own_sum_is_not_added_to_its_models(house: OtlpHouse) -> None:
    total = {"gen_ai.usage.input_tokens": 20, "gen_ai.usage.output_tokens": 10}
    post(house, agent(1, about=total), chat(2, 1), chat(3, 1))
    post(house, replace(agent(4, about=total), trace=tid(2)))
    house.settle()
    assert sorted(task.tokens or 0 for task in house.tasks()) == [30, 30]


def test_the_price_table_and_what_the_spans_say(house: OtlpHouse) -> None:
    house.rules[0] = replace(RULES, prices={"gpt-*": Price(2.0, 10.0)})
    post(house, agent(1), chat(2, 1, 1_000_000, 100_000))
    said = chat(12, 11, about={"operation.cost": 0.25})
    post(house, *(replace(one, trace=tid(2)) for one in (agent(11), said)))
    unknown = chat(22, 21, about={"gen_ai.response.model": "other"})
    post(house, *(replace(one, trace=tid(3)) for one in (agent(21), unknown, chat(23, 21))))
    house.settle()
    assert {task.task_id[-2:]: task.cost for task in house.tasks()} == {"01": 3.0, "0b": 0.25, "15": None}


WAITS = changed(RULES, waits=Markers(tools=("refund",)))


def halves(session: str = "c") -> tuple[list[HandSpan], list[HandSpan]]:
    """A run that stops at `refund`, and the run that goes on with it."""
    about = {"gen_ai.conversation.id": session} if session else {}
    call = {"gen_ai.tool.call.arguments": "{7}"}
    first = [agent(1, about=about, end=5), chat(2, 1, start=1, end=2), tool(3, "refund", 1, start=3, end=4, about=call)]
    second = [
        agent(11, about=about, start=30, end=40),
        tool(12, "refund", 11, start=31, end=32, about=call),
        chat(13, 11, start=33, end=34),
    ]
    return first, [replace(one, trace=tid(2)) for one in second]


@pytest.mark.parametrize("session", ["c", ""])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_run_that_waits_and_goes_on_is_one_task(house: OtlpHouse, session: str, order: tuple[int, int]) -> None:
    house.rules[0] = WAITS
    parts = halves(session)
    for place in order:
        post(house, *parts[place])
        house.settle()
    (task,) = house.tasks()
    assert (task.tool_calls, task.tokens, task.completed, task.pending_approval) == (1, 30, True, False)
    assert task.seconds == 15


def test_while_it_waits_it_is_in_the_queue_and_nobody_calls_it_done(house: OtlpHouse) -> None:
    house.rules[0] = WAITS
    post(house, *halves()[0])
    house.settle()
    (task,) = house.tasks()
    assert (task.waits, task.completed, task.success, task.tool_calls) == (True, False, None, 0)


def test_turns_of_one_conversation_are_a_task_each(house: OtlpHouse) -> None:
    about = {"gen_ai.conversation.id": "c"}
    for turn in range(5):
        spans = (agent(1, about=about, start=turn * 10), chat(2, 1, start=turn * 10))
        post(house, *(replace(one, trace=tid(turn + 1)) for one in spans))
        house.settle()
    assert len(house.tasks()) == 5


def test_a_wait_can_be_told_by_calls_that_nobody_made(house: OtlpHouse) -> None:
    house.rules[0] = changed(RULES, waits=Markers(unanswered_calls=True))
    post(house, agent(1), chat(2, 1, about={"gen_ai.response.finish_reasons": ["tool_calls"]}))
    post(
        house,
        *(
            replace(one, trace=tid(2))
            for one in (agent(1), chat(2, 1, about={"gen_ai.response.finish_reasons": ["stop"]}))
        ),
    )
    house.settle()
    assert sorted(bool(task.pending_approval) for task in house.tasks()) == [False, True]


def test_what_nobody_said_is_unknown_and_never_0(house: OtlpHouse) -> None:
    house.rules[0] = changed(RULES, escalates=None)
    at = house.engine.clock.now()
    post(house, *RUN)
    house.settle()
    (task,) = house.tasks()
    assert (task.required_escalation, task.pending_approval, task.decision_correct) == (None, None, None)
    ended = at.fromtimestamp(at.timestamp() - 40, at.tzinfo)
    for sli, n in (("her", 0), ("dqr", 0), ("tie", 1)):
        row = house.minute(sli, ended)
        assert row is not None
        assert (row.n, row.value is None) == (n, n == 0)


def test_an_evaluation_judges_the_run_also_when_its_spans_are_gone(house: OtlpHouse) -> None:
    house.rules[0] = changed(RULES, good=GoodEvaluation("correctness", at_least=0.7))
    post(house, *RUN)
    house.settle()
    house.settle(301)
    assert house.engine.store.waiting_spans() == 0
    record = {
        "traceId": tid(1),
        "spanId": RUN[0].span,
        "timeUnixNano": str(int(house.engine.clock.now().timestamp() * 1e9)),
        "eventName": "gen_ai.evaluation.result",
        "attributes": [
            {"key": "gen_ai.evaluation.name", "value": {"stringValue": "correctness"}},
            {"key": "gen_ai.evaluation.score.value", "value": {"doubleValue": 0.9}},
        ],
    }
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    answer = house.client.post(f"{house.url}/v1/logs", json=body, headers=house.token("tasks"))
    assert (answer.status_code, answer.json()) == (200, {})
    house.settle(31)
    assert [task.decision_correct for task in house.tasks()] == [True]


def test_a_sample_is_refused_unless_its_share_is_declared(house: OtlpHouse) -> None:
    post(house, replace(agent(1), state="ot=th:8"), chat(2, 1))
    house.settle()
    assert house.tasks() == []
    assert ("refused", "refunds", "runs of a sample whose share is not declared", 1) in house.told()
    house.rules[0] = replace(WAITS, sampled=0.5)
    post(house, *(replace(one, trace=tid(2)) for one in (replace(agent(1), state="ot=th:8"), chat(2, 1))))
    house.settle()
    assert [(task.tokens, task.pending_approval) for task in house.tasks()] == [(15, None)]


def test_spans_of_nobody_are_let_go_of_and_strangers_are_told_of(house: OtlpHouse) -> None:
    post(house, other(1, "GET /health"), other(2, "SELECT", 1))
    post(house, *(replace(one, trace=tid(2)) for one in (agent(1, "nobody-knows"), chat(2, 1))), service="elsewhere")
    house.settle(31)
    house.settle(121)
    assert house.tasks() == []
    assert ("stranger", "elsewhere / nobody-knows", "no agent of the fleet file", 1) in house.told()
    house.engine.engine.findings.tick()
    (ticket,) = house.engine.store.tickets([""])
    assert ticket.text.startswith(
        "agent 'elsewhere / nobody-knows' is not in the fleet file: spans of its runs come in."
    )
    house.settle(301)
    assert house.engine.store.waiting_spans() == 0


def test_a_workflow_of_spans_that_nobody_listed_is_told_of(house: OtlpHouse) -> None:
    flow = {"gen_ai.workflow.name": "chargeback-v2"}
    post(house, replace(agent(1), about={**agent(1).about, **flow}), chat(2, 1))
    house.settle()
    assert [task.workflow for task in house.tasks()] == [""]
    house.engine.engine.findings.tick()
    texts = [ticket.text for ticket in house.engine.store.tickets(["refunds"])]
    assert any(
        text.startswith("workflow 'chargeback-v2' is not in the fleet file: spans of its runs") for text in texts
    )


def test_another_agents_token_counts_for_nobody_else(house: OtlpHouse) -> None:
    at = house.engine.clock.now()
    post(house, *RUN)
    forged = request(
        at, [replace(one, start=-40, end=-39) for one in (agent(21, "triage", parent=1), tool(22, "x", 21))]
    )
    assert house.send(forged.SerializeToString(), name="agent:kyc").status_code == 200
    house.settle()
    insist_run(house)
    house.settle(121)
    assert house.tasks("kyc") == []
    assert ("stranger", "refunds-svc / triage", "the token is that of agent kyc", 1) in house.told()


def test_a_restart_between_any_two_steps_loses_and_doubles_nothing(tmp_path: Path, worker: SpanWorker) -> None:
    for place in itertools.count():
        if place > len(RUN):
            break
        with open_otlp(tmp_path, worker) as house:
            if place < len(RUN):
                post(house, RUN[place])
            house.engine.clock.advance(place)
            if place % 3 == 0:
                house.engine.engine.span_join.tick()
    with open_otlp(tmp_path, worker) as house:
        post(house, *RUN[-3:])
        house.settle(60)
        insist_run(house)


def test_what_was_done_below_a_span_that_never_came_belongs_to_the_traces_only_run(house: OtlpHouse) -> None:
    """A run that is broken off never sends the step that it was in, but the calls in it."""
    post(house, agent(1, end=9), chat(2, 77, start=1, end=2), tool(3, "lookup", 77, start=3, end=4))
    house.settle()
    assert [(task.tool_calls, task.tokens) for task in house.tasks()] == [(1, 15)]


@pytest.mark.parametrize("stray", ["of another process", "of another time", "of another run"])
def test_other_strays_are_nobodys(house: OtlpHouse, stray: str) -> None:
    lost = tool(3, "lookup", 77, start=3, end=4)
    lost = replace(lost, flags=REMOTE) if stray == "of another process" else lost
    lost = replace(lost, start=12, end=13) if stray == "of another time" else lost
    second = [agent(5, start=0, end=9), chat(6, 5)] if stray == "of another run" else []
    post(house, agent(1, end=9), chat(2, 1), lost, *second)
    house.settle()
    assert {(task.tool_calls, task.tokens) for task in house.tasks()} == {(0, 15)}


def test_a_run_that_goes_on_is_known_by_the_call_that_its_model_asked_for(house: OtlpHouse) -> None:
    """No span is the wait, and nothing but the call's id leads from one run to the other."""
    house.rules[0] = changed(RULES, waits=Markers(unanswered_calls=True))
    said = '[{"role": "assistant", "parts": [{"type": "tool_call", "id": "call_13", "name": "refund"}]}]'
    asks = {"gen_ai.response.finish_reasons": "tool_calls", "gen_ai.output.messages": said}
    post(house, agent(1, end=5), chat(2, 1, start=1, end=2, about=asks))
    house.settle()
    assert [task.waits for task in house.tasks()] == [True]
    called = tool(4, "refund", 3, start=21, end=22, about={"gen_ai.tool.call.id": "call_13"})
    later = [agent(3, start=20, end=25), called, chat(5, 3, start=23, end=24)]
    post(house, *(replace(one, trace=tid(2)) for one in later))
    house.settle()
    assert [(task.waits, task.completed, task.tool_calls, task.tokens) for task in house.tasks()] == [
        (False, True, 1, 30)
    ]


def test_what_is_written_of_spans_lets_pages_go_first_and_what_is_judged_does_not(
    house: OtlpHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, seen = house.engine.store, list[tuple[str, bool]]()

    def noted(name: str) -> None:
        whole = getattr(store, name)

        def note(*given: object, **named: object) -> object:
            seen.append((name, store.database.yields()))
            return whole(*given, **named)

        monkeypatch.setattr(store, name, note)

    for name in ("put_spans", "put_runs", "finish_traces", "seal_traces", "put_minutes"):
        noted(name)
    post(house, *RUN)
    house.settle()
    insist_run(house)
    assert set(seen) == {
        ("put_spans", True),
        ("put_runs", True),
        ("finish_traces", True),
        ("seal_traces", True),
        ("put_minutes", False),
    }


def test_however_many_small_traces_come_a_tick_counts_and_lets_go_of_them(
    house: OtlpHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AT_ONCE", "BATCHES", "SEALINGS"):
        monkeypatch.setattr(f"bot.engine.detection.span_join.{name}", 2)
    post(house, *(replace(agent(1), trace=tid(n)) for n in range(1, 22)))
    house.settle()
    assert len(house.tasks()) == 21
    assert house.engine.store.waiting_spans() == 21
    house.settle(301)
    assert house.engine.store.waiting_spans() == 0
