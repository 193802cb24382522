"""What `/docs` says beyond the routes themselves: bodies, answers and errors, each with an example.

The endpoints read their bodies by hand (exact errors, one parse), so FastAPI cannot derive this. A test sends every
request example to the real endpoint and compares the answer's shape, so that it cannot rot.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from bot.web.ingest.records import BATCH, ChangeIn, SampleIn, TaskIn

Json = dict[str, object]

_TOKEN: Json = {"security": [{"bearer": []}, {"apiKey": []}]}
_CONTEXT: Json = {
    "targetingKey": "refunds",
    "instance": "refunds-7f9c",
    "appliedLevel": "full",
    "appliedEpoch": 0,
    "taskClass": "refund",
}
_RUNG: Json = {
    "level": "approval",
    "epoch": 3,
    "grants": {"writes": "approve", "log": "enhanced"},
    "may": "act, but every write waits for a person",
    "not_after": "2026-03-01T02:19:00Z",
    "fallback": "read-only",
    "fallback_grants": {"writes": "deny", "log": "enhanced"},
    "incident": 17,
}
_NOTES: Json = {
    "agent": "refunds",
    "workflow": "refund",
    "epoch": 3,
    "not_after": "2026-03-01T02:19:00Z",
    "readback": "recorded",
}
_LEVEL: Json = {
    "key": "autonomy-level",
    "value": "approval",
    "reason": "TARGETING_MATCH",
    "variant": "approval",
    "metadata": _NOTES,
}
_SAMPLE: Json = {
    "time": "2026-03-01T02:14:00Z",
    "agent": "refunds",
    "workflow": "refund",
    "sli": "her",
    "value": 18.0,
    "n": 214,
}
_TASK: Json = {
    "task_id": "t-20260301-0042",
    "agent": "refunds",
    "task_class": "refund",
    "time": "2026-03-01T02:14:07Z",
    "tool_calls": 6,
    "required_escalation": False,
    "pending_approval": False,
    "completed": True,
    "decision_confidence": 0.93,
    "decision_correct": True,
    "success": True,
    "cost": 0.04,
    "tools": [{"name": "orders.read", "calls": 5, "errors": 1}, {"name": "payments.refund", "calls": 1, "errors": 0}],
    "invalid_calls": 0,
    "repeated_calls": 1,
    "context_use": 0.31,
    "model": "acme-large-2026-02-11",
    "prompt": "refunds-v14",
}
_FAULT: Json = {"index": 1, "field": "decision_confidence", "found": "7", "allowed": "a number from 0 to 1"}
_SOME: Json = {"error": "1 record of 3 refused, 1 fault found", "stored": 2, "refused": [1], "faults": [_FAULT]}
_FAULTS: Json = {
    "error": "1 fault found; nothing was stored",
    "stored": 0,
    "refused": [0],
    "faults": [{**_FAULT, "index": 0}],
}


def _json(schema: Json, example: object) -> Json:
    return {"application/json": {"schema": schema, "example": example}}


def _answer(what: str, schema: str, example: object) -> Json:
    return {"description": what, "content": _json({"$ref": f"#/components/schemas/{schema}"}, example)}


def _refusals(schema: str, examples: Mapping[int, tuple[str, Json]]) -> Json:
    return {str(status): _answer(what, schema, example) for status, (what, example) in examples.items()}


def _plain(why: str) -> Json:
    return {"error": why}


def _ofrep(code: str, why: str, key: str = "autonomy-level") -> Json:
    return {**({"key": key} if key else {}), "errorCode": code, "errorDetails": why}


def _ofrep_refusals(key: str) -> Json:
    return _refusals(
        "OfrepError",
        {
            400: (
                "PARSE_ERROR, TARGETING_KEY_MISSING or INVALID_CONTEXT",
                _ofrep(
                    "TARGETING_KEY_MISSING", "context.targetingKey is missing: it is the agent's key in the ...", key
                ),
            ),
            401: ("No token, or a wrong one", _ofrep("GENERAL", "this token is not known", key)),
            403: (
                "Another agent's rung, or no token is configured",
                _ofrep("GENERAL", "this token speaks for ...", key),
            ),
            413: ("More than 1 MiB", _ofrep("GENERAL", "the body is larger than 1048576 bytes (1 MiB) ...", key)),
        },
    )


_UNCHANGED: Json = {"description": "Unchanged, and at least half the lease of the copy you hold is left"}
_ETAG: Json = {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}, "description": "The last ETag"}
_CONTEXT_BODY: Json = {
    "required": True,
    "content": _json({"$ref": "#/components/schemas/OfrepRequest"}, {"context": _CONTEXT}),
}

OFREP_ONE: Json = {
    **_TOKEN,
    "requestBody": _CONTEXT_BODY,
    "responses": {
        "200": _answer("The flag's value", "Flag", _LEVEL),
        **_ofrep_refusals("autonomy-level"),
        **_refusals(
            "OfrepError",
            {404: ("No such flag", _ofrep("FLAG_NOT_FOUND", "no flag 'autonomy-levle'. Did you mean ..."))},
        ),
    },
}
OFREP_BULK: Json = {
    **_TOKEN,
    "parameters": [_ETAG],
    "requestBody": _CONTEXT_BODY,
    "responses": {
        "200": _answer(
            "Both flags",
            "Flags",
            {"flags": [_LEVEL, {**_LEVEL, "key": "autonomy", "value": _RUNG}], "metadata": _NOTES},
        ),
        "304": _UNCHANGED,
        **_ofrep_refusals(""),
    },
}
_QUERY: list[Json] = [
    {"name": name, "in": "query", "schema": {"type": kind}, "description": what, "example": example}
    for name, kind, what, example in (
        ("instance", "string", "The instance that asks; with the two applied ones, the read-back", "refunds-7f9c"),
        ("appliedLevel", "string", "The rung this instance applies now", "full"),
        ("appliedEpoch", "integer", "The epoch of that rung", 0),
        ("workflow", "string", "The workflow the rung is wanted for; empty: the agent as a whole", "refund"),
    )
]
AUTONOMY: Json = {
    **_TOKEN,
    "parameters": [*_QUERY, _ETAG],
    "responses": {
        "200": _answer(
            "The rung", "Autonomy", {"agent": "refunds", "workflow": "refund", **_RUNG, "readback": "recorded"}
        ),
        "304": _UNCHANGED,
        **_refusals(
            "Error",
            {
                401: ("No token, or a wrong one", _plain("a token is needed: Authorization: Bearer TOKEN")),
                403: ("Another agent's rung, or no token is configured", _plain("this token speaks for agent ...")),
                404: ("No such agent (told to responders only)", _plain("no agent 'refnds' in the fleet. Did you ...")),
            },
        ),
    },
}


_CHANGE: Json = {
    "id": "deploy-8f31c2",
    "kind": "prompt",
    "time": "2026-03-01T02:05:00Z",
    "summary": "shorter refusals",
    "agents": ["refunds"],
    "version": "refunds-v14",
    "by": "release pipeline",
}


def _reporting(schema: str, example: Json, more: Mapping[str, object] | None = None) -> Json:
    one: Json = {"$ref": f"#/components/schemas/{schema}"}
    several: Json = {"type": "array", "maxItems": BATCH, "items": one}
    return {
        **_TOKEN,
        "requestBody": {"required": True, "content": _json({"oneOf": [one, several]}, example)},
        "responses": {
            "200": _answer("Every record is stored", "Stored", {"stored": 1}),
            "207": _answer("Some are stored; `refused` are not, and sending them again does not help", "Faults", _SOME),
            "422": _answer("Something is wrong with every record; nothing was stored", "Faults", _FAULTS),
            **(more or {}),
            **_refusals(
                "Error",
                {
                    400: ("Not JSON", _plain("the body is not JSON: EOF while parsing a list at line 1 column 1")),
                    401: ("No token, or a wrong one", _plain("this token is not known")),
                    403: ("Another agent's records, or no token is configured", _plain("this token reports for ...")),
                    413: ("More than 1 MiB", _plain("the body is larger than 1048576 bytes (1 MiB); send it in parts")),
                    503: ("Too much at once; see Retry-After", _plain("too many batches are waiting to be stored ...")),
                },
            ),
        },
    }


SAMPLES = _reporting("Sample", _SAMPLE)
TASKS = _reporting("Task", _TASK)
_TAKEN = _refusals("Error", {409: ("Another change has that id", _plain("another change was posted under ..."))})
CHANGES = _reporting("Change", _CHANGE, _TAKEN)
_SPAN: list[Json] = [
    {"name": name, "in": "query", "schema": {"type": "string"}, "description": what, "example": example}
    for name, what, example in (
        ("since", "First moment, ISO 8601 with an offset; by default 48 hours before the last", "2026-03-01T00:00:00Z"),
        ("until", "Last moment; by default now", "2026-03-01T03:00:00Z"),
        ("agent", "Only changes that touch this agent", "refunds"),
    )
]
CHANGES_READ: Json = {
    **_TOKEN,
    "parameters": [*_SPAN],
    "responses": {
        "200": _answer("The changes, oldest first", "Changes", {"changes": [_CHANGE]}),
        **_refusals(
            "Error",
            {
                400: ("A time that is none, or more than 31 days", _plain("since is 'yesterday'; allowed: ISO 8601")),
                401: ("No token, or a wrong one", _plain("this token is not known")),
                403: ("Not for this token, or none is configured", _plain("a token for 'tasks' may not do this")),
            },
        ),
    },
}


def _object(required: tuple[str, ...], **properties: Json) -> Json:
    return {"type": "object", "required": list(required), "properties": properties}


def _records(**models: type[BaseModel]) -> dict[str, Json]:
    """The schemas of pushed records; what they refer to stands beside them under its own name."""
    made: dict[str, Json] = {}
    for name, model in models.items():
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        made |= schema.pop("$defs", {})
        made[name] = schema
    return made


_TEXT: Json = {"type": "string"}
_WHOLE: Json = {"type": "integer"}
_ANYTHING: Json = {"type": "object", "additionalProperties": True}
_RUNG_PROPERTIES: dict[str, Json] = {
    "level": _TEXT,
    "epoch": {**_WHOLE, "description": "Only ever grows; ignore a lower one than you have applied"},
    "grants": {**_ANYTHING, "description": "Machine-readable permissions of the rung"},
    "may": {**_TEXT, "description": "What the agent may do, in words"},
    "not_after": {**_TEXT, "format": "date-time", "description": "Out of contact, drop to `fallback` from here on"},
    "fallback": {**_TEXT, "description": "The rung to drop to without contact"},
    "fallback_grants": {**_ANYTHING, "description": "Machine-readable permissions of `fallback`"},
    "incident": {**_WHOLE, "description": "The incident that the rung was lowered for"},
}
_RUNG_FIELDS = tuple(name for name in _RUNG_PROPERTIES if name != "incident")
SCHEMAS: dict[str, Json] = {
    "OfrepRequest": _object(("context",), context={**_ANYTHING, "required": ["targetingKey"]}),
    "Flag": _object(
        ("key", "value", "reason", "variant", "metadata"),
        key=_TEXT,
        value={"oneOf": [_TEXT, {"$ref": "#/components/schemas/Rung"}]},
        reason={"type": "string", "enum": ["STATIC", "TARGETING_MATCH"]},
        variant=_TEXT,
        metadata=_ANYTHING,
    ),
    "Flags": _object(
        ("flags", "metadata"),
        flags={"type": "array", "items": {"$ref": "#/components/schemas/Flag"}},
        metadata=_ANYTHING,
    ),
    "OfrepError": _object(("errorCode", "errorDetails"), key=_TEXT, errorCode=_TEXT, errorDetails=_TEXT),
    "Rung": _object(_RUNG_FIELDS, **_RUNG_PROPERTIES),
    "Autonomy": _object(
        ("agent", "workflow", *_RUNG_FIELDS, "readback"),
        agent=_TEXT,
        workflow=_TEXT,
        **_RUNG_PROPERTIES,
        readback={**_TEXT, "description": "recorded, none, or `ignored: why`"},
    ),
    "Stored": _object(("stored",), stored=_WHOLE),
    "Error": _object(("error",), error=_TEXT),
    "Faults": _object(
        ("error", "stored", "faults"),
        error=_TEXT,
        stored={**_WHOLE, "description": "How many records of the request are stored"},
        refused={"type": "array", "items": _WHOLE, "description": "The places of the others, from 0"},
        faults={
            "type": "array",
            "description": "What is wrong with them, the first 100",
            "items": _object(
                ("index", "field", "found", "allowed"), index=_WHOLE, field=_TEXT, found=_TEXT, allowed=_TEXT
            ),
        },
    ),
    "Changes": _object(("changes",), changes={"type": "array", "items": {"$ref": "#/components/schemas/Change"}}),
    **_records(Change=ChangeIn, Sample=SampleIn, Task=TaskIn),
}
SECURITY: dict[str, Json] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of `stepdown token NAME`"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same token, as OFREP allows"},
}


def complete(document: dict[str, Any]) -> None:
    """Add what the routes refer to, and take out FastAPI's own 422, which none of them answers."""
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    schemas.update(SCHEMAS)
    parts["securitySchemes"] = SECURITY
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for about in (about for methods in document["paths"].values() for about in methods.values()):
        if "HTTPValidationError" in str(about["responses"].get("422")):
            del about["responses"]["422"]
        if "parameters" in about:
            about["parameters"] = _each_once(about["parameters"])


def _each_once(parameters: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """FastAPI describes a parameter from the signature and appends ours, which says more and stays."""
    return list({(one["in"], one["name"]): one for one in parameters}.values())
