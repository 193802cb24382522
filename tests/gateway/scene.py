"""A gateway between a real MCP client and a real MCP server, both from the official SDK, beside the real HTTP side."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import mcp_types as types
import uvicorn
from mcp import Client
from mcp.server import Server
from starlette.applications import Starlette

from bot.core.model.fleet import Agent, ControlSpec, Fleet
from bot.core.model.rungs import RungState
from bot.core.model.tools import TaskBounds, ToolRule
from bot.gateway.mcp_proxy import McpProxy
from bot.gateway.process import Gateway, listening
from bot.gateway.settings import GatewaySettings
from tests.support.patience import PATIENCE
from tests.web.setup import House, small_fleet

RULES = (
    ToolRule("orders.read", writes=False),
    ToolRule("payments.refund", writes=True, reversible="by hand", amount="amount"),
    ToolRule("mail.send", writes=True, reversible="no"),
)
BOUNDS = TaskBounds(("orders.read", "payments.refund"), calls=3, amount=100)
QUICK = 0.05
"""Seconds between two polls here."""


def fleet_with_tools() -> Fleet:
    """The fleet of the HTTP tests; `refunds` has tools, and a lease of ten seconds."""
    fleet = small_fleet()
    refunds = replace(
        fleet.agents["refunds"],
        tools=tuple(rule.name for rule in RULES),
        tool_rules=RULES,
        bounds=BOUNDS,
        redact_arguments=("iban",),
        control=ControlSpec(not_after=10),
    )
    agents: dict[str, Agent] = {**fleet.agents, "refunds": refunds}
    return replace(fleet, agents=agents)


@dataclass
class ToolServer:
    """A real server with three tools and one that nobody classified; what was really called stands in `done`."""

    done: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    slow: asyncio.Event | None = None
    """Where it is there, calls of `mail.send` wait for it."""
    cancelled: int = 0

    def build(self) -> "Server[Any]":
        return Server("tools", on_list_tools=self._list, on_call_tool=self._call, on_read_resource=self._read)

    async def _list(self, *_: object) -> types.ListToolsResult:
        names = [*(rule.name for rule in RULES), "nobody.knows", "server.says"]
        hints = {"server.says": types.ToolAnnotations(read_only_hint=True)}
        tools = [types.Tool(name=name, input_schema={"type": "object"}, annotations=hints.get(name)) for name in names]
        return types.ListToolsResult(tools=tools)

    async def _call(self, _: object, params: types.CallToolRequestParams) -> types.CallToolResult:
        self.done.append((params.name, dict(params.arguments or {})))
        if params.name == "mail.send" and self.slow is not None:
            try:
                await self.slow.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        failed = params.name == "payments.refund" and (params.arguments or {}).get("order") == "none"
        text = "no such order" if failed else f"{params.name} done"
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=failed)

    async def _read(self, _: object, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        return types.ReadResourceResult(contents=[types.TextResourceContents(uri=params.uri, text="a page")])

    def calls(self, tool: str) -> int:
        return [name for name, _ in self.done].count(tool)


@dataclass
class Scene:
    """The gateway's address, and what stands around it."""

    url: str
    house: House
    gateway: Gateway
    tools: ToolServer
    tools_url: str

    @asynccontextmanager
    async def client(self, mode: str = "auto") -> AsyncIterator[Client]:
        async with Client(self.url, mode=mode) as client:
            yield client

    async def on(self, level: str, epoch: int = 1, workflow: str = "") -> None:
        """Put the agent on a rung, and wait until every instance says that it applies it."""
        state = RungState("refunds", workflow, level, epoch, self.house.clock.now(), by="ann", incident_id=17)
        self.house.rung_cache.publish([state])
        await eventually(lambda: self.confirmed(level, epoch, workflow))

    def confirmed(self, level: str, epoch: int, workflow: str = "") -> bool:
        said = [one for one in self.house.rung_cache.readings("refunds", workflow) if one.instance == "g-1"]
        return any((one.level, one.epoch) == (level, epoch) for one in said)

    async def ledger(self) -> dict[str, list[Any]]:
        """What Stepdown has of the ledger, by tool, once it has all of it."""
        await self.gateway.sender.send()
        found: dict[str, list[Any]] = {}
        for action in self.house.ledger.kept.values():
            found.setdefault(action.tool, []).append(action)
        return found

    async def post(self, body: bytes, **headers: str) -> tuple[int, str]:
        """One POST by hand, past every SDK."""
        kind = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                self.url,
                data=io.BytesIO(body),
                headers={**kind, **{name.replace("_", "-"): value for name, value in headers.items()}},
            ) as answer,
        ):
            return answer.status, await answer.text()


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - it waits for other threads and processes, which set no event of this loop
            await asyncio.sleep(0.01)


def text_of(result: types.CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return content.text


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """An ASGI app on a port of this machine."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as place:
        task = asyncio.create_task(server.serve([place]))
        await eventually(lambda: server.started)
        yield f"http://127.0.0.1:{place.getsockname()[1]}"
        server.should_exit = True
        await task


def settings(house: House, data: Path) -> GatewaySettings:
    token = house.tokens["agent:refunds"]
    return GatewaySettings("refunds", house.url, token, data, "g-1", poll_every=QUICK, drain=2.0)


@asynccontextmanager
async def scene(
    house: House, data: Path, *, plain_json: bool = False, secrets: tuple[str, str] = ("", "")
) -> AsyncIterator[Scene]:
    """Everything, running. `plain_json`: the tools' server answers in JSON and not in streams."""
    tools = ToolServer()
    app = tools.build().streamable_http_app(json_response=plain_json)
    async with serving(app) as upstream:
        caller, authorization = secrets
        said = settings(house, data)
        gateway = Gateway(replace(said, caller_token=caller, upstream_authorization=authorization))
        proxy = McpProxy(gateway.settings, f"{upstream}/mcp", gateway.gate, gateway.metrics)
        async with gateway.running(), listening(gateway, proxy, "127.0.0.1", 0) as place:
            yield Scene(f"http://{place}/mcp", house, gateway, tools, f"{upstream}/mcp")


def play(story: Awaitable[None]) -> None:
    """Run one story on a loop of its own."""

    async def played() -> None:
        await story
        await asyncio.sleep(0.01)  # connections that were let go are closed in the loop's next rounds

    asyncio.run(played())


LEASE = timedelta(seconds=10)
