"""What `/docs` says of the routes that gateways use."""

from bot.web.enforcement.action_records import ActionIn
from bot.web.openapi.schemas import TOKEN, Json, described, object_schema, plain, record_schemas, refusals, reporting

_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": ["number", "null"]}
_TEXTS: Json = {"type": "array", "items": _TEXT}
_RULES: Json = {
    "agent": "refunds",
    "workflows": ["refund"],
    "tools": [{"name": "payments.refund", "writes": True, "reversible": "by hand", "amount": "amount"}],
    "bounds": {"tools": ["payments.refund"], "calls": 20, "amount": 200},
    "redact_arguments": ["iban"],
    "ask": "Ana Lima",
}
_ACTION: Json = {
    "id": "5e7f0c3a9b6d4c1e8f2a7b3d5c9e1f04",
    "agent": "refunds",
    "tool": "payments.refund",
    "writes": True,
    "began": "2026-03-01T02:14:07Z",
    "ended": "2026-03-01T02:14:07.412Z",
    "outcome": "passed",
    "reversible": "by hand",
    "amount": 40,
    "level": "watched",
    "epoch": 3,
    "instance": "gateway-7f9c",
    "arguments": '{"order": "A-17", "amount": 40}',
}
TOOLS: Json = {
    **TOKEN,
    "responses": {
        "200": described("What the tools do", "ToolRules", _RULES),
        **refusals(
            "Error",
            {
                401: ("No token, or a wrong one", plain("this token is not known")),
                403: ("Another agent's tools, or no token is configured", plain("this token speaks for agent ...")),
                404: ("No such agent", plain("no agent 'refund' in the fleet")),
            },
        ),
    },
}
ACTIONS = reporting("Action", _ACTION)
SCHEMAS: dict[str, Json] = {
    "ToolRules": object_schema(
        ("agent", "workflows", "tools", "bounds", "redact_arguments", "ask"),
        agent=_TEXT,
        workflows=_TEXTS,
        tools={
            "type": "array",
            "items": object_schema(
                ("name", "writes", "reversible", "amount"),
                name=_TEXT,
                writes={
                    "type": ["boolean", "null"],
                    "description": "null: the file does not say, and it counts as one",
                },
                reversible={"type": "string", "enum": ["yes", "no", "by hand", "unknown"]},
                amount={**_TEXT, "description": "JMESPath into the arguments; empty for none"},
            ),
        },
        bounds=object_schema(
            ("tools", "calls", "amount"),
            tools={"type": ["array", "null"], "items": _TEXT},
            calls=_NUMBER,
            amount=_NUMBER,
        ),
        redact_arguments=_TEXTS,
        ask={**_TEXT, "description": "Whom a denied agent is told to ask"},
    ),
    **record_schemas(Action=ActionIn),
}
