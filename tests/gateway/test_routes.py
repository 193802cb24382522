"""What gateways ask and report over HTTP."""

from datetime import UTC, datetime

from tests.web.setup import House

TOOL = "payments.refund"
ACTION = {
    "id": "a-1",
    "agent": "refunds",
    "tool": TOOL,
    "writes": True,
    "began": datetime.now(UTC).isoformat(),
    "outcome": "passed",
}


def test_a_gateway_reads_what_the_tools_of_its_own_agent_do(house: House) -> None:
    told = house.ask("agent:refunds", "GET", "/v1/agents/refunds/tools").json()
    assert (told["agent"], told["workflows"]) == ("refunds", ["refund", "goodwill"])
    assert told["tools"][1] == {"name": TOOL, "writes": True, "reversible": "by hand", "amount": "amount"}
    assert told["bounds"] == {"tools": ["orders.read", TOOL], "calls": 3, "amount": 100}
    plain = house.ask("agent:kyc", "GET", "/v1/agents/kyc/tools").json()
    assert (plain["tools"], plain["bounds"]) == ([], {"tools": None, "calls": None, "amount": None})
    assert house.ask("agent:kyc", "GET", "/v1/agents/refunds/tools").status_code == 403
    assert house.ask("admin", "GET", "/v1/agents/nobody/tools").status_code == 404
    assert house.ask("tasks", "GET", "/v1/agents/refunds/tools").status_code == 403
    assert house.client.get("/v1/agents/refunds/tools").status_code == 401


def test_actions_are_answered_for_themselves(house: House) -> None:
    bad = [
        {**ACTION, "id": "a-2", "outcome": "maybe"},
        {**ACTION, "id": "a-3", "agent": "kyc"},
        {**ACTION, "id": "a-4", "amount": -1},
        {**ACTION, "id": "a-5", "began": "2025-01-01T00:00:00Z"},
        {**ACTION, "id": "a-6", "more": 1},
        {name: value for name, value in ACTION.items() if name != "tool"},
    ]
    answer = house.ask("agent:refunds", "POST", "/v1/actions", json=[ACTION, *bad])
    assert answer.status_code == 207
    said = answer.json()
    assert (said["stored"], said["refused"]) == (1, [1, 2, 3, 4, 5, 6])
    fields = {fault["index"]: fault["field"] for fault in said["faults"]}
    assert [fields[place].strip("'") for place in range(1, 7)] == [
        "outcome",
        "agent",
        "amount",
        "began",
        "more",
        "tool",
    ]
    assert list(house.ledger.kept) == ["a-1"]


def test_nobody_else_reports_actions(house: House) -> None:
    for name in ("tasks", "samples", "changes", "responder"):
        assert house.ask(name, "POST", "/v1/actions", json=ACTION).status_code == 403
    assert house.ask("agent:kyc", "POST", "/v1/actions", json=ACTION).status_code == 403
    assert house.ask("admin", "POST", "/v1/actions", json=ACTION).status_code == 200
