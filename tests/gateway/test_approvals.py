"""On the rung `approval` a write is held until a person answers, and is told what became of it."""

import asyncio
from pathlib import Path

import pytest
from mcp_types import CallToolResult

from bot.core.enforcement.actions import ActionOutcome
from bot.core.enforcement.approvals import Approval, ApprovalAnswer, ApprovalState
from bot.core.model.people import Actor
from tests.gateway.scene import Scene, eventually, play, scene, text_of
from tests.web.setup import House

ANA = Actor("ana", "Ana", "U0ANA", responder=True)
REFUND = {"order": "A-17", "amount": 40, "iban": "PT50"}


def waiting(now: Scene) -> list[Approval]:
    return list(now.house.approvals.store.pending_approvals(100))


def answer(now: Scene, approval: Approval, *, approve: bool, reason: str = "") -> None:
    said = ApprovalAnswer(ANA, now.house.clock.now(), approve, reason)
    now.house.approvals.answer(approval, now.house.fleet.agents["refunds"], said)


async def held(now: Scene, count: int = 1) -> list[Approval]:
    await eventually(lambda: len(waiting(now)) == count)
    return waiting(now)


@pytest.mark.parametrize(
    ("approve", "outcome", "told"),
    [
        (True, ActionOutcome.PASSED, "payments.refund done"),
        (False, ActionOutcome.DENIED, "payments.refund was not called. Ana denied it: paid before."),
    ],
)
def test_a_held_write_passes_or_not_as_a_person_says(
    house: House, tmp_path: Path, *, approve: bool, outcome: ActionOutcome, told: str
) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now, now.client() as client:
            await now.on("approval")
            call = asyncio.create_task(client.call_tool("payments.refund", REFUND))
            (asked,) = await held(now)
            assert (asked.tool, asked.amount, asked.reversible) == ("payments.refund", 40, "by hand")
            assert "PT50" not in asked.arguments
            assert now.tools.calls("payments.refund") == 0
            answer(now, asked, approve=approve, reason="paid before")
            assert text_of(await call) == told
            assert now.tools.calls("payments.refund") == int(approve)
            (action,) = (await now.ledger())["payments.refund"]
        assert (action.outcome, action.id) == (outcome, asked.id)
        assert action.approval == (asked.id if approve else "")

    play(story())


def test_nobody_answering_is_told_as_that(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now, now.client() as client:
            await now.on("approval")
            call = asyncio.create_task(client.call_tool("payments.refund", REFUND))
            (asked,) = await held(now)
            late = Approval(asked.id, "refunds", asked.tool, asked.asked_at, asked.asked_at, version=asked.version)
            now.house.approvals.store.change_approval(asked, late, (), 0.0)
            now.house.approvals.tick()
            said = text_of(await call)
            assert "Nobody answered by" in said
            assert "Nobody denied it" in said
            (action,) = (await now.ledger())["payments.refund"]
        assert action.outcome is ActionOutcome.EXPIRED

    play(story())


def test_a_rung_that_goes_down_takes_the_question_back(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now, now.client() as client:
            await now.on("approval")
            call = asyncio.create_task(client.call_tool("payments.refund", REFUND))
            (asked,) = await held(now)
            await now.on("read-only", 2)
            assert "the rung went down while it waited" in text_of(await call).lower()
            ended = now.house.approvals.store.approval(asked.id)
            assert ended is not None
            assert ended.state is ApprovalState.WITHDRAWN
            (action,) = (await now.ledger())["payments.refund"]
            assert action.outcome is ActionOutcome.CANCELLED
            assert now.tools.calls("payments.refund") == 0

    play(story())


def test_a_caller_that_goes_away_takes_its_question_back(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now:
            await now.on("approval")
            async with now.client() as client:
                call = asyncio.create_task(client.call_tool("payments.refund", REFUND))
                (asked,) = await held(now)
                call.cancel()
                await eventually(lambda: not waiting(now))
            ended = now.house.approvals.store.approval(asked.id)
            assert ended is not None
            assert ended.state is ApprovalState.WITHDRAWN

    play(story())


def test_a_client_that_cannot_wait_is_told_so_and_its_next_call_hears_the_answer(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now, now.client() as client:
            await now.on("approval")
            now.gateway.approver._hold = 0.0
            first = text_of(await client.call_tool("payments.refund", REFUND))
            assert "was not called yet" in first
            assert "Call it again, just as it was" in first
            (asked,) = waiting(now)
            answer(now, asked, approve=True)
            assert text_of(await client.call_tool("payments.refund", REFUND)) == "payments.refund done"
            (action,) = (await now.ledger())["payments.refund"]
            assert (action.outcome, action.approval) == (ActionOutcome.PASSED, asked.id)
            again = text_of(await client.call_tool("payments.refund", REFUND))
            assert "was not called yet" in again, "one approval lets one call pass"
            assert now.tools.calls("payments.refund") == 1

    play(story())


def test_calls_that_come_at_once_need_an_approval_each(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now, now.client() as client:
            await now.on("approval")
            calls: list[asyncio.Task[CallToolResult]] = [
                asyncio.create_task(client.call_tool("payments.refund", REFUND)) for _ in range(3)
            ]
            first, *others = await held(now, 3)
            answer(now, first, approve=True)
            for other in others:
                answer(now, other, approve=False)
            said = sorted([text_of(await call) for call in calls])
            denied = "payments.refund was not called. Ana denied it."
            assert said == ["payments.refund done", denied, denied]
            outcomes = sorted(action.outcome for action in (await now.ledger())["payments.refund"])
        assert outcomes == [ActionOutcome.DENIED, ActionOutcome.DENIED, ActionOutcome.PASSED]

    play(story())
