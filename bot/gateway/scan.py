"""`stepdown gateway scan`: asks a server for its tools, and proposes what the fleet file should say of them.

A proposal and no more: what a server says of its own tools is its own word, and where it says nothing a person has to.
"""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from mcp import Client, MCPError
from mcp_types import Tool, ToolAnnotations

from bot.core.formatting.one_line import one_line
from bot.gateway.settings import GatewayError

WITHIN: Final = 30.0
PAGES: Final = 100
"""Pages of a list that are asked for; a server that never ends its list is not waited for."""
_AMOUNT = re.compile(r"(?i)^(amount|total|sum|price|value)(_?(cents|eur|usd|gbp))?$")
_PLAIN_KEY = re.compile(r"[A-Za-z][\w.-]*")


async def tools_of(url: str) -> Sequence[Tool]:
    """The tools that the server at this address has. Raises GatewayError."""
    try:
        async with asyncio.timeout(WITHIN), Client(url) as client:
            return await _all(client)
    except TimeoutError:
        raise GatewayError(f"{url} did not name its tools within {WITHIN:.0f} s") from None
    except (MCPError, OSError, ExceptionGroup) as error:
        first = error.exceptions[0] if isinstance(error, ExceptionGroup) else error
        raise GatewayError(f"{url} does not answer as an MCP server: {one_line(str(first), 200)}") from None


async def _all(client: Client) -> Sequence[Tool]:
    found: list[Tool] = []
    cursor: str | None = None
    for _ in range(PAGES):
        page = await client.list_tools(cursor=cursor)
        found += page.tools
        cursor = page.next_cursor
        if not cursor:
            break
    return found


def proposal(tools: Sequence[Tool]) -> Iterator[str]:
    """A piece of a fleet file, line by line, with a remark where a person has to decide."""
    yield "tools:"
    for tool in sorted(tools, key=lambda one: one.name):
        hints = tool.annotations or ToolAnnotations()
        said, remark = _said(hints)
        amount = _amount(tool.input_schema) if said["writes"] == "yes" else ""
        if amount:
            said["amount"] = amount
        fields = ", ".join(f"{name}: {value}" for name, value in said.items())
        yield f"  {_key(tool.name)}: {{{fields}}}{f'  # {remark}' if remark else ''}"


def _said(hints: ToolAnnotations) -> tuple[dict[str, str], str]:
    """What its hints say, and what is left for a person."""
    if hints.read_only_hint is True and hints.destructive_hint is not True:
        return {"writes": "no"}, "by its server's own word"
    if hints.read_only_hint is None and hints.destructive_hint is None:
        return {"writes": "yes"}, "its server does not say; can it be undone?"
    return {"writes": "yes"}, "can it be undone?"


def _amount(schema: Mapping[str, object]) -> str:
    """An argument that looks like the amount a call moves; "" where none does, or several do."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return ""
    found = [
        name
        for name, about in properties.items()
        if _AMOUNT.match(str(name)) and isinstance(about, Mapping) and about.get("type") in ("number", "integer")
    ]
    return str(found[0]) if len(found) == 1 else ""


def _key(name: str) -> str:
    """A tool's name as a key of YAML: its own word, so whatever is not plain is quoted."""
    return name if _PLAIN_KEY.fullmatch(name) else json.dumps(name)
