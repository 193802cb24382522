"""Whatever JSON comes, the answer is never a 5xx, and what is refused is not stored."""

import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.setup import START, House

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def near(**fields: object) -> st.SearchStrategy[dict[str, object]]:
    """An object of the right shape, with any field replaced by anything or left out."""
    return st.fixed_dictionaries({}, optional={name: st.just(value) | ANY for name, value in fields.items()})


TASK = near(
    task_id="t",
    agent="refunds",
    workflow="refund",
    task_class="refund",
    time=START.timestamp(),
    tool_calls=3,
    required_escalation=True,
    pending_approval=False,
    completed=True,
    decision_confidence=0.5,
    success=None,
    cost=1.0,
)
SAMPLE = near(time=START.isoformat(), agent="kyc", workflow="", sli="her", value=3.0, n=10)
CONTEXT = near(
    targetingKey="refunds", agent="refunds", instance="i", appliedLevel="full", appliedEpoch=0, taskClass="refund"
)
RUN = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def insist(house: House, path: str, body: object, name: str = "admin") -> int:
    answer = house.ask(name, "POST", path, content=json.dumps(body))
    assert answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/json"
    answer.json()
    return answer.status_code


@RUN
@given(ANY | TASK | st.lists(TASK, max_size=3))
def test_tasks(house: House, body: object) -> None:
    kept = len(house.shelf.kept_tasks)
    status = insist(house, "/v1/tasks", body)
    grown = len(house.shelf.kept_tasks) - kept
    assert grown == ((len(body) if isinstance(body, list) else 1) if status == 200 else 0)


@RUN
@given(ANY | SAMPLE | st.lists(SAMPLE, max_size=3))
def test_samples(house: House, body: object) -> None:
    kept = len(house.shelf.kept_samples)
    status = insist(house, "/v1/samples", body)
    grown = len(house.shelf.kept_samples) - kept
    assert grown == ((len(body) if isinstance(body, list) else 1) if status == 200 else 0)


@RUN
@given(ANY | st.fixed_dictionaries({"context": ANY | CONTEXT}), st.sampled_from(["", "/autonomy", "/autonomy-level"]))
def test_evaluation(house: House, body: object, flag: str) -> None:
    insist(house, f"/ofrep/v1/evaluate/flags{flag}", body, "agent:refunds")


@RUN
@given(st.binary(max_size=200), st.sampled_from(["/v1/tasks", "/v1/samples", "/ofrep/v1/evaluate/flags"]))
def test_bytes_that_are_no_json(house: House, body: bytes, path: str) -> None:
    assert house.ask("admin", "POST", path, content=body).status_code < 500


@RUN
@given(st.dictionaries(st.sampled_from(["instance", "appliedLevel", "appliedEpoch", "workflow"]), st.text(max_size=30)))
def test_queries(house: House, query: dict[str, str]) -> None:
    query = {key: value.encode("utf-8", "replace").decode() for key, value in query.items()}
    assert house.ask("agent:refunds", "GET", "/v1/agents/refunds/autonomy", params=query).status_code == 200


def test_what_is_refused_is_counted_by_reason_and_logged_nowhere(
    house: House, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    secret, private = "tok-" + "s3cret" * 6, "account 4711 of Mrs Smith"

    def counted(reason: str) -> float:
        return house.counted("stepdown_http_refused_requests_total", reason=reason)

    before = {reason: counted(reason) for reason in ("token", "too_large", "malformed", "faulty", "unknown_address")}
    with caplog.at_level(logging.DEBUG):
        wrong = {"Authorization": f"Bearer {secret}"}
        assert house.client.post("/v1/samples", json=[], headers=wrong).status_code == 401
        assert house.client.post("/v1/samples", json=[]).status_code == 401
        assert house.ask("admin", "POST", "/v1/tasks", content=b"x" * 1_100_000).status_code == 413
        assert house.ask("admin", "POST", "/v1/tasks", content=b'{"agent": "' + private.encode()).status_code == 400
        assert house.ask("admin", "POST", "/v1/tasks", content=json.dumps([{"task_id": private}])).status_code == 422
        assert house.client.get("/v1/nowhere", headers=wrong).status_code == 404
    grown = {reason: counted(reason) - known for reason, known in before.items()}
    assert grown == {"token": 2, "too_large": 1, "malformed": 1, "faulty": 1, "unknown_address": 1}
    seen = caplog.text + "".join(capfd.readouterr())
    assert "s3cret" not in seen
    assert "Mrs Smith" not in seen
