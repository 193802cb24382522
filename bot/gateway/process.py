"""One gateway as a process: its parts put together, its loops, its end."""

import asyncio
import contextlib
import fcntl
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from bot.gateway.approvals import Approver
from bot.gateway.call_gate import CallGate
from bot.gateway.ledger.action_log import ActionLog
from bot.gateway.ledger.ledger import Ledger
from bot.gateway.ledger.ledger_sender import LedgerSender
from bot.gateway.mcp_proxy import BODY_LIMIT, McpProxy
from bot.gateway.metrics import GatewayMetrics
from bot.gateway.policy import CallPolicy, SteadyClock, ToolRules
from bot.gateway.rung_keeper import RungKeeper
from bot.gateway.settings import GatewayError, GatewaySettings
from bot.gateway.stepdown_client import StepdownClient, StepdownUnreachableError

ENDS_WITHIN: Final = 5.0
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger()


class Gateway:
    """The parts that every transport shares: rungs, rules, gate, ledger."""

    def __init__(self, settings: GatewaySettings) -> None:
        self.settings = settings
        self.registry = CollectorRegistry()
        self.metrics = GatewayMetrics(self.registry)
        self.clock = SteadyClock(lambda: datetime.now(UTC), time.monotonic)
        self.policy = CallPolicy()
        self.client = StepdownClient(settings)
        self.ledger = Ledger(settings.data_dir)
        self.log = ActionLog(self.ledger, self.metrics, self.policy)
        self.approver = Approver(self.client, self.policy, self.clock, settings.hold)
        self.gate = CallGate(settings, self.policy, self.log, self.clock, self.approver)
        self.keeper = RungKeeper(
            self.client, self.clock, settings.poll_every, self.gate.cut, self.gate.drained, self._take_rules
        )
        self.gate.watch(self.keeper)
        self.sender = LedgerSender(self.ledger, self.client, self.metrics)

    def _take_rules(self, rules: ToolRules) -> None:
        self.policy.rules = rules

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Its loops run inside: the first question to Stepdown is answered, or failed, before it is entered."""
        with _locked(self.settings):
            await self.client.open()
            await self.keeper.ask()
            loops = [asyncio.create_task(one) for one in (self.keeper.run(), self.sender.run(), self._every_second())]
            try:
                yield
            finally:
                for loop in loops:
                    loop.cancel()
                await asyncio.gather(*loops, return_exceptions=True)
                self._note_repeated()
                with contextlib.suppress(TimeoutError, StepdownUnreachableError):  # what is left waits on the disk
                    async with asyncio.timeout(ENDS_WITHIN):
                        await self.sender.send()
                await self.client.close()
                self.ledger.close()

    async def _every_second(self) -> None:
        while True:
            self._note_repeated()
            self._measure()
            for action in await self.approver.forgotten():
                self.log.note(replace(action, ended=self.clock.now()))
            await asyncio.sleep(1)

    def _note_repeated(self) -> None:
        for action in self.gate.denials.repeated():
            self.log.note(action)

    def _measure(self) -> None:
        reached = self.keeper.reached_at
        self.metrics.contact.set(-1 if reached is None else (self.clock.now() - reached).total_seconds())
        running, held = self.gate.counts()
        self.metrics.running.set(running)
        self.metrics.held.set(held)
        self.metrics.unsent.set(self.ledger.unsent_bytes())
        self.metrics.rung.clear()
        for workflow, rung in self.keeper.by_workflow().items():
            self.metrics.rung.labels(workflow, rung.level).set(1)

    def health(self) -> dict[str, object]:
        """What `/healthz` answers: the rungs in force, and whether Stepdown answers."""
        known = self.keeper.by_workflow()
        rungs = {name or "all": {"level": one.level, "epoch": one.epoch} for name, one in known.items()}
        contact = "away" if self.keeper.failures else "answers"
        return {"status": "ok", "agent": self.settings.agent, "stepdown": contact, "rungs": rungs}


@contextlib.contextmanager
def _locked(settings: GatewaySettings) -> Iterator[None]:
    """Two gateways may not write one ledger. Raises GatewayError."""
    place = os.open(settings.data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(place)
        raise GatewayError(
            f"another gateway writes its ledger in {settings.data_dir}; give each its own --data"
        ) from None
    try:
        yield
    finally:
        os.close(place)


async def serve(settings: GatewaySettings, upstream: str, host: str, port: int) -> None:
    """Run until a signal ends it: MCP at `/mcp`, `/metrics` and `/healthz` beside it."""
    gateway = Gateway(settings)
    proxy = McpProxy(settings, upstream, gateway.gate, gateway.metrics)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with gateway.running(), listening(gateway, proxy, host, port) as place:
        log.info("gateway listens", at=f"http://{place}/mcp", agent=settings.agent, tools=upstream)
        print(f"Gateway for {settings.agent}: http://{place}/mcp -> {upstream}", flush=True)  # noqa: T201 - for who started it
        await stop.wait()


@asynccontextmanager
async def listening(gateway: Gateway, proxy: McpProxy, host: str, port: int) -> AsyncIterator[str]:
    """The HTTP side, open inside; its HOST:PORT."""
    app = web.Application(client_max_size=BODY_LIMIT)
    app.router.add_route("*", "/mcp", proxy.handle)
    app.router.add_get("/metrics", _metrics(gateway.registry))
    app.router.add_get("/healthz", _health(gateway))
    runner = web.AppRunner(
        app, access_log=None, handle_signals=False, handler_cancellation=True, shutdown_timeout=ENDS_WITHIN
    )
    await proxy.open()
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0]
        yield f"{host}:{bound[1]}"
    finally:
        await runner.cleanup()
        await proxy.close()


def _metrics(registry: CollectorRegistry) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return answer


def _health(gateway: Gateway) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.json_response(gateway.health())

    return answer
