import pytest

from bot.core.model.aliases import Aliases
from bot.simulation.clock import MovableClock
from tests.web.setup import House, lowered


def test_the_rung_by_plain_get(house: House) -> None:
    house.rung_cache.publish([lowered("approval", 3)])
    answer = house.autonomy(instance="r-1", appliedLevel="approval", appliedEpoch=3, workflow="refund")
    assert answer.json() == {
        "agent": "refunds",
        "workflow": "refund",
        "level": "approval",
        "epoch": 3,
        "grants": {"writes": "approve", "log": "enhanced"},
        "may": "act, but every write waits for a person",
        "not_after": "2026-03-01T02:19:00Z",
        "fallback": "read-only",
        "fallback_grants": {"writes": "deny", "log": "enhanced"},
        "incident": 17,
        "readback": "recorded",
    }
    assert [one.instance for one in house.rung_cache.readings("refunds", "refund")] == ["r-1"]


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}'])
def test_an_unchanged_rung_is_304_and_still_a_read_back(house: House, form: str) -> None:
    tag = house.autonomy().headers["etag"]
    query = {"instance": "r-1", "appliedLevel": "full", "appliedEpoch": "0"}
    headers = {"If-None-Match": form.format(tag)}
    answer = house.ask("agent:refunds", "GET", "/v1/agents/refunds/autonomy", params=query, headers=headers)
    assert (answer.status_code, answer.content) == (304, b"")
    assert len(house.rung_cache.readings("refunds")) == 1


def test_what_a_client_holds_after_a_304_is_good_for_half_a_lease(house: House) -> None:
    assert isinstance(house.clock, MovableClock)
    headers = {"If-None-Match": house.autonomy().headers["etag"]}
    house.clock.advance(149)
    early = house.ask("agent:refunds", "GET", "/v1/agents/refunds/autonomy", headers=headers)
    house.clock.advance(1)
    late = house.ask("agent:refunds", "GET", "/v1/agents/refunds/autonomy", headers=headers)
    assert (early.status_code, late.status_code) == (304, 200)
    assert late.json()["not_after"] == "2026-03-01T02:21:30Z"
    assert late.headers["etag"] != headers["If-None-Match"]


def test_the_tag_of_another_scope_or_epoch_is_no_match(house: House) -> None:
    tag = house.autonomy().headers["etag"]
    for query in ({"workflow": "refund"}, {}):
        answer = house.ask(
            "agent:refunds", "GET", "/v1/agents/refunds/autonomy", params=query, headers={"If-None-Match": tag}
        )
        assert answer.status_code == (200 if query else 304)
    house.rung_cache.publish([lowered("full", 1)])
    moved = house.ask("agent:refunds", "GET", "/v1/agents/refunds/autonomy", headers={"If-None-Match": tag})
    assert (moved.status_code, moved.json()["epoch"]) == (200, 1), "same level, newer epoch: it must be read back"


@pytest.mark.parametrize("tag", ["*", '""', '"x.y"', '"' + "9" * 5000 + '"', ",,,", '"a.99999999999999999999"'])
def test_a_strange_tag_gets_the_full_answer(house: House, tag: str) -> None:
    answer = house.ask("agent:refunds", "GET", "/v1/agents/refunds/autonomy", headers={"If-None-Match": tag})
    assert answer.status_code == 200


def test_who_may_read(house: House) -> None:
    assert house.autonomy(agent="kyc").status_code == 403
    assert "refunds" in house.autonomy(agent="kyc").json()["error"]
    unknown = house.autonomy("responder", agent="refnds")
    assert (unknown.status_code, unknown.json()["error"]) == (
        404,
        "no agent 'refnds' in the fleet. Did you mean 'refunds'?",
    )
    assert house.client.get("/v1/agents/refunds/autonomy").headers["www-authenticate"] == "Bearer"


ASKS = "an instance asks for its rung"


@pytest.mark.parametrize("key", ["workflow", "taskClass"])
def test_a_poll_for_an_unlisted_workflow_is_told(house: House, key: str) -> None:
    answer = house.evaluate({"targetingKey": "refunds", key: "chargeback-v2"}).json()
    assert "'chargeback-v2' is no workflow of refunds" in answer["metadata"]["readback"]
    house.autonomy(workflow="chargeback-v3")
    assert house.shelf.kept_names == [("refunds", "chargeback-v2", ASKS), ("refunds", "chargeback-v3", ASKS)]


def test_a_poll_of_an_agent_that_is_not_in_the_fleet_file_any_more_is_told(house: House) -> None:
    """It has a token and goes on working; nobody watches it."""
    del house.fleet.agents["refunds"]  # type: ignore[attr-defined]
    assert house.autonomy().status_code == 404
    assert house.shelf.kept_names == [("refunds", "", ASKS)]


def test_a_question_of_somebody_who_may_ask_for_any_agent_is_a_question(house: House) -> None:
    assert house.autonomy("admin", "refnds").status_code == 404
    assert house.shelf.kept_names == []


def test_what_is_no_text_is_nobodys_name(house: House) -> None:
    assert house.evaluate({"targetingKey": "refunds", "workflow": "a\x00b"}).status_code == 200
    assert house.shelf.kept_names == []


def test_a_poll_may_use_the_other_names_of_the_fleet_file(house: House) -> None:
    object.__setattr__(house.fleet, "aliases", Aliases({"返金": "refunds"}, {("refunds", "Refund"): "refund"}))
    house.rung_cache.publish([lowered("read-only", 1, workflow="goodwill")])
    said = {"instance": "r-1", "appliedLevel": "full", "appliedEpoch": 0, "workflow": "Refund"}
    for agent in ("refunds", "返金"):
        answer = house.ask("agent:refunds", "GET", f"/v1/agents/{agent}/autonomy", params=said).json()
        assert (answer["agent"], answer["workflow"], answer["level"]) == ("refunds", "refund", "full")
        assert answer["readback"] == "recorded"
    assert house.evaluate({"targetingKey": "返金", **said}).json()["metadata"]["readback"] == "recorded"
    assert house.autonomy("agent:kyc", "返金").status_code == 403
    assert house.shelf.kept_names == []
