"""`/api/{method}`: reading a call, checking its token and scopes, and answering as Slack does.

Always HTTP 200 with `ok`, except 429 and what armed faults do.
"""

import asyncio
import json
import re
import time
from dataclasses import dataclass
from json import JSONDecodeError

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.localslack.methods import METHODS
from bot.localslack.methods.table import Arguments, Asked, Method, missing
from bot.localslack.state.faults import Armed
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.state.slack import Slack

AS_JSON = frozenset(
    {"blocks", "attachments", "view", "metadata", "files", "document_content", "changes", "criteria"}
    | {"prompts", "chunks", "message"}
)
REAL_TOKEN = re.compile(r"x(ox[abeoprs]|app)-(?!local-)[\w-]*\d{6,}")
NO_REAL_TOKENS = "a token that looks real was sent to the local Slack; it was neither kept nor passed on"
SERVER_FAULT = "<html><body><h1>Server Error</h1></body></html>"


@dataclass(frozen=True)
class Reply:
    """What goes back over the wire, and what the journal notes of it."""

    status: int
    body: Json
    headers: dict[str, str]
    html: str = ""


async def read(request: Request) -> Json:
    """The arguments of a request: query, then form or JSON over it. `Refusal` for JSON that is none."""
    raw: Json = dict(request.query_params)
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        raw |= _json_body(await request.body())
    elif kind.startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        async with request.form() as form:
            raw |= {name: value for name, value in form.items() if not isinstance(value, UploadFile)}
    return {name: decoded(name, value) for name, value in raw.items()}


def _json_body(body: bytes) -> Json:
    if not body.strip():
        return {}
    try:
        found = json.loads(body)
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise Refusal("invalid_json", detail=str(error)) from error
    if not isinstance(found, dict):
        raise Refusal("json_not_object")
    return found


def decoded(name: str, value: object) -> object:
    """JSON inside a form field, for the arguments that carry it; what does not parse stays text."""
    if name not in AS_JSON or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except JSONDecodeError:
        return value


class WebApi:
    """The endpoint. `drop` cuts the connection of a request, for the fault of that name."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack

    async def answer(self, name: str, request: Request) -> tuple[Response, Armed | None]:
        """Answer one call; a fault that concerns the reply comes back with it."""
        begun = time.perf_counter()
        arguments: Json = {}
        armed = self.slack.faults.for_method(name)
        try:
            arguments = await read(request)
            token = _token(request, arguments)
            reply = _struck(armed) or self.call(name, arguments, token)
        except Refusal as refusal:
            reply = Reply(200, refusal.answer(), {})
        if armed is not None and armed.fault == "slow_reply":
            await asyncio.sleep(float(armed.settings.get("seconds", 1)))
        ms = (time.perf_counter() - begun) * 1000
        self.slack.journal.note_call(self.slack.clock.now(), name, arguments, reply.body, reply.status, ms)
        self.slack.touch()
        return _response(reply), armed

    def call(self, name: str, arguments: Json, token: str) -> Reply:
        """Run a method under the lock."""
        with self.slack.lock:
            try:
                body = {"ok": True, **self._run(name, Arguments(arguments), token)}
            except Refusal as refusal:
                body = refusal.answer()
        headers = {}
        if scopes := self.slack.workspace.app.manifest.scopes:
            headers["X-OAuth-Scopes"] = ",".join(scopes)
        return Reply(200, json.loads(json.dumps(body)), headers)

    def _run(self, name: str, arguments: Arguments, token: str) -> Json:
        found = METHODS.get(name)
        if found is None:
            raise Refusal("unknown_method", req_method=name)
        self._check_token(found, token)
        asked = Asked(self.slack, arguments)
        if found.scope is not None:
            asked.needs(found.scope)
        if (refusal := missing(found.required, arguments)) is not None:
            raise refusal
        return found.run(asked)

    def _check_token(self, found: Method, token: str) -> None:
        app = self.slack.workspace.app
        if found.token == "none":  # noqa: S105  a kind of token, not one
            return
        if not token:
            raise Refusal("not_authed")
        if REAL_TOKEN.match(token):
            raise Refusal("invalid_auth", response_metadata={"messages": [f"[ERROR] {NO_REAL_TOKENS}"]})
        wanted, other = app.bot_token, app.app_token
        if found.token == "app":  # noqa: S105  a kind of token, not one
            wanted, other = other, wanted
        if token == other:
            raise Refusal("not_allowed_token_type")
        if token != wanted:
            raise Refusal("invalid_auth")


def _token(request: Request, arguments: Json) -> str:
    given = str(arguments.pop("token", ""))
    header = request.headers.get("authorization", "")
    return header[7:].strip() if header.lower().startswith("bearer ") else given


def _struck(armed: Armed | None) -> Reply | None:
    """The reply of a fault that strikes before the method runs."""
    settings = armed.settings if armed else {}
    match armed.fault if armed else "":
        case "rate_limit":
            after = str(settings.get("retry_after", 1))
            return Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": after})
        case "server_error":
            return Reply(int(settings.get("status", 503)), {}, {}, html=SERVER_FAULT)
        case "refuse":
            return Reply(200, {"ok": False, "error": str(settings.get("error", "internal_error"))}, {})
    return None


def _response(reply: Reply) -> Response:
    if reply.html:
        return Response(reply.html, reply.status, reply.headers, "text/html")
    return JSONResponse(reply.body, reply.status, reply.headers)
