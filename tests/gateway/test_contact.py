"""Stepdown away: the gateway keeps its lease, then falls back, and is never the freer for it."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from bot.core.enforcement.actions import ActionOutcome
from bot.gateway.process import Gateway
from bot.gateway.settings import GatewayError
from bot.gateway.stepdown_client import StepdownUnreachableError
from tests.gateway.scene import LEASE, Scene, eventually, play, scene, settings, text_of
from tests.web.setup import House, Stage


async def away(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 503, "headers": []})
    await send({"type": "http.response.body", "body": b"<html>a proxy</html>"})


async def refund(now: Scene) -> str:
    async with now.client() as client:
        return text_of(await client.call_tool("payments.refund", {"amount": 1}))


def pass_time(now: Scene, span: timedelta) -> None:
    """Let the gateway's clock run ahead; Stepdown's own stays."""
    now.gateway.clock._began += span


def test_out_of_contact_it_keeps_its_rung_for_the_lease_and_then_falls_back(
    house: House, stage: Stage, tmp_path: Path
) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now:
            await now.on("watched")
            stage.app = away
            await eventually(lambda: now.gateway.keeper.failures > 2)
            assert await refund(now) == "payments.refund done"
            pass_time(now, LEASE)
            told = await refund(now)
            assert "out of contact past the lease of watched" in told
            assert now.gateway.health()["rungs"]["all"] == {"level": "read-only", "epoch": 1}  # type: ignore[index]
            stage.app = house.app
            await eventually(lambda: now.gateway.keeper.failures == 0)
            assert await refund(now) == "payments.refund done"
            ledger = (await now.ledger())["payments.refund"]
        assert [one.outcome for one in ledger] == [ActionOutcome.PASSED, ActionOutcome.DENIED, ActionOutcome.PASSED]

    play(story())


def test_a_gateway_that_never_reached_stepdown_lets_nothing_write(house: House, stage: Stage, tmp_path: Path) -> None:
    async def story() -> None:
        stage.app = away
        async with scene(house, tmp_path) as now:
            assert "Stepdown was not reached yet" in await refund(now)
            async with now.client() as client:
                await client.list_tools()
                assert text_of(await client.call_tool("server.says", {})) == "server.says done"
            with pytest.raises(StepdownUnreachableError):
                await now.gateway.sender.send()
            assert now.gateway.ledger.unsent_bytes() > 0
            stage.app = house.app
            await eventually(lambda: now.gateway.keeper.failures == 0 and now.confirmed("full", 0))
            assert await refund(now) == "payments.refund done"
            assert len((await now.ledger())["payments.refund"]) == 2

    play(story())


def test_a_clock_that_is_set_back_lengthens_no_lease(house: House, stage: Stage, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now:
            await now.on("watched")
            stage.app = away
            wall = now.gateway.clock._wall
            now.gateway.clock._wall = lambda: wall() - timedelta(hours=1)
            pass_time(now, LEASE)
            assert "out of contact" in await refund(now)

    play(story())


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_lower_rung_cuts_off_the_writes_that_run_before_it_is_read_back(
    house: House, tmp_path: Path, mode: str
) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now, now.client(mode) as client:
            await eventually(lambda: now.confirmed("full", 0))
            now.tools.slow = asyncio.Event()
            call = asyncio.create_task(client.call_tool("mail.send", {"to": "ann"}))
            await eventually(lambda: now.tools.calls("mail.send") == 1)
            await now.on("read-only")
            assert now.gateway.gate.counts() == (0, 0)
            assert "Whether it was done is not known" in text_of(await call)
            await eventually(lambda: now.tools.cancelled == 1)
            (action,) = (await now.ledger())["mail.send"]
        assert action.outcome is ActionOutcome.UNKNOWN
        assert "ran when the rung went down to read-only" in action.reason

    play(story())


def test_a_caller_that_goes_away_leaves_a_line_that_says_nobody_knows(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now:
            now.tools.slow = asyncio.Event()
            async with now.client() as client:
                call = asyncio.create_task(client.call_tool("mail.send", {"to": "ann"}))
                await eventually(lambda: now.tools.calls("mail.send") == 1)
                call.cancel()
                await eventually(lambda: now.gateway.gate.counts() == (0, 0))
            (action,) = (await now.ledger())["mail.send"]
        assert action.outcome is ActionOutcome.UNKNOWN

    play(story())


def test_a_ledger_has_one_writer(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path):
            with pytest.raises(GatewayError, match="another gateway"):
                async with Gateway(settings(house, tmp_path)).running():
                    pass

    play(story())
