import json
import threading
from datetime import datetime, timedelta

import httpx
import pytest

from bot.core.model.aliases import Aliases
from bot.core.model.samples import Sample, Series
from bot.core.telemetry.task_records import TaskRecord
from tests.support.patience import PATIENCE
from tests.web.setup import START, House, Open

NOW = START.isoformat()
SAMPLE = {"time": NOW, "agent": "refunds", "workflow": "refund", "sli": "her", "value": 18.0, "n": 214}
TASK = {"task_id": "t-1", "agent": "refunds", "task_class": "refund", "time": NOW, "completed": True}


def faults(answer: object) -> list[tuple[int, str, str]]:
    return [(f["index"], f["field"], f["found"]) for f in answer.json()["faults"]]  # type: ignore[attr-defined]


def test_samples_are_stored(house: House) -> None:
    answer = house.ask("samples", "POST", "/v1/samples", json=[SAMPLE, {**SAMPLE, "agent": "kyc", "workflow": ""}])
    assert (answer.status_code, answer.json()) == (200, {"stored": 2})
    assert house.shelf.kept_samples == [
        Sample(Series("refunds", "refund", "her"), START, 18.0, 214.0),
        Sample(Series("kyc", "", "her"), START, 18.0, 214.0),
    ]
    assert house.counted("stepdown_intake_records_total", kind="sample", outcome="stored") == 2


def test_a_task_is_stored(house: House) -> None:
    full = {
        **TASK,
        "tool_calls": 6,
        "required_escalation": True,
        "pending_approval": True,
        "decision_confidence": 0.5,
        "decision_correct": False,
        "success": True,
        "cost": 0.25,
    }
    assert house.ask("tasks", "POST", "/v1/tasks", json=full).json() == {"stored": 1}
    assert house.shelf.kept_tasks == [
        TaskRecord("t-1", "refunds", "refund", START, 6, True, True, True, 0.5, False, True, 0.25),
    ]


@pytest.mark.parametrize("name", ["workflow", "task_class"])
def test_the_workflow_has_two_names(house: House, name: str) -> None:
    record = {key: value for key, value in TASK.items() if key != "task_class"}
    house.ask("tasks", "POST", "/v1/tasks", json={**record, name: "goodwill"})
    assert house.shelf.kept_tasks[0].workflow == "goodwill"


@pytest.mark.parametrize(
    "time", [START.timestamp(), int(START.timestamp()), "2026-03-01T03:14:00+01:00", "20260301T0214Z"]
)
def test_a_time_may_be_written_in_several_ways(house: House, time: object) -> None:
    assert house.ask("tasks", "POST", "/v1/tasks", json={**TASK, "time": time}).status_code == 200
    assert house.shelf.kept_tasks[0].at == START


@pytest.mark.parametrize(
    ("change", "field", "found", "allowed"),
    [
        ({"decision_confidence": 7}, "decision_confidence", "7", "a number from 0 to 1"),
        ({"decision_confidence": -0.1}, "decision_confidence", "-0.1", "a number from 0 to 1"),
        ({"decision_confidence": "0.9"}, "decision_confidence", "'0.9'", "a number from 0 to 1"),
        ({"agent": "refnds"}, "agent", "'refnds'", "Did you mean 'refunds'?"),
        ({"tool_calls": -1}, "tool_calls", "-1", "a whole number"),
        ({"tool_calls": 1.5}, "tool_calls", "1.5", "a whole number"),
        ({"tool_calls": True}, "tool_calls", "True", "a whole number"),
        ({"cost": -1}, "cost", "-1", "0 or more"),
        ({"completed": "yes"}, "completed", "'yes'", "true or false"),
        ({"task_id": ""}, "task_id", "''", "1 to 200"),
        ({"task_id": "a\x00b"}, "task_id", r"'a\x00b'", "no NUL"),
        ({"time": "2026-03-01T02:14:00"}, "time", "'2026-03-01T02:14:00'", "with an offset"),
        ({"time": "yesterday"}, "time", "'yesterday'", "ISO 8601"),
        ({"time": 1e300}, "time", "1e+300", "seconds since 1970"),
        (
            {"decison_correct": True},
            "'decison_correct'",
            "a field that is not known",
            "Did you mean 'decision_correct'?",
        ),
        ({"workflow": "refund"}, "task_class", "'refund'", "not both"),
    ],
)
def test_a_bad_task_is_refused_and_its_neighbours_are_stored(
    house: House, change: dict[str, object], field: str, found: str, allowed: str
) -> None:
    answer = house.ask("tasks", "POST", "/v1/tasks", json=[TASK, {**TASK, **change}, {**TASK, "task_id": "t-3"}])
    assert answer.status_code == 207
    (fault,) = answer.json()["faults"]
    assert (fault["index"], fault["field"], fault["found"]) == (1, field, found)
    assert allowed in fault["allowed"]
    assert answer.json() | {"faults": []} == {
        "error": "1 record of 3 refused, 1 fault found",
        "stored": 2,
        "refused": [1],
        "faults": [],
    }
    assert [task.task_id for task in house.shelf.kept_tasks] == ["t-1", "t-3"]
    assert house.counted("stepdown_intake_records_total", kind="task", outcome="refused") == 1
    assert house.counted("stepdown_intake_records_total", kind="task", outcome="stored") == 2


@pytest.mark.parametrize(
    ("change", "field", "found"),
    [
        ({"sli": "hre"}, "sli", "'hre'"),
        ({"value": 101}, "value", "101.0"),
        ({"value": -1}, "value", "-1.0"),
        ({"value": None}, "value", "None"),
        ({"value": "18"}, "value", "'18'"),
        ({"value": True}, "value", "True"),
        ({"n": -1}, "n", "-1"),
        ({"agent": 3}, "agent", "3"),
    ],
)
def test_a_bad_sample_is_refused(house: House, change: dict[str, object], field: str, found: str) -> None:
    answer = house.ask("samples", "POST", "/v1/samples", json={**SAMPLE, **change})
    assert (answer.status_code, faults(answer)) == (422, [(0, field, found)])
    assert not house.shelf.kept_samples


def test_a_workflow_that_cannot_be_weighed_is_refused(house: House) -> None:
    """HER is watched for the agent as a whole: a share without its tasks would be stored and judged by nobody."""
    record = {key: value for key, value in SAMPLE.items() if key != "n"}
    answer = house.ask("samples", "POST", "/v1/samples", json=record)
    assert (answer.status_code, faults(answer)) == (422, [(0, "n", "nothing")])
    assert "her is watched for the agent as a whole, and workflows are weighed by n" in answer.text
    assert house.ask("samples", "POST", "/v1/samples", json={**record, "workflow": ""}).status_code == 200


def test_an_sli_that_is_watched_by_workflow_wants_to_know_which(house: House) -> None:
    answer = house.ask("samples", "POST", "/v1/samples", json={**SAMPLE, "workflow": "", "sli": "replans"})
    assert (answer.status_code, faults(answer)) == (422, [(0, "workflow", "nothing")])
    assert "replans is watched for refund" in answer.text
    assert house.ask("samples", "POST", "/v1/samples", json={**SAMPLE, "sli": "replans"}).status_code == 200


def test_n_without_a_value_is_refused(house: House) -> None:
    record = {key: value for key, value in SAMPLE.items() if key != "value"}
    answer = house.ask("samples", "POST", "/v1/samples", json=record)
    assert faults(answer) == [(0, "value", "nothing")]


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("field", ["value", "n"])
def test_a_number_that_is_none_is_refused(house: House, field: str, literal: str) -> None:
    body = json.dumps({**SAMPLE, field: "@"}).replace('"@"', literal)
    answer = house.ask("samples", "POST", "/v1/samples", content=body)
    assert (answer.status_code, faults(answer)[0][1]) == (422, field)


@pytest.mark.parametrize(
    ("off", "status"),
    [
        (timedelta(seconds=30), 200),
        (timedelta(seconds=31), 422),
        (timedelta(days=-14), 200),
        (timedelta(days=-14, seconds=-1), 422),
    ],
)
def test_a_time_must_be_plausible(house: House, off: timedelta, status: int) -> None:
    record = {**SAMPLE, "time": (START + off).isoformat()}
    assert house.ask("samples", "POST", "/v1/samples", json=record).status_code == status


def test_every_fault_of_every_record_is_named_up_to_a_hundred(house: House) -> None:
    wrong = {"time": NOW, "agent": "refunds", "sli": "her"}
    answer = house.ask("samples", "POST", "/v1/samples", json=[{**wrong, "n": -1}] * 100)
    assert answer.json()["error"] == "200 faults found; nothing was stored"
    assert len(answer.json()["faults"]) == 100
    assert [field for _, field, _ in faults(answer)[:2]] == ["value", "n"]


def test_a_list_may_be_empty_full_and_not_more(house: House) -> None:
    small = {"time": NOW, "agent": "kyc", "sli": "her", "value": 1}
    for count, status in ((0, 200), (5_000, 200), (5_001, 422)):
        answer = house.ask("samples", "POST", "/v1/samples", json=[small] * count)
        assert answer.status_code == status
    assert len(house.shelf.kept_samples) == 5_000


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[1,", b"nul", b'{"a": \xff}', b"[" * 5000])
def test_malformed_json_is_one_clear_line(house: House, body: bytes) -> None:
    answer = house.ask("tasks", "POST", "/v1/tasks", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("the body is not JSON: ")
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize("body", [b"3", b'"x"', b"null", b"[[]]", b"[3]"])
def test_json_that_is_no_record_is_refused(house: House, body: bytes) -> None:
    answer = house.ask("tasks", "POST", "/v1/tasks", content=body)
    assert (answer.status_code, answer.json()["faults"][0]["allowed"]) == (422, "a JSON object for each record")


def test_a_body_has_a_limit_announced_or_not(house: House) -> None:
    def drip() -> object:
        for _ in range(20):
            yield b" " * 65_536

    for body in (b" " * 1_048_577, drip()):
        answer = house.ask("tasks", "POST", "/v1/tasks", content=body)
        assert (answer.status_code, answer.json()["error"][:23]) == (413, "the body is larger than")
    assert house.ask("tasks", "POST", "/v1/tasks", content=b" " * 1_048_574 + b"[]").status_code == 200


def test_who_may_report(house: House) -> None:
    assert house.client.post("/v1/tasks", json=TASK).status_code == 401
    for name, path in (("samples", "/v1/tasks"), ("tasks", "/v1/samples"), ("responder", "/v1/tasks")):
        refused = house.ask(name, "POST", path, json=[])
        assert (refused.status_code, "may not do this" in refused.json()["error"]) == (403, True)
    assert house.ask("agent:refunds", "POST", "/v1/tasks", json=TASK).status_code == 200
    assert house.ask("admin", "POST", "/v1/tasks", json=TASK).status_code == 200


def test_an_agent_reports_for_itself_alone(house: House) -> None:
    own, known, unknown = ({**TASK, "agent": name} for name in ("kyc", "refunds", "nobody"))
    answer = house.ask("agent:kyc", "POST", "/v1/tasks", json=[own, known, unknown])
    assert (answer.status_code, answer.json()["stored"], answer.json()["refused"]) == (207, 1, [1, 2])
    assert {fault["allowed"] for fault in answer.json()["faults"]} == {
        "'kyc' only: this token reports for that agent alone"
    }
    assert [task.agent for task in house.shelf.kept_tasks] == ["kyc"]
    assert not house.shelf.kept_refusals, "nobody puts another agent's minutes in doubt"
    answer = house.ask("agent:kyc", "POST", "/v1/tasks", json=[known, unknown])
    assert (answer.status_code, answer.json()["stored"]) == (403, 0)


def test_with_no_token_configured_it_is_off(opened: Open) -> None:
    shut = opened(names=("responder",))
    answer = shut.ask("responder", "POST", "/v1/samples", json=SAMPLE)
    assert answer.status_code == 403
    assert answer.json()["error"].startswith("this endpoint is off: no token is configured for it.")


def test_a_dead_store_is_a_clear_500(house: House) -> None:
    house.shelf.broken = True
    # The server ends the connection after such an answer; said here, so that the next test does not reuse it.
    answer = house.ask("tasks", "POST", "/v1/tasks", json=TASK, headers={"Connection": "close"})
    assert (answer.status_code, answer.json()["error"]) == (
        500,
        "Stepdown failed to answer this request; nothing was changed. Try again",
    )
    assert "disk" not in answer.text


def test_a_slow_store_delays_no_poll(house: House) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def stuck(samples: object, received_at: datetime) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    house.shelf.samples = stuck  # type: ignore[method-assign]

    def post() -> None:
        answer = httpx.post(
            f"{house.url}/v1/samples", json=SAMPLE, headers=house.auth("samples"), timeout=PATIENCE, trust_env=False
        )
        statuses.append(answer.status_code)

    statuses: list[int] = []
    posts = [threading.Thread(target=post) for _ in range(6)]
    for thread in posts:
        thread.start()
    try:
        assert begun.wait(PATIENCE)
        assert house.autonomy().status_code == 200
        assert statuses == [], "the poll was answered while every push still waited"
    finally:
        go_on.set()
        for thread in posts:
            thread.join()
    assert statuses == [200] * 6


def test_a_workflow_that_nobody_listed_is_taken(house: House) -> None:
    """It works, so it counts for the agent as a whole; that it is not listed is a finding, not a refusal."""
    assert house.ask("tasks", "POST", "/v1/tasks", json={**TASK, "task_class": "chargeback-v2"}).status_code == 200
    assert house.shelf.kept_tasks[0].workflow == "chargeback-v2"
    assert house.ask("samples", "POST", "/v1/samples", json={**SAMPLE, "workflow": "chargeback-v2"}).status_code == 200
    assert house.shelf.kept_samples[0].series == Series("refunds", "chargeback-v2", "her")


def test_a_sample_of_an_unlisted_workflow_that_nobody_would_judge_is_refused(house: House) -> None:
    answer = house.ask("samples", "POST", "/v1/samples", json={**SAMPLE, "workflow": "new", "sli": "replans"})
    assert (answer.status_code, faults(answer)) == (422, [(0, "workflow", "'new'")])


def test_refused_records_are_told_of_by_agent(house: House) -> None:
    ahead = (START + timedelta(seconds=45)).isoformat()
    rows = [{**TASK, "time": ahead}, TASK, {**TASK, "agent": "stranger"}]
    assert house.ask("tasks", "POST", "/v1/tasks", json=rows).status_code == 207
    ((agents, why),) = house.shelf.kept_refusals
    assert agents == {"refunds": 1, "stranger": 1}
    assert len(house.shelf.kept_tasks) == 1
    assert "45 s ahead of our clock" in why


ALIASES = Aliases(
    {"Refund Agent": "refunds", "返金": "refunds"}, {("refunds", "Refund"): "refund", ("kyc", "Refund"): "review"}
)


@pytest.mark.parametrize("name", ["Refund Agent", "返金", "refunds"])
def test_records_may_use_the_names_of_the_fleet_file(house: House, name: str) -> None:
    object.__setattr__(house.fleet, "aliases", ALIASES)
    task = {**TASK, "agent": name, "task_class": "Refund"}
    assert house.ask("agent:refunds", "POST", "/v1/tasks", json=task).status_code == 200
    assert (house.shelf.kept_tasks[0].agent, house.shelf.kept_tasks[0].workflow) == ("refunds", "refund")
    sample = {**SAMPLE, "agent": name, "workflow": "Refund"}
    assert house.ask("samples", "POST", "/v1/samples", json=sample).status_code == 200
    assert house.shelf.kept_samples[0].series == Series("refunds", "refund", "her")


def test_a_token_of_one_agent_does_not_speak_for_another_by_its_other_name(house: House) -> None:
    object.__setattr__(house.fleet, "aliases", ALIASES)
    answer = house.ask("agent:kyc", "POST", "/v1/tasks", json={**TASK, "agent": "返金"})
    assert answer.status_code == 403
