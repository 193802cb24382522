"""What a server says of its own tools, as a piece of a fleet file that is taken as it stands."""

from pathlib import Path

import pytest
from mcp_types import Tool, ToolAnnotations

from bot.gateway.scan import proposal, tools_of
from bot.gateway.settings import GatewayError
from tests.config.fleet_text import read
from tests.gateway.scene import play, scene
from tests.web.setup import House


def tool(name: str, read_only: bool | None = None, **properties: str) -> Tool:
    schema = {"type": "object", "properties": {key: {"type": kind} for key, kind in properties.items()}}
    return Tool(name=name, input_schema=schema, annotations=ToolAnnotations(read_only_hint=read_only))


TOOLS = [
    tool("orders.read", read_only=True),
    tool("payments.refund", read_only=False, amount="number", order="string"),
    tool("mail.send", amount="string"),
    tool("two.sums", total="number", amount="number"),
    tool("odd: {name} # x\n", read_only=True),
]
FLEET = "people:\n  ana: {name: Ana, slack: U0ANA}\nagents:\n  refunds:\n    owner: ana\n"


def test_a_proposal_stands_in_a_fleet_file_as_it_is() -> None:
    lines = list(proposal(TOOLS))
    assert "  orders.read: {writes: no}  # by its server's own word" in lines
    assert "  mail.send: {writes: yes}  # its server does not say; can it be undone?" in lines
    text = FLEET + "".join(f"    {line}\n" for line in lines)
    agent = read(text).agents["refunds"]
    assert {rule.name: (rule.writes, rule.amount) for rule in agent.tool_rules} == {
        "orders.read": (False, ""),
        "payments.refund": (True, "amount"),
        "mail.send": (True, ""),
        "two.sums": (True, ""),
        "odd: {name} # x\n": (False, ""),
    }


def test_a_real_server_is_asked(house: House, tmp_path: Path) -> None:
    async def story() -> None:
        async with scene(house, tmp_path) as now:
            found = list(proposal(await tools_of(now.tools_url)))
            assert "  server.says: {writes: no}  # by its server's own word" in found
            with pytest.raises(GatewayError, match="does not answer as an MCP server"):
                await tools_of(f"{house.url}/nothing")

    play(story())
