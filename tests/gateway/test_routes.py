"""What gateways ask and report over HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest

from bot.core.enforcement.approvals import ApprovalAnswer
from bot.core.model.people import Actor
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


QUESTION = {"id": "write-0001", "agent": "refunds", "tool": TOOL, "amount": 40}
ANA = Actor("ana", "Ana", "U0ANA", responder=True)


def ask(house: House, **more: object) -> httpx.Response:
    return house.ask("agent:refunds", "POST", "/v1/approvals", json={**QUESTION, **more})


def answered_by_ana(house: House, *, approve: bool) -> None:
    approval = house.approvals.store.approval("write-0001")
    assert approval is not None
    said = ApprovalAnswer(ANA, house.clock.now(), approve, "paid before")
    house.approvals.answer(approval, house.fleet.agents["refunds"], said)


def test_a_question_is_asked_once_and_told_as_it_stands(house: House) -> None:
    first = ask(house).json()
    assert (first["state"], first["people"]) == ("pending", {"needed": 1, "approved": 0})
    assert ask(house).json() == first
    assert ask(house, tool="mail.send").status_code == 409
    answered_by_ana(house, approve=False)
    told = house.ask("agent:refunds", "GET", "/v1/approvals/write-0001?wait=30").json()
    assert (told["state"], told["said"]) == ("denied", "Ana denied it: paid before.")
    assert ask(house).json() == told


def test_who_waits_hears_the_answer_when_it_comes(house: House) -> None:
    ask(house)
    with ThreadPoolExecutor(1) as pool:
        waits = pool.submit(house.ask, "agent:refunds", "GET", "/v1/approvals/write-0001?wait=60")
        answered_by_ana(house, approve=True)
        assert waits.result().json()["said"] == "Ana approved it."


def test_a_question_is_taken_back_by_whoever_asked(house: House) -> None:
    ask(house)
    for name in ("agent:kyc", "tasks"):
        assert house.ask(name, "GET", "/v1/approvals/write-0001").status_code in (403, 404)
        assert house.ask(name, "POST", "/v1/approvals/write-0001/withdraw").status_code in (403, 404)
    said = house.ask("agent:refunds", "POST", "/v1/approvals/write-0001/withdraw", json={"why": "a\nline"}).json()
    assert (said["state"], said["said"]) == ("withdrawn", "It was withdrawn: a line.")


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"id": "short"}, 422),
        ({"id": "with/a/slash"}, 422),
        ({"amount": "40"}, 422),
        ({"expires_in": 5}, 422),
        ({"colour": "red"}, 422),
        ({"agent": "kyc"}, 403),
        ({"expires_in": 10}, 200),
    ],
)
def test_what_no_question_may_be(house: House, more: dict[str, object], status: int) -> None:
    assert ask(house, **more).status_code == status


def test_an_agent_may_ask_for_less_time_than_its_policy_and_not_for_more(house: House) -> None:
    def minutes(key: str, expires_in: int) -> float:
        said = ask(house, id=key, expires_in=expires_in).json()
        asked, due = (datetime.fromisoformat(said[name]) for name in ("asked_at", "due"))
        return (due - asked).total_seconds() / 60

    assert (minutes("write-0010", 60), minutes("write-0011", 86_400)) == (1, 15)
