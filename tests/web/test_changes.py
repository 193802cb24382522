"""`/v1/changes`: posted by pipelines, read by people; the same one twice is one, two under one id are refused."""

from datetime import timedelta
from typing import Any

import pytest

from bot.core.model.aliases import Aliases
from bot.core.model.posted_change import PostedChange
from tests.web.setup import START, House

CHANGE = {
    "id": "deploy-1",
    "kind": "prompt",
    "time": START.isoformat(),
    "summary": "shorter refusals",
    "agents": ["refunds"],
    "workflows": ["refund"],
    "tools": ["ledger"],
    "version": "v14",
    "by": "pipeline",
}


def post(house: House, body: object, name: str = "changes") -> tuple[int, dict[str, Any]]:
    answer = house.ask(name, "POST", "/v1/changes", json=body)
    return answer.status_code, answer.json()


def test_a_change_is_stored_once_however_often_it_is_posted(house: House) -> None:
    assert post(house, CHANGE) == (200, {"stored": 1})
    assert post(house, [CHANGE, CHANGE]) == (200, {"stored": 2})
    assert list(house.feed.kept.values()) == [
        PostedChange(
            "deploy-1", "prompt", START, "shorter refusals", ("refunds",), ("refund",), ("ledger",), "v14", "pipeline"
        )
    ]


def test_another_change_under_a_taken_id_is_refused(house: House) -> None:
    post(house, CHANGE)
    other = {**CHANGE, "summary": "longer refusals"}
    status, body = post(house, [{**CHANGE, "id": "deploy-2"}, other])
    assert (status, body["stored"], body["refused"]) == (207, 1, [1])
    assert body["faults"] == [
        {
            "index": 1,
            "field": "id",
            "found": "'deploy-1'",
            "allowed": "an id of its own: another change was posted under it",
        }
    ]
    assert list(house.feed.kept) == ["deploy-1", "deploy-2"]
    assert house.feed.kept["deploy-1"].summary == "shorter refusals"
    status, body = post(house, other)
    assert (status, body["stored"], body["refused"]) == (409, 0, [0])


def test_of_two_changes_under_one_id_in_a_request_the_first_counts_however_often_it_is_sent(house: House) -> None:
    batch = [CHANGE, {**CHANGE, "summary": "longer refusals"}, CHANGE, {**CHANGE, "id": "deploy-2"}]
    for _ in range(3):
        status, body = post(house, batch)
        assert (status, body["stored"], body["refused"]) == (207, 3, [1])
        assert {key: one.summary for key, one in house.feed.kept.items()} == {
            "deploy-1": "shorter refusals",
            "deploy-2": "shorter refusals",
        }


@pytest.mark.parametrize(
    ("wrong", "field", "allowed"),
    [
        ({"kind": "deployment"}, "kind", "deploy, prompt, model, tool-schema, policy"),
        ({"summary": ""}, "summary", "1 to 200 characters, no NUL and no half of a surrogate pair: what was changed"),
        ({"summary": "a\0b"}, "summary", "no NUL"),
        ({"time": "2026-03-01T02:14:00"}, "time", "ISO 8601 with an offset"),
        ({"time": "2026-03-01T09:00:00Z"}, "time", "at most 30 s ahead"),
        ({"agents": ["refnds"]}, "agents", "Did you mean 'refunds'?"),
        ({"agents": "refunds"}, "agents", "a list of keys of agents"),
        ({"workflows": ["refnd"]}, "workflows", "Did you mean 'refund'?"),
        ({"tools": [1]}, "tools", "a list of tools"),
        ({"author": "me"}, "'author'", "id, kind"),
    ],
)
def test_each_fault_is_named_and_its_neighbour_is_stored(
    house: House, wrong: dict[str, object], field: str, allowed: str
) -> None:
    status, body = post(house, [{**CHANGE, "id": "good"}, {**CHANGE, **wrong}])
    assert (status, body["stored"], body["refused"]) == (207, 1, [1])
    (fault,) = body["faults"]
    assert (fault["index"], fault["field"]) == (1, field)
    assert allowed in fault["allowed"]
    assert list(house.feed.kept) == ["good"]


@pytest.mark.parametrize("name", ["agent:refunds", "samples", "tasks", "responder"])
def test_only_the_change_feed_and_admins_may_post(house: House, name: str) -> None:
    status, body = post(house, CHANGE, name)
    assert status == 403
    assert "allowed: changes, admin" in str(body["error"])


def test_changes_are_read_by_span_and_agent(house: House) -> None:
    for number, agents in enumerate((["refunds"], ["kyc"], [])):
        at = (START - timedelta(hours=30 * number)).isoformat()
        post(house, {"id": f"c{number}", "kind": "deploy", "time": at, "summary": "x", "agents": agents})

    def read(**query: str) -> list[str]:
        found = house.ask("responder", "GET", "/v1/changes", params=query).json()["changes"]
        return [one["id"] for one in found]

    assert read() == ["c1", "c0"]
    assert read(since="2026-02-20T00:00:00Z") == ["c2", "c1", "c0"]
    assert read(since="2026-02-20T00:00:00Z", agent="refunds") == ["c2", "c0"]
    assert read(until=(START - timedelta(hours=1)).isoformat()) == ["c1"]


@pytest.mark.parametrize(
    ("query", "said"),
    [({"since": "yesterday"}, "since is 'yesterday'; allowed: ISO 8601"), ({"since": "2025-01-01T00:00Z"}, "31 days")],
)
def test_a_span_that_is_none_is_refused(house: House, query: dict[str, str], said: str) -> None:
    answer = house.ask("responder", "GET", "/v1/changes", params=query)
    assert answer.status_code == 400
    assert said in answer.json()["error"]


def test_a_change_may_use_the_names_of_the_fleet_file(house: House) -> None:
    object.__setattr__(house.fleet, "aliases", Aliases({"返金": "refunds"}, {("refunds", "Refund"): "refund"}))
    assert post(house, {**CHANGE, "agents": ["返金"], "workflows": ["Refund"]}) == (200, {"stored": 1})
    (kept,) = house.feed.kept.values()
    assert (kept.agents, kept.workflows) == (("refunds",), ("refund",))


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"agents": ["refunds"], "workflows": ["chargeback-v2"]}, [("refunds", "chargeback-v2")]),
        ({"agents": ["math-tutor"], "workflows": []}, [("math-tutor", "")]),
        ({"agents": ["math-tutor", "refunds"], "workflows": ["x"]}, [("math-tutor", "x"), ("refunds", "x")]),
    ],
)
def test_a_deploy_of_what_nobody_listed_is_refused_and_told(
    house: House, more: dict[str, object], named: list[tuple[str, str]]
) -> None:
    assert house.ask("admin", "POST", "/v1/changes", json={**CHANGE, **more}).status_code == 422
    assert house.shelf.kept_names == [(*one, "a change of it was posted (prompt)") for one in named]
