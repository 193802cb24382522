"""Any address that answers JSON: one answer with a list of items, each with both numbers."""

import json
from contextlib import AbstractContextManager

from bot.core.model.slis import PollQuery
from tests.contracts.http_world import HttpWorld, http_world
from tests.contracts.odd_server import Asked
from tests.contracts.source_harnesses import Conditions, Opened

QUERY = PollQuery(
    "her",
    "src",
    "her",
    "ratio",
    {"items": "agents", "bad": "bad", "total": "total", "path": "/her"},
    {"agent": "name"},
    serves=frozenset({("refunds", "")}),
)


def body(asked: Asked, items: list[dict[str, str | None]]) -> object:
    del asked
    return {
        "agents": [
            {"name": item["agent"]}
            | {role: json.loads(number) for role in ("bad", "total") if (number := item[role]) is not None}
            for item in items
        ]
    }


def opened(conditions: Conditions) -> AbstractContextManager[HttpWorld]:
    return http_world("http_json", QUERY, body, "/her", conditions)


HARNESSES: dict[str, Opened] = {"http_json": opened}
