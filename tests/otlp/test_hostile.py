"""What no exporter sends: refused or shown, counted, and nothing else disturbed."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from bot.engine.detection.span_receiver import SpanReceiver
from bot.ports.spans import OtlpRequest, ReadRequest
from tests.otlp.house import RULES, OtlpHouse
from tests.otlp.spans import HandSpan, agent, chat, request, sid, tid, tool

JSON = "application/json"


def good(house: OtlpHouse, number: int = 1) -> bytes:
    at = house.engine.clock.now()
    spans = [agent(1, start=-20, end=-10), chat(2, 1, start=-19, end=-18), tool(3, "lookup", 1, start=-17, end=-16)]
    return bytes(request(at, [replace(one, trace=tid(number)) for one in spans]).SerializeToString())


@pytest.fixture(autouse=True)
def _still_counts(house: OtlpHouse) -> Iterator[None]:
    """After each: a good request is stored, and its task counted."""
    yield
    house.rules[0] = RULES
    assert house.send(good(house, 77)).status_code == 200
    house.settle()
    found = [task for task in house.tasks() if task.task_id.startswith(tid(77))]
    assert [(task.tool_calls, task.tokens) for task in found] == [(1, 15)]


def why(body: bytes) -> str:
    """The message of a google.rpc.Status: its field 2."""
    assert body[:1] == b"\x12"
    return body[2 if body[1] < 0x80 else 3 :].decode()


@pytest.mark.parametrize(
    ("body", "form", "encoding", "status"),
    [
        (b"\x0a\xff\xff\xff\x7f", "application/x-protobuf", "", 400),
        (b"\xff" * 1000, "application/x-protobuf", "", 400),
        (b"not gzip", "application/x-protobuf", "gzip", 400),
        (gzip.compress(b"x" * 1000)[:-10], "application/x-protobuf", "gzip", 400),
        (gzip.compress(bytes(1_048_576) * 65), "application/x-protobuf", "gzip", 413),
        (b"x", "application/x-protobuf", "br", 415),
        (b"x", "text/plain", "", 415),
        (b"x", "", "", 415),
        (b"{", JSON, "", 400),
        (b"[]", JSON, "", 400),
        (b"7", JSON, "", 400),
        (b'{"resourceSpans": 7}', JSON, "", 400),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "zz"}]}]}]}', JSON, "", 400),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "\\ud800"}]}]}]}', JSON, "", 400),
        (b"[" * 100_000, JSON, "", 400),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, JSON, "", 400),
        (bytes(9 * 1_048_576), "application/x-protobuf", "", 413),
        (bytes(64 * 1_048_576), "application/x-protobuf", "", 413),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_what_is_no_request_is_refused_in_the_senders_form(
    house: OtlpHouse, body: bytes, form: str, encoding: str, status: int
) -> None:
    more = {"content-encoding": encoding} if encoding else {}
    answer = house.send(body, form=form, **more)
    assert answer.status_code == status
    said = why(answer.content) if form == "application/x-protobuf" else answer.json()["message"]
    assert said
    assert "Traceback" not in said
    assert house.engine.store.waiting_spans() == 0


def test_a_truncated_request_never_counts_half(house: OtlpHouse) -> None:
    whole = good(house)
    for end in range(1, len(whole), 37):
        answer = house.send(whole[:end])
        assert answer.status_code in (200, 400)
    house.settle(31)
    assert all(task.tool_calls <= 1 for task in house.tasks())


def test_tokens(house: OtlpHouse) -> None:
    body = good(house)
    for name, status in (("samples", 403), ("tasks", 200), ("agent:refunds", 200)):
        assert house.send(body, name=name).status_code == status
    assert house.client.post(f"{house.url}/v1/traces", content=body).status_code == 401
    wrong = {"Authorization": "Bearer sdt_wrong", "content-type": "application/x-protobuf"}
    answer = house.client.post(f"{house.url}/v1/traces", content=body, headers=wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/x-protobuf")


def test_without_a_source_of_spans_the_addresses_say_so(house: OtlpHouse) -> None:
    house.rules[0] = None  # type: ignore[call-overload]
    answer = house.send(good(house))
    assert answer.status_code == 404
    assert "kind: otlp" in why(answer.content)


def test_spans_that_cannot_be_are_refused_one_by_one(house: OtlpHouse) -> None:
    at = house.engine.clock.now()
    year = 365 * 86_400.0
    spans = [
        agent(1, start=-20, end=-10),
        replace(agent(2), trace="0" * 32),
        replace(agent(3), span="0" * 16),
        replace(agent(4), trace="ab"),
        replace(agent(5), span="abcdef"),
        replace(agent(6), start=5 * year, end=5 * year + 1),
        replace(agent(7), start=-5 * year, end=-5 * year + 1),
        replace(agent(8), trace=tid(9), start=-30, end=-40),
    ]
    made = request(at, spans)
    made.resource_spans[0].scope_spans[0].spans.add(
        name="no end", trace_id=bytes.fromhex(tid(3)), span_id=bytes.fromhex(sid(30))
    )
    answer = house.send(made.SerializeToString())
    assert answer.status_code == 200
    said = ExportTraceServiceResponse()
    said.ParseFromString(answer.content)
    assert said.partial_success.rejected_spans == 7
    assert "2: no valid trace id" in said.partial_success.error_message
    assert "1: ended more than 14 days ago" in said.partial_success.error_message
    house.settle()
    assert len(house.tasks()) == 2  # the first, and the one that ended before it began
    assert all((task.seconds or 0) >= 0 for task in house.tasks())
    assert ("refused", "a collector", "no valid span id", 2) in house.told()


def test_json_is_answered_in_json_and_means_the_same(house: OtlpHouse) -> None:
    at = int(house.engine.clock.now().timestamp() * 1e9)
    span = {
        "traceId": tid(5),
        "spanId": sid(1),
        "name": "invoke_agent triage",
        "startTimeUnixNano": str(at - 20 * 10**9),
        "endTimeUnixNano": str(at - 10 * 10**9),
        "flags": 256,
        "unknownField": [1],
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}}],
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "refunds-svc"}}]}
    bad = {**span, "spanId": "0" * 16}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span, bad]}]}]}
    answer = house.send(json.dumps(body).encode(), form=f"{JSON}; charset=utf-8")
    assert answer.json() == {"partialSuccess": {"rejectedSpans": "1", "errorMessage": "1: no valid span id"}}
    packed = house.send(gzip.compress(json.dumps(body).encode()), form=JSON, **{"content-encoding": "gzip"})
    assert packed.status_code == 200
    house.settle()
    assert [task.task_id for task in house.tasks()] == [f"{tid(5)}:{sid(1)}"]


def test_ten_thousand_attributes_and_values_of_every_kind(house: OtlpHouse) -> None:
    at = house.engine.clock.now()
    many = {f"key.{number}": "x" * 50 for number in range(10_000)}
    odd = {"gen_ai.usage.input_tokens": "many", "gen_ai.usage.output_tokens": True, "operation.cost": float("nan")}
    spans = [
        agent(1, start=-20, end=-10, about={**many, "session.id": "s\x00\u202e" * 500}),
        chat(2, 1, start=-19, end=-18, about=odd),
        chat(3, 1, start=-19, end=-18, about={"gen_ai.usage.input_tokens": -5, "gen_ai.usage.output_tokens": 10**18}),
        tool(4, "t" * 5000, 1, start=-17, end=-16),
        tool(5, "\x1b[31m\x00", 1, start=-17, end=-16),
    ]
    assert house.send(request(at, spans).SerializeToString()).status_code == 200
    house.settle()
    (task,) = house.tasks()
    assert (task.tool_calls, task.tokens, task.cost) == (2, None, None)
    assert sorted(tool.name for tool in task.tools) == ["?[31m?", "t" * 200]


def test_a_thousand_deep_a_ring_and_a_span_that_is_its_own_parent(house: OtlpHouse) -> None:
    at = house.engine.clock.now()
    deep = [agent(1, start=-20, end=-10)]
    deep += [HandSpan(f"step {n}", sid(n), sid(n - 1), start=-20, end=-11) for n in range(2, 1001)]
    deep += [tool(1001, "deep", 1000, start=-19, end=-18)]
    ring = [
        agent(11, parent=12, start=-20, end=-10),
        tool(12, "ring", 11, start=-20, end=-10),
        agent(13, parent=13, start=-20, end=-10),
    ]
    spans = [*deep, *(replace(one, trace=tid(2)) for one in ring)]
    assert house.send(request(at, spans).SerializeToString()).status_code == 200
    house.settle(61)
    house.settle(121)
    assert [task.tool_calls for task in house.tasks() if task.task_id.startswith(tid(1))] == [1]


def test_a_trace_without_end_is_read_to_a_bound(house: OtlpHouse) -> None:
    at = house.engine.clock.now()
    for start in range(0, 25_000, 5_000):
        spans = [tool(start + n + 10, "again", 1, start=-20, end=-19) for n in range(5_000)]
        assert house.send(request(at, spans).SerializeToString()).status_code == 200
    assert house.send(request(at, [agent(1, start=-21, end=-10)]).SerializeToString()).status_code == 200
    house.settle(31)
    assert sum(task.tool_calls for task in house.tasks()) <= 20_000


class Counted:
    """A reader that reads nothing."""

    def __init__(self) -> None:
        self.asked = 0

    def read(self, request: OtlpRequest, now: float) -> ReadRequest:
        del request, now
        self.asked += 1
        raise OSError("the process that reads spans failed: it ended")

    def close(self) -> None:
        """Nothing is open."""


def test_too_much_that_waits_is_sent_away_with_a_time(house: OtlpHouse) -> None:
    full = SpanReceiver(
        house.engine.store, Counted(), house.engine.clock, lambda: RULES, house.engine.engine.span_counts, most=3
    )
    assert house.send(good(house)).status_code == 200
    full.look()
    took, house.receiver.take = house.receiver.take, full.take  # type: ignore[method-assign]
    answer = house.send(good(house, 2))
    house.receiver.take = took  # type: ignore[method-assign]
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert "3 spans are kept" in why(answer.content)


def test_a_reader_that_dies_is_replaced_and_the_sender_keeps_its_spans(house: OtlpHouse) -> None:
    assert house.send(good(house)).status_code == 200
    reader = house.receiver._reader
    reader.worker.process.kill()  # type: ignore[attr-defined]
    reader.worker.process.wait()  # type: ignore[attr-defined]
    answers = [house.send(good(house, number)) for number in (2, 3)]
    assert answers[-1].status_code == 200
    assert all(one.status_code == 200 or one.headers["retry-after"] == "5" for one in answers)


def test_logs_and_metrics_that_are_not_ours_are_counted_and_not_read(house: OtlpHouse) -> None:
    record = {"body": {"stringValue": "hello"}, "timeUnixNano": "1"}
    logs = {"resourceLogs": [{"scopeLogs": [{"scope": {"name": "app"}, "logRecords": [record]}]}]}
    metrics = {"resourceMetrics": [{"scopeMetrics": [{"scope": {"name": "app"}, "metrics": [{"name": "x"}]}]}]}
    assert house.send(json.dumps(logs).encode(), "logs", form=JSON).json() == {}
    answer = house.send(json.dumps(metrics).encode(), "metrics", form=JSON)
    assert "not read" in answer.json()["partialSuccess"]["errorMessage"]
    house.receiver.look()
    assert ("span", "app", "log record: not read", 1) in house.told()
    assert ("span", "app", "metric: not read", 1) in house.told()


def test_an_empty_request_is_fine(house: OtlpHouse) -> None:
    answer = house.send(ExportTraceServiceRequest().SerializeToString())
    assert (answer.status_code, answer.content) == (200, b"")
