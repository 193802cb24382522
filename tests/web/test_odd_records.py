"""One odd record among good ones: what can be kept is kept, what cannot be is named, and its neighbours are stored."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.web.setup import START, House

NOW = START.isoformat()
TASK: dict[str, Any] = {"task_id": "t-1", "agent": "refunds", "time": NOW, "completed": True}
SAMPLE: dict[str, Any] = {"time": NOW, "agent": "refunds", "workflow": "", "sli": "her", "value": 18.0, "n": 214}
CHANGE: dict[str, Any] = {"id": "c-1", "kind": "deploy", "time": NOW, "summary": "x"}
ODD_TEXTS = {
    "ideographic space": "注文\u3000検索",
    "zero-width non-joiner": "نمی\u200cشود",
    "right-to-left override": "ab\u202ecd",
    "isolate": "\u2067abc\u2069",
    "line break": "a\nb",
    "escape sequence": "\x1b[31mred",
    "emoji of several": "👩\u200d💻",
    "private use": "\ue000",
    "only a space": "\u3000",
}


def send(house: House, path: str, body: object) -> tuple[int, dict[str, Any]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = house.ask("admin", "POST", path, content=raw)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_text_is_taken_as_unicode(house: House, text: str) -> None:
    tools = [{"name": text, "calls": 1}]
    odd = {**TASK, "task_id": text, "workflow": text, "tools": tools, "model": text, "prompt": text}
    assert send(house, "/v1/tasks", [TASK, odd]) == (200, {"stored": 2})
    kept = house.shelf.kept_tasks[1]
    assert (kept.task_id, kept.workflow, kept.tools[0].name, kept.model, kept.prompt) == (text,) * 5
    assert send(house, "/v1/samples", {**SAMPLE, "workflow": text}) == (200, {"stored": 1})
    assert house.shelf.kept_samples[0].series.workflow == text
    change = {**CHANGE, "id": text, "summary": text, "tools": [text], "version": text, "by": text}
    assert send(house, "/v1/changes", change) == (200, {"stored": 1})
    assert house.feed.kept[text].summary == text
    read = house.ask("admin", "GET", "/v1/changes")
    assert read.json()["changes"][0]["summary"] == text
    assert read.text.isascii(), "what moves or hides in a terminal is spelt out"


@pytest.mark.parametrize("text", [b"\\u0000", b"\\ud800", b"\\udc00x", b"\xff", b"\xc3(", b"\x00"])
@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/samples", "/v1/changes"])
def test_what_is_no_text_refuses_its_own_record_alone(house: House, path: str, text: bytes) -> None:
    good, field = {"tasks": (TASK, "task_id"), "samples": (SAMPLE, "workflow"), "changes": (CHANGE, "summary")}[
        path.removeprefix("/v1/")
    ]
    raw = json.dumps([good, {**good, "id": "c-2", field: "a@b"} if path == "/v1/changes" else {**good, field: "a@b"}])
    status, body = send(house, path, raw.encode().replace(b"@", text))
    assert (status, body["stored"], body["refused"]) == (207, 1, [1])
    assert [fault["field"] for fault in body["faults"]] == [field]
    assert "no NUL and no half of a surrogate pair" in body["faults"][0]["allowed"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "9" * 5000, "-" + "9" * 5000])
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/tasks", "cost"),
        ("/v1/tasks", "tool_calls"),
        ("/v1/tasks", "decision_confidence"),
        ("/v1/tasks", "time"),
        ("/v1/samples", "value"),
        ("/v1/samples", "n"),
        ("/v1/changes", "time"),
    ],
)
def test_a_number_beyond_all_limits_refuses_its_own_record_alone(
    house: House, path: str, field: str, number: str
) -> None:
    good = {"/v1/tasks": TASK, "/v1/samples": SAMPLE, "/v1/changes": CHANGE}[path]
    raw = json.dumps([good, {**good, field: "@"}, {**good, "workflow": ""} if path != "/v1/changes" else good])
    status, body = send(house, path, raw.replace('"@"', number).encode())
    assert (status, body["stored"], body["refused"]) == (207, 2, [1])
    assert [fault["field"] for fault in body["faults"]] == [field]


@pytest.mark.parametrize("odd", [None, 3, "x", [], [[]], {}, {"agent": None}, {"\ud800": 1}, {"agent": {"a": 1}}])
@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/samples", "/v1/changes"])
def test_what_is_no_record_keeps_nobody_out(house: House, path: str, odd: object) -> None:
    good = {"/v1/tasks": TASK, "/v1/samples": SAMPLE, "/v1/changes": CHANGE}[path]
    status, body = send(house, path, [odd, good])
    assert (status, body["stored"], body["refused"]) == (207, 1, [0])


@pytest.mark.parametrize("off", [timedelta(seconds=45), timedelta(hours=2), timedelta(days=-15), timedelta(days=-9000)])
def test_a_clock_that_is_off_refuses_its_own_records_alone(house: House, off: timedelta) -> None:
    rows = [{**TASK, "task_id": f"t-{number}"} for number in range(80)]
    for row in rows[10:60]:
        row["time"] = (START + off).isoformat()
    status, body = send(house, "/v1/tasks", rows)
    assert (status, body["stored"], body["refused"]) == (207, 30, list(range(10, 60)))
    assert len(house.shelf.kept_tasks) == 30
    ((agents, why),) = house.shelf.kept_refusals
    assert agents == {"refunds": 50}
    assert "time" in why


def test_an_unknown_agent_among_known_ones(house: House) -> None:
    status, body = send(house, "/v1/samples", [SAMPLE, {**SAMPLE, "agent": "refnds"}, {**SAMPLE, "agent": "kyc"}])
    assert (status, body["stored"], body["refused"]) == (207, 2, [1])
    assert "Did you mean 'refunds'?" in body["faults"][0]["allowed"]


def test_all_refused_places_are_told_even_where_not_all_faults_are(house: House) -> None:
    rows = [{**TASK, "cost": -1} for _ in range(4_999)] + [TASK]
    status, body = send(house, "/v1/tasks", rows)
    assert (status, body["stored"], len(body["faults"])) == (207, 1, 100)
    assert body["refused"] == list(range(4_999))


def test_a_byte_order_mark_is_no_fault(house: House) -> None:
    assert send(house, "/v1/tasks", b"\xef\xbb\xbf" + json.dumps(TASK).encode())[0] == 200


def test_sending_the_same_again_answers_the_same(house: House) -> None:
    rows = [TASK, {**TASK, "cost": -1}, {**TASK, "task_id": "t-2"}]
    assert send(house, "/v1/tasks", rows) == send(house, "/v1/tasks", rows)
