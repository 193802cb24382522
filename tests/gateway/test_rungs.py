"""Each rung, through a real MCP client and a real MCP server: what passes, what is denied, and what is written down."""

from pathlib import Path
from typing import cast

import pytest
from mcp_types import RequestParamsMeta

from bot.core.enforcement.actions import ActionOutcome
from tests.gateway.scene import play, scene, text_of
from tests.web.setup import House

REFUND = {"order": "A-17", "amount": 40, "iban": "PT50 1234", "note": "Bearer abcdefgh12345678"}


def meta_of(**names: str) -> RequestParamsMeta:
    return cast("RequestParamsMeta", {f"stepdown/{name}": value for name, value in names.items() if value})


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("plain_json", [True, False])
def test_on_the_normal_rung_everything_passes_and_is_written_down(
    house: House, tmp_path: Path, mode: str, *, plain_json: bool
) -> None:
    async def story() -> None:
        async with scene(house, tmp_path, plain_json=plain_json) as now, now.client(mode) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} >= {"orders.read", "payments.refund"}
            done = await client.call_tool("payments.refund", REFUND)
            assert (text_of(done), done.is_error) == ("payments.refund done", False)
            assert (await client.call_tool("payments.refund", {"order": "none"})).is_error
            await client.call_tool("orders.read", {"order": "A-17"})
            ledger = await now.ledger()
        good, bad = ledger["payments.refund"]
        assert (good.outcome, good.writes, good.reversible, good.amount) == (ActionOutcome.PASSED, True, "by hand", 40)
        assert (good.level, good.epoch, good.arguments) == ("full", 0, "")
        assert bad.outcome is ActionOutcome.FAILED
        assert [one.outcome for one in ledger["orders.read"]] == [ActionOutcome.PASSED]

    play(story())


def test_a_denied_write_is_told_in_words_and_the_same_again_is_a_count(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now, now.client() as client:
            await now.on("read-only")
            first = await client.call_tool("payments.refund", REFUND)
            for _ in range(4):
                assert text_of(await client.call_tool("payments.refund", REFUND)) == text_of(first)
            said = text_of(first)
            assert first.is_error
            for part in ("payments.refund was not called", "read-only since ", "INC-0017", "allows no writes"):
                assert part in said, said
            assert text_of(await client.call_tool("orders.read", {})) == "orders.read done"
            assert now.tools.calls("payments.refund") == 0
            now.gateway._note_repeated()
            (denied,) = (await now.ledger())["payments.refund"]
        assert (denied.outcome, denied.times) == (ActionOutcome.DENIED, 5)

    play(story())


def test_enhanced_logging_records_arguments_without_secrets(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now, now.client() as client:
            await now.on("watched")
            await client.call_tool("payments.refund", REFUND)
            (action,) = (await now.ledger())["payments.refund"]
        assert '"order": "A-17"' in action.arguments
        assert "1234" not in action.arguments
        assert "abcdefgh" not in action.arguments

    play(story())


def test_on_bounded_the_list_and_the_caps_hold_for_each_task(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now, now.client() as client:
            await now.on("bounded")

            async def refund(task: str, amount: object) -> str:
                result = await client.call_tool("payments.refund", {"amount": amount}, meta=meta_of(task=task))
                return text_of(result)

            assert await refund("t-1", 60) == "payments.refund done"
            assert "the task would move 101, and 100 is allowed" in await refund("t-1", 41)
            assert await refund("t-1", 40) == "payments.refund done"
            assert await refund("t-2", 100) == "payments.refund done"
            for odd in ("12", -5, None, True, 1e300):
                assert "do not say which" in await refund("t-3", odd), odd
            assert "not among the tools" in text_of(await client.call_tool("mail.send", {}))
            assert now.tools.calls("payments.refund") == 3

    play(story())


def test_on_suspended_nothing_passes_but_what_speaks_of_the_connection(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now, now.client() as client:
            await now.on("suspended")
            assert (await client.list_tools()).tools
            assert "lets the agent do nothing" in text_of(await client.call_tool("orders.read", {}))
            with pytest.raises(Exception, match="the rung lets the agent do nothing"):
                await client.read_resource("page://one")
            assert now.tools.done == []

    play(story())


def test_what_nobody_classified_is_a_write_unless_its_server_says_it_reads(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now, now.client() as client:
            await now.on("read-only")
            await client.list_tools()
            assert text_of(await client.call_tool("server.says", {})) == "server.says done"
            assert "Nobody has said whether nobody.knows" in text_of(await client.call_tool("nobody.knows", {}))

    play(story())


def test_a_lower_rung_of_a_workflow_binds_its_calls_and_those_that_name_none(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now, now.client() as client:
            await now.on("read-only", workflow="refund")

            async def refund(workflow: str) -> str:
                meta = meta_of(workflow=workflow)
                return text_of(await client.call_tool("payments.refund", {"amount": 1}, meta=meta))

            assert await refund("goodwill") == "payments.refund done"
            for bound in ("refund", "", "misspelt"):
                assert "was not called" in await refund(bound), bound

    play(story())
