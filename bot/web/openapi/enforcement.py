"""What `/docs` says of the routes that gateways use."""

from bot.web.enforcement.action_records import ActionIn
from bot.web.enforcement.approval_records import ApprovalIn
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
_QUESTION: Json = {
    "id": "5e7f0c3a9b6d4c1e",
    "agent": "refunds",
    "tool": "payments.refund",
    "what": "refund order A-17 to the card it was paid with",
    "amount": 40,
    "reversible": "by hand",
    "arguments": '{"order": "A-17", "amount": 40}',
    "expires_in": 300,
}
_ANSWER: Json = {
    "id": "5e7f0c3a9b6d4c1e",
    "agent": "refunds",
    "tool": "payments.refund",
    "state": "pending",
    "said": "It waits for a person, until 02:19 UTC.",
    "asked_at": "2026-03-01T02:14:00Z",
    "due": "2026-03-01T02:19:00Z",
    "people": {"needed": 1, "approved": 0},
}
_SAID_NO = refusals(
    "Error",
    {
        401: ("No token, or a wrong one", plain("this token is not known")),
        403: ("Another agent's question, or no token is configured", plain("this token speaks for agent ...")),
        404: ("No such agent or question", plain("no approval '5e7f'")),
        409: ("Another question has that id", plain("another question was asked under the id ...")),
        503: ("Too much at once; see Retry-After", plain("too many questions are waiting to be stored ...")),
    },
)
APPROVAL: Json = {**TOKEN, "responses": {"200": described("How it stands", "Approval", _ANSWER), **_SAID_NO}}
APPROVALS: Json = {
    **APPROVAL,
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Question"}, "example": _QUESTION}},
    },
}
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
    "Approval": object_schema(
        ("id", "agent", "tool", "state", "said", "asked_at", "due", "people"),
        id=_TEXT,
        agent=_TEXT,
        tool=_TEXT,
        state={"type": "string", "enum": ["pending", "approved", "denied", "expired", "withdrawn"]},
        said={**_TEXT, "description": "The same in a sentence. `expired`: nobody answered, and nobody denied it"},
        asked_at=_TEXT,
        due=_TEXT,
        people=object_schema(("needed", "approved"), needed={"type": "integer"}, approved={"type": "integer"}),
    ),
    **record_schemas(Action=ActionIn, Question=ApprovalIn),
}
