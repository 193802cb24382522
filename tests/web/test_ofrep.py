import pytest

from tests.web.setup import House, Open, lowered

BULK = "/ofrep/v1/evaluate/flags"


def test_the_level_is_a_string_flag(house: House) -> None:
    answer = house.evaluate({"targetingKey": "refunds"}, "autonomy-level")
    assert answer.status_code == 200
    assert answer.json() == {
        "key": "autonomy-level",
        "value": "full",
        "reason": "STATIC",
        "variant": "full",
        "metadata": {
            "agent": "refunds",
            "workflow": "",
            "epoch": 0,
            "not_after": "2026-03-01T02:19:00Z",
            "readback": "none",
        },
    }


def test_the_rung_is_an_object_flag(house: House) -> None:
    house.rung_cache.publish([lowered("approval", 3)])
    answer = house.evaluate({"targetingKey": "refunds"}).json()
    assert (answer["reason"], answer["variant"]) == ("TARGETING_MATCH", "approval")
    assert answer["value"] == {
        "level": "approval",
        "epoch": 3,
        "grants": {"writes": "approve", "log": "enhanced"},
        "may": "act, but every write waits for a person",
        "not_after": "2026-03-01T02:19:00Z",
        "fallback": "read-only",
        "fallback_grants": {"writes": "deny", "log": "enhanced"},
        "incident": 17,
    }


def test_the_task_class_is_the_workflow(house: House) -> None:
    house.rung_cache.publish([lowered("read-only", 1, workflow="goodwill")])
    for context, level in (({"taskClass": "goodwill"}, "read-only"), ({"workflow": "refund"}, "full"), ({}, "full")):
        answer = house.evaluate({"targetingKey": "refunds", **context}, "autonomy-level")
        assert answer.json()["value"] == level


def test_a_misspelt_workflow_lifts_nothing(house: House) -> None:
    house.rung_cache.publish([lowered("read-only", 1, workflow="goodwill")])
    answer = house.evaluate({"targetingKey": "refunds", "taskClass": "godwill"}, "autonomy-level").json()
    assert answer["value"] == "read-only"
    assert "Did you mean 'goodwill'?" in answer["metadata"]["readback"]


def test_the_context_names_the_agent_where_the_targeting_key_means_something_else(house: House) -> None:
    answer = house.evaluate({"targetingKey": "session-99", "agent": "refunds"}, "autonomy-level")
    assert (answer.status_code, answer.json()["metadata"]["agent"]) == (200, "refunds")


def test_a_poll_is_a_read_back(house: House) -> None:
    house.rung_cache.publish([lowered("approval", 3)])
    applied = {"instance": "r-1", "appliedLevel": "approval", "appliedEpoch": 3, "taskClass": "refund"}
    answer = house.evaluate({"targetingKey": "refunds", **applied})
    assert answer.json()["metadata"]["readback"] == "recorded"
    (reading,) = house.rung_cache.readings("refunds", "refund")
    assert (reading.instance, reading.level, reading.epoch, reading.workflow) == ("r-1", "approval", 3, "refund")
    assert reading.seen_at == house.clock.now()
    assert house.counted("stepdown_readbacks_total", outcome="recorded") == 1


@pytest.mark.parametrize("epoch", [3, 3.0, "3"])
def test_a_whole_number_may_be_written_as_other_languages_do(house: House, epoch: object) -> None:
    house.rung_cache.publish([lowered("approval", 3)])
    house.evaluate({"targetingKey": "refunds", "instance": "r", "appliedLevel": "approval", "appliedEpoch": epoch})
    assert [one.epoch for one in house.rung_cache.readings("refunds")] == [3]


@pytest.mark.parametrize("instance", ["注文\u3000検索", "نمی\u200cشود", "a\nb"])
def test_an_instance_may_have_a_name_in_any_script(house: House, instance: str) -> None:
    house.evaluate({"targetingKey": "refunds", "instance": instance, "appliedLevel": "full", "appliedEpoch": 0})
    assert [one.instance for one in house.rung_cache.readings("refunds")] == [instance]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"appliedLevel": "godmode"}, "ignored: appliedLevel must be one of full, watched"),
        ({"appliedLevel": None}, "ignored: appliedLevel must be"),
        (
            {"appliedEpoch": 2 * 10**9},
            "ignored: appliedEpoch must be a whole number from 0 to 1000000000, found 2000000000",
        ),
        ({"appliedEpoch": -1}, "ignored: appliedEpoch must be"),
        ({"appliedEpoch": 1.5}, "ignored: appliedEpoch must be"),
        ({"appliedEpoch": True}, "ignored: appliedEpoch must be"),
        ({"appliedEpoch": "three"}, "ignored: appliedEpoch must be"),
        ({"instance": ""}, "ignored: instance must be 1 to 100"),
        ({"instance": "x" * 101}, "ignored: instance must be 1 to 100"),
        ({"instance": "a\0b"}, "ignored: instance must be 1 to 100"),
        ({"instance": ["a"]}, "ignored: instance must be 1 to 100"),
        ({"taskClass": 7}, "ignored: 7 is no workflow of refunds"),
    ],
)
def test_a_garbled_read_back_is_answered_not_recorded_and_named(house: House, wrong: object, why: str) -> None:
    house.rung_cache.publish([lowered("approval", 3)])
    whole = {"targetingKey": "refunds", "instance": "r", "appliedLevel": "approval", "appliedEpoch": 3}
    answer = house.evaluate({**whole, **wrong})  # type: ignore[dict-item]
    assert (answer.status_code, answer.json()["value"]["level"]) == (200, "approval")
    assert answer.json()["metadata"]["readback"].startswith(why)
    assert not house.rung_cache.readings("refunds")


@pytest.mark.parametrize(
    ("body", "code", "details"),
    [
        (b"{", "PARSE_ERROR", "the body is not JSON"),
        (b"\xff", "PARSE_ERROR", "the body is not JSON"),
        (b"[]", "INVALID_CONTEXT", "found []"),
        (b'{"context": 3}', "INVALID_CONTEXT", "context must be an object, found 3"),
        (b"{}", "TARGETING_KEY_MISSING", "targetingKey"),
        (b'{"context": {}}', "TARGETING_KEY_MISSING", "targetingKey"),
        (b'{"context": {"targetingKey": ""}}', "TARGETING_KEY_MISSING", "targetingKey"),
        (b'{"context": {"targetingKey": 3}}', "INVALID_CONTEXT", "must be a string, found 3"),
    ],
)
@pytest.mark.parametrize("path", [BULK, f"{BULK}/autonomy-level"])
def test_a_bad_request_is_told_exactly(house: House, path: str, body: bytes, code: str, details: str) -> None:
    answer = house.ask("agent:refunds", "POST", path, content=body)
    assert answer.status_code == 400
    assert answer.json()["errorCode"] == code
    assert details in answer.json()["errorDetails"]
    assert answer.json().get("key") == ("autonomy-level" if path != BULK else None)


def test_a_flag_nobody_has(house: House) -> None:
    answer = house.evaluate({"targetingKey": "refunds"}, "autonomy-levle")
    assert answer.status_code == 404
    assert answer.json() == {
        "key": "autonomy-levle",
        "errorCode": "FLAG_NOT_FOUND",
        "errorDetails": "no flag 'autonomy-levle'. Did you mean 'autonomy-level'?",
    }


def test_an_agent_cannot_read_another_ones_rung(house: House) -> None:
    for context in ({"targetingKey": "kyc"}, {"targetingKey": "refunds", "agent": "kyc"}, {"targetingKey": "nosuch"}):
        answer = house.evaluate(context)
        assert answer.status_code == 403
        assert "refunds" in answer.json()["errorDetails"]
    assert house.evaluate({"targetingKey": "kyc"}, name="agent:kyc").status_code == 200


def test_a_responder_reads_any_rung_but_reads_nothing_back(house: House) -> None:
    applied = {"instance": "r-1", "appliedLevel": "full", "appliedEpoch": 0}
    answer = house.evaluate({"targetingKey": "kyc", **applied}, name="responder")
    assert (answer.status_code, answer.json()["variant"]) == (200, "full")
    assert answer.json()["metadata"]["readback"].startswith("ignored: a responder token reads")
    assert not house.rung_cache.readings("kyc")
    unknown = house.evaluate({"targetingKey": "refnds"}, name="responder")
    assert (unknown.status_code, unknown.json()["errorCode"]) == (400, "INVALID_CONTEXT")
    assert "Did you mean 'refunds'?" in unknown.json()["errorDetails"]


def test_without_a_token_or_with_a_wrong_one(house: House) -> None:
    path, body = f"{BULK}/autonomy", {"context": {"targetingKey": "refunds"}}
    assert house.client.post(path, json=body).status_code == 401
    wrong = house.client.post(path, json=body, headers={"Authorization": "Bearer sdt_guess"})
    assert (wrong.status_code, wrong.json()["errorCode"]) == (401, "GENERAL")
    assert "sdt_guess" not in wrong.text
    assert house.counted("stepdown_tokens_refused_total") == 1
    assert house.ask("samples", "POST", path, json=body).status_code == 403
    by_key = house.client.post(path, json=body, headers={"X-API-Key": house.tokens["agent:refunds"]})
    assert by_key.status_code == 200


def test_with_no_token_configured_it_is_off(opened: Open) -> None:
    shut = opened(names=())
    answer = shut.client.post(BULK, json={"context": {"targetingKey": "refunds"}}, headers={"X-API-Key": "x"})
    assert answer.status_code == 403
    assert "off: no token is configured" in answer.json()["errorDetails"]


def test_bulk_has_both_flags_and_an_etag(house: House) -> None:
    house.rung_cache.publish([lowered("approval", 3)])
    body = {"context": {"targetingKey": "refunds"}}
    answer = house.ask("agent:refunds", "POST", BULK, json=body)
    assert {flag["key"]: flag["variant"] for flag in answer.json()["flags"]} == {
        "autonomy-level": "approval",
        "autonomy": "approval",
    }
    again = house.ask("agent:refunds", "POST", BULK, json=body, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    house.rung_cache.publish([lowered("suspended", 4)])
    moved = house.ask("agent:refunds", "POST", BULK, json=body, headers={"If-None-Match": answer.headers["etag"]})
    assert (moved.status_code, moved.json()["flags"][0]["value"]) == (200, "suspended")


def test_agents_are_never_told_to_slow_down(house: House) -> None:
    statuses = {house.evaluate({"targetingKey": "refunds"}).status_code for _ in range(300)}
    assert statuses == {200}
