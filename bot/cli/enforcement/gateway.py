"""`stepdown gateway ...`: the process between an agent and its tools."""

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.context import UNREACHABLE, WRONG, stop

if TYPE_CHECKING:
    from bot.gateway.settings import GatewaySettings

gateway_app = typer.Typer(
    no_args_is_help=True,
    help="Enforce an agent's rung between it and its tools. Needs `pip install 'stepdown[gateway]'`.",
)
AgentName = Annotated[
    str, typer.Option("--agent", help="The agent: its key in the fleet file.", envvar="STEPDOWN_AGENT")
]
Url = Annotated[str, typer.Option("--stepdown", help="Stepdown's address.", envvar="STEPDOWN_URL")]
Data = Annotated[Path, typer.Option("--data", help="Where the ledger waits until Stepdown has it.")]
Instance = Annotated[str, typer.Option("--instance", help="The name of this gateway in the read-back.")]


@gateway_app.command("serve")
def serve(
    tools: Annotated[str, typer.Argument(help="The address of the MCP server with the tools.")],
    agent: AgentName,
    url: Url,
    listen: Annotated[str, typer.Option("--listen", help="HOST:PORT to answer at.")] = "127.0.0.1:8090",
    data: Data = Path("gateway"),
    instance: Instance = "",
) -> None:
    """Answer as an MCP server at http://HOST:PORT/mcp, in front of the one with the tools.

    Secrets come from the environment: STEPDOWN_TOKEN (the agent's own, `agent:KEY`), STEPDOWN_GATEWAY_TOKEN (what
    callers have to show; without it only this machine may call), STEPDOWN_GATEWAY_AUTHORIZATION (the header
    `Authorization` with which the gateway goes to the tools).
    """
    import asyncio

    _insist_on_extra()
    from bot.gateway.process import serve as run
    from bot.gateway.settings import GatewayError, insist_on_url, listening_place

    try:
        settings = _settings(agent, url, data, instance)
        insist_on_url("the address of the tools", tools)
        host, port = listening_place(listen, settings.caller_token)
        asyncio.run(run(settings, tools, host, port))
    except GatewayError as error:
        stop(str(error), WRONG)


@gateway_app.command("scan")
def scan(tools: Annotated[str, typer.Argument(help="The address of an MCP server.")]) -> None:
    """Ask a server for its tools, and print what the fleet file could say of them: which write, by its own word."""
    import asyncio

    _insist_on_extra()
    from bot.core.formatting.terminal_text import visible
    from bot.gateway.scan import proposal, tools_of
    from bot.gateway.settings import GatewayError, insist_on_url

    try:
        insist_on_url("the address", tools)
        found = asyncio.run(tools_of(tools))
    except GatewayError as error:
        stop(str(error), UNREACHABLE)
    for line in proposal(found):
        print(visible(line))


def _settings(agent: str, url: str, data: Path, instance: str) -> "GatewaySettings":
    from bot.cli.output import SECRETS
    from bot.gateway.settings import GatewaySettings

    found = {
        name: os.environ.get(f"STEPDOWN_{name}", "") for name in ("TOKEN", "GATEWAY_TOKEN", "GATEWAY_AUTHORIZATION")
    }
    SECRETS.learn(found.items())
    named = instance or f"gateway-{socket.gethostname()}-{os.getpid()}"
    return GatewaySettings(
        agent, url, found["TOKEN"], data, named[:100], found["GATEWAY_TOKEN"], found["GATEWAY_AUTHORIZATION"]
    )


def _insist_on_extra() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("aiohttp", "mcp") if find_spec(name) is None]
    if missing:
        stop(f"The gateway needs {' and '.join(missing)}: pip install 'stepdown[gateway]'", WRONG)
