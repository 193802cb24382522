"""Prometheus: once with a query for each part, once with one query whose label tells the parts apart."""

from contextlib import AbstractContextManager

from bot.core.model.slis import PollQuery
from tests.contracts.http_world import HttpWorld, http_world
from tests.contracts.odd_server import Asked
from tests.contracts.source_harnesses import MINUTE, Conditions, Opened

SERVES = frozenset({("refunds", "")})
APART = PollQuery(
    "her", "src", "her", "ratio", {"bad": "bad_query", "total": "total_query"}, {"agent": "agent"}, serves=SERVES
)
TOGETHER = PollQuery(
    "her",
    "src",
    "her",
    "ratio",
    {"query": "both_queries", "bad": "escalated", "total": "all"},
    {"agent": "agent", "part": "outcome"},
    serves=SERVES,
)
AT = (MINUTE + 1) * 60
Items = list[dict[str, str | None]]


def vector(result: list[object]) -> object:
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


def one_part(asked: Asked, items: Items) -> object:
    role = asked.form.get("query", "").removesuffix("_query")
    return vector(
        [
            {"metric": {"agent": item["agent"]}, "value": [AT, item[role]]}
            for item in items
            if item.get(role) is not None
        ]
    )


def both_parts(asked: Asked, items: Items) -> object:
    named = {"escalated": "bad", "all": "total"}
    return vector(
        [
            {"metric": {"agent": item["agent"], "outcome": label}, "value": [AT, item[role]]}
            for item in items
            for label, role in named.items()
            if item[role] is not None
        ]
    )


def apart(conditions: Conditions) -> AbstractContextManager[HttpWorld]:
    return http_world("prometheus", APART, one_part, "/api/v1/query", conditions)


def together(conditions: Conditions) -> AbstractContextManager[HttpWorld]:
    return http_world("prometheus", TOGETHER, both_parts, "/api/v1/query", conditions)


HARNESSES: dict[str, Opened] = {"prometheus": apart, "prometheus-one-query": together}
