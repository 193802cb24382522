"""What `/docs` says beyond the routes themselves: bodies, answers and errors, each with an example.

The endpoints read their bodies by hand (exact errors, one parse), so FastAPI cannot derive this. A test sends every
request example to the real endpoint and compares the answer's shape, so that it cannot rot.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from bot.web.ingest.records import BATCH, ChangeIn, SampleIn, TaskIn

Json = dict[str, object]

TOKEN: Json = {"security": [{"bearer": []}, {"apiKey": []}]}
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


def described(what: str, schema: str, example: object) -> Json:
    """One answer, with its schema and an example."""
    return {"description": what, "content": _json({"$ref": f"#/components/schemas/{schema}"}, example)}


def refusals(schema: str, examples: Mapping[int, tuple[str, Json]]) -> Json:
    """The answers that say no, by status."""
    return {str(status): described(what, schema, example) for status, (what, example) in examples.items()}


def plain(why: str) -> Json:
    """The body of a refusal."""
    return {"error": why}


def _ofrep(code: str, why: str, key: str = "autonomy-level") -> Json:
    return {**({"key": key} if key else {}), "errorCode": code, "errorDetails": why}


def _ofrep_refusals(key: str) -> Json:
    return refusals(
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
    **TOKEN,
    "requestBody": _CONTEXT_BODY,
    "responses": {
        "200": described("The flag's value", "Flag", _LEVEL),
        **_ofrep_refusals("autonomy-level"),
        **refusals(
            "OfrepError",
            {404: ("No such flag", _ofrep("FLAG_NOT_FOUND", "no flag 'autonomy-levle'. Did you mean ..."))},
        ),
    },
}
OFREP_BULK: Json = {
    **TOKEN,
    "parameters": [_ETAG],
    "requestBody": _CONTEXT_BODY,
    "responses": {
        "200": described(
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
    **TOKEN,
    "parameters": [*_QUERY, _ETAG],
    "responses": {
        "200": described(
            "The rung", "Autonomy", {"agent": "refunds", "workflow": "refund", **_RUNG, "readback": "recorded"}
        ),
        "304": _UNCHANGED,
        **refusals(
            "Error",
            {
                401: ("No token, or a wrong one", plain("a token is needed: Authorization: Bearer TOKEN")),
                403: ("Another agent's rung, or no token is configured", plain("this token speaks for agent ...")),
                404: ("No such agent (told to responders only)", plain("no agent 'refnds' in the fleet. Did you ...")),
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


def reporting(schema: str, example: Json, more: Mapping[str, object] | None = None) -> Json:
    """A route that takes one record or a list of them."""
    one: Json = {"$ref": f"#/components/schemas/{schema}"}
    several: Json = {"type": "array", "maxItems": BATCH, "items": one}
    return {
        **TOKEN,
        "requestBody": {"required": True, "content": _json({"oneOf": [one, several]}, example)},
        "responses": {
            "200": described("Every record is stored", "Stored", {"stored": 1}),
            "207": described(
                "Some are stored; `refused` are not, and sending them again does not help", "Faults", _SOME
            ),
            "422": described("Something is wrong with every record; nothing was stored", "Faults", _FAULTS),
            **(more or {}),
            **refusals(
                "Error",
                {
                    400: ("Not JSON", plain("the body is not JSON: EOF while parsing a list at line 1 column 1")),
                    401: ("No token, or a wrong one", plain("this token is not known")),
                    403: ("Another agent's records, or no token is configured", plain("this token reports for ...")),
                    413: ("More than 1 MiB", plain("the body is larger than 1048576 bytes (1 MiB); send it in parts")),
                    503: ("Too much at once; see Retry-After", plain("too many batches are waiting to be stored ...")),
                },
            ),
        },
    }


SAMPLES = reporting("Sample", _SAMPLE)
TASKS = reporting("Task", _TASK)
_TAKEN = refusals("Error", {409: ("Another change has that id", plain("another change was posted under ..."))})
CHANGES = reporting("Change", _CHANGE, _TAKEN)
_SPAN: list[Json] = [
    {"name": name, "in": "query", "schema": {"type": "string"}, "description": what, "example": example}
    for name, what, example in (
        ("since", "First moment, ISO 8601 with an offset; by default 48 hours before the last", "2026-03-01T00:00:00Z"),
        ("until", "Last moment; by default now", "2026-03-01T03:00:00Z"),
        ("agent", "Only changes that touch this agent", "refunds"),
    )
]
CHANGES_READ: Json = {
    **TOKEN,
    "parameters": [*_SPAN],
    "responses": {
        "200": described("The changes, oldest first", "Changes", {"changes": [_CHANGE]}),
        **refusals(
            "Error",
            {
                400: ("A time that is none, or more than 31 days", plain("since is 'yesterday'; allowed: ISO 8601")),
                401: ("No token, or a wrong one", plain("this token is not known")),
                403: ("Not for this token, or none is configured", plain("a token for 'tasks' may not do this")),
            },
        ),
    },
}


def object_schema(required: tuple[str, ...], **properties: Json) -> Json:
    """The schema of an object."""
    return {"type": "object", "required": list(required), "properties": properties}


def record_schemas(**models: type[BaseModel]) -> dict[str, Json]:
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
    "OfrepRequest": object_schema(("context",), context={**_ANYTHING, "required": ["targetingKey"]}),
    "Flag": object_schema(
        ("key", "value", "reason", "variant", "metadata"),
        key=_TEXT,
        value={"oneOf": [_TEXT, {"$ref": "#/components/schemas/Rung"}]},
        reason={"type": "string", "enum": ["STATIC", "TARGETING_MATCH"]},
        variant=_TEXT,
        metadata=_ANYTHING,
    ),
    "Flags": object_schema(
        ("flags", "metadata"),
        flags={"type": "array", "items": {"$ref": "#/components/schemas/Flag"}},
        metadata=_ANYTHING,
    ),
    "OfrepError": object_schema(("errorCode", "errorDetails"), key=_TEXT, errorCode=_TEXT, errorDetails=_TEXT),
    "Rung": object_schema(_RUNG_FIELDS, **_RUNG_PROPERTIES),
    "Autonomy": object_schema(
        ("agent", "workflow", *_RUNG_FIELDS, "readback"),
        agent=_TEXT,
        workflow=_TEXT,
        **_RUNG_PROPERTIES,
        readback={**_TEXT, "description": "recorded, none, or `ignored: why`"},
    ),
    "Stored": object_schema(("stored",), stored=_WHOLE),
    "Error": object_schema(("error",), error=_TEXT),
    "Faults": object_schema(
        ("error", "stored", "faults"),
        error=_TEXT,
        stored={**_WHOLE, "description": "How many records of the request are stored"},
        refused={"type": "array", "items": _WHOLE, "description": "The places of the others, from 0"},
        faults={
            "type": "array",
            "description": "What is wrong with them, the first 100",
            "items": object_schema(
                ("index", "field", "found", "allowed"), index=_WHOLE, field=_TEXT, found=_TEXT, allowed=_TEXT
            ),
        },
    ),
    "Changes": object_schema(("changes",), changes={"type": "array", "items": {"$ref": "#/components/schemas/Change"}}),
    **record_schemas(Change=ChangeIn, Sample=SampleIn, Task=TaskIn),
}
SECURITY: dict[str, Json] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of `stepdown token NAME`"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same token, as OFREP allows"},
}


def complete(document: dict[str, Any], more: Mapping[str, Json]) -> None:
    """Add what the routes refer to, `more` too, and take out FastAPI's own 422, which none of them answers."""
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    schemas.update({**SCHEMAS, **more})
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
