"""JSON-RPC as MCP uses it: one reading of each message, and what a gateway answers by itself.

What goes on to the tools' server is written anew from what was read here, so that both sides read the same message:
no key that stands twice, no number that is none, no list of several messages.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic_core import from_json

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
INVALID_PARAMS: Final = -32602
REFUSED: Final = -32001
"""Our own code for a method, other than a tool's call, that the rung does not allow."""

TOOL_CALL: Final = "tools/call"
CANCELLED: Final = "notifications/cancelled"
WORKFLOW: Final = "stepdown/workflow"
TASK: Final = "stepdown/task"
"""Keys of `_meta` by which a caller says for which workflow and task it calls."""
HOUSEKEEPING: Final = frozenset(
    {"initialize", "ping", "server/discover", "tools/list", "prompts/list", "resources/list"}
    | {"resources/templates/list", "logging/setLevel", "tasks/cancel", "resources/unsubscribe", "roots/list"}
)
"""Requests that do nothing but speak of the connection; they pass on every rung."""
READS: Final = frozenset(
    {"resources/read", "resources/subscribe", "prompts/get", "completion/complete", "subscriptions/listen"}
    | {"tasks/get", "tasks/result", "tasks/list"}
)
"""Requests that read. Whatever is in neither list counts as a write."""

MessageId = str | int | None


class MessageError(ValueError):
    """A message that is not passed on; `code` as JSON-RPC has it."""

    def __init__(self, code: int, why: str, request_id: MessageId = None) -> None:
        super().__init__(why)
        self.code = code
        self.request_id = request_id


@dataclass(frozen=True, slots=True)
class RpcMessage:
    """One message of a client. `method` "": it answers a question of the server. `id` None: it wants no answer."""

    method: str
    id: MessageId
    params: Mapping[str, object]
    data: bytes
    """The same message, written by us."""

    @property
    def meta(self) -> Mapping[str, object]:
        """Its `_meta`; empty where it has none."""
        meta = self.params.get("_meta")
        return meta if isinstance(meta, Mapping) else {}

    def named(self, key: str) -> str:
        """A name in its `_meta`; "" where there is none."""
        value = self.meta.get(key)
        return value if isinstance(value, str) else ""


def read_message(body: bytes) -> RpcMessage:
    """The message of a body. Raises MessageError."""
    try:
        parsed = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise MessageError(PARSE_ERROR, f"the body is not JSON: {error}") from None
    if isinstance(parsed, list):
        raise MessageError(INVALID_REQUEST, "several messages in one are not passed on; send each for itself")
    if not isinstance(parsed, dict) or parsed.get("jsonrpc") != "2.0":
        raise MessageError(INVALID_REQUEST, 'a JSON-RPC message is an object with `"jsonrpc": "2.0"`')
    request_id, method = parsed.get("id"), parsed.get("method", "")
    if isinstance(request_id, bool) or not isinstance(request_id, str | int | None):
        raise MessageError(INVALID_REQUEST, "the id of a message is a text or a whole number")
    if not isinstance(method, str) or (not method and not {"result", "error"} & parsed.keys()):
        raise MessageError(INVALID_REQUEST, "a message has a method, or it is an answer", request_id)
    params = parsed.get("params", {})
    if not isinstance(params, dict):
        raise MessageError(INVALID_PARAMS, "params has to be an object", request_id)
    if method == TOOL_CALL:
        _insist_on_call(params, request_id)
    return RpcMessage(method, request_id, params, _written(parsed))


def _insist_on_call(params: Mapping[str, object], request_id: MessageId) -> None:
    name, arguments = params.get("name"), params.get("arguments")
    if not isinstance(name, str) or not name:
        raise MessageError(INVALID_PARAMS, "a call names its tool: params.name", request_id)
    if arguments is not None and not isinstance(arguments, dict):
        raise MessageError(INVALID_PARAMS, "the arguments of a call are an object", request_id)
    if request_id is None:
        raise MessageError(INVALID_REQUEST, "a call that wants no answer is not passed on")


def _written(parsed: object) -> bytes:
    try:
        return json.dumps(parsed, separators=(",", ":"), allow_nan=False).encode("ascii")
    except (ValueError, RecursionError) as error:
        raise MessageError(PARSE_ERROR, f"the body cannot be written again: {error}") from None


def refused_call(request_id: MessageId, text: str, *, modern: bool) -> dict[str, object]:
    """A tool's result that says no, for the model to read: never a protocol error, which would be tried again."""
    result: dict[str, object] = {"content": [{"type": "text", "text": text}], "isError": True}
    if modern:
        result["resultType"] = "complete"
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def rpc_error(request_id: MessageId, code: int, text: str) -> dict[str, object]:
    """A JSON-RPC error."""
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": text}}


def is_modern(version: str) -> bool:
    """Whether this revision of the protocol marks complete results."""
    return version in MODERN_PROTOCOL_VERSIONS
