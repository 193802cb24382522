"""Slack in HTTP mode: one address for events, commands and interactions, behind Slack's own signature.

What is not signed with the signing secret within five minutes is refused before anything reads it, and its body is
never logged. What is signed is handed to Bolt the way the socket hands it over, so that both modes are one path from
there on; Bolt's own reading of bodies loses a slash command whose text contains the word "payload".
"""

import hmac
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Event, Thread
from typing import Any, Final
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Request, Response
from slack_bolt import App, BoltRequest
from starlette.concurrency import run_in_threadpool

from bot.ports.errors import DeliveryError

PATH: Final = "/slack/events"
FRESH: Final = 300.0
"""Seconds a request's timestamp may differ from our clock, as Slack advises."""
LARGEST: Final = 2 * 1024 * 1024
RETRY_EVERY: Final = 5.0

PARTS: Final[Mapping[type, tuple[str, ...]]] = {
    str: ("type", "command", "text", "user_id", "team_id", "callback_id", "trigger_id", "challenge"),
    dict: ("user", "team", "enterprise", "event", "view", "container", "channel", "message"),
    list: ("actions", "authorizations"),
}
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "command": ("command", "user_id"),
    "event_callback": ("event.type",),
    "block_actions": ("user.id", "actions.action_id"),
    "view_submission": ("user.id", "view.type", "view.callback_id", "view.private_metadata"),
    "shortcut": ("user.id", "callback_id"),
    "message_action": ("user.id", "callback_id"),
}
"""What every payload of a kind has, by path; a list stands for its first."""

log = structlog.get_logger("stepdown.slack")

Headers = Mapping[str, str]


def refusal(secret: str, headers: Headers, body: bytes, now: float) -> str:
    """Why a request is not Slack's; empty where it is. `now` in epoch seconds."""
    stamp, shown = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not shown:
        return "unsigned"
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < len("10000000000000")):
        return "no_timestamp"
    if abs(now - int(stamp)) > FRESH:
        return "stale"
    made = "v0=" + hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, sha256).hexdigest()
    return "" if hmac.compare_digest(made.encode(), shown.encode()) else "forged"


def unpacked(content_type: str, body: bytes) -> dict[str, Any]:
    """The payload: JSON, a form with JSON in `payload`, or a form. Raises ValueError for anything else."""
    text = body.decode()
    if content_type.split(";", maxsplit=1)[0].strip() == "application/json":
        payload = json.loads(text)
    else:
        form = dict(parse_qsl(text, keep_blank_values=True))
        # a slash command has a field `command`, and whatever words its person chose
        payload = json.loads(form["payload"]) if "payload" in form and "command" not in form else form
    if not isinstance(payload, dict):
        raise ValueError("not an object")  # noqa: TRY004 - what is wrong is what was sent
    return payload


def is_sound(payload: Mapping[str, Any]) -> bool:
    """Whether what Bolt and our listeners look into, before anything is judged, is what they take for granted."""
    kind = "command" if "command" in payload else str(payload.get("type"))
    if not all(_reached(payload, path) for path in NEEDED.get(kind, ())):
        return False
    parts = ((payload.get(name), part) for part, names in PARTS.items() for name in names)
    return all(value is None or isinstance(value, part) for value, part in parts)


def _reached(payload: Mapping[str, Any], path: str) -> bool:
    """Whether there is a text at this path."""
    value: Any = payload
    for name in path.split("."):
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(name) if isinstance(value, dict) else None
    return isinstance(value, str) and bool(value)


class HttpConnection:
    """Takes what Slack sends. Healthy once we know who we are: until then Slack is told to come again."""

    replaced = 0
    """It has no connection of its own that could be replaced."""

    def __init__(
        self,
        app: App,
        secret: str,
        *,
        before: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
        retry_every: float = RETRY_EVERY,
        threads: int = 10,
    ) -> None:
        """Raises ValueError without a secret: an address that believes everybody must not exist."""
        if not secret.strip():
            raise ValueError("HTTP mode needs the app's signing secret")
        self._app = app
        self._secret = secret
        self._before = before
        self._clock = clock
        self._retry_every = retry_every
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="slack-http")
        self._ready = Event()
        self._stopping = Event()
        self._asking: Thread | None = None
        self.problem = "not started"
        """Why Slack is not served, in words; empty while it is."""
        self.refused: dict[str, int] = {}
        """How many requests were refused, by why."""

    def start(self) -> None:
        """Learn who we are; where that fails it is tried again in the background, and `problem` says why."""
        if not self._learnt():
            self._asking = Thread(target=self._ask_again, name="slack-identity", daemon=True)
            self._asking.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Take nothing more."""
        self._stopping.set()
        self._ready.clear()
        if self._asking is not None:
            self._asking.join(timeout)
        self._pool.shutdown(wait=True)

    def healthy(self) -> bool:
        """Whether what Slack sends is taken."""
        return self._ready.is_set()

    def _learnt(self) -> bool:
        try:
            self._before()
        except DeliveryError as error:
            self.problem = str(error)
            log.warning("Slack is not served yet; it is asked again", why=str(error))
            return False
        self.problem = ""
        self._ready.set()
        return True

    def _ask_again(self) -> None:
        while not self._stopping.wait(self._retry_every) and not self._learnt():
            pass

    def routes(self) -> APIRouter:
        """The one address, to be mounted on the HTTP server."""
        router = APIRouter(include_in_schema=False)

        @router.post(PATH)
        async def slack(request: Request) -> Response:
            body = bytearray()
            async for part in request.stream():
                body += part
                if len(body) > LARGEST:
                    return self._refuse("oversized", 413)
            return await run_in_threadpool(self.take, dict(request.headers), bytes(body))

        return router

    def take(self, headers: Headers, body: bytes) -> Response:
        """One request of Slack's, or of somebody who says so."""
        if why := refusal(self._secret, headers, body, self._clock()):
            return self._refuse(why, 401)
        try:
            payload = unpacked(headers.get("content-type", ""), body)
        except (ValueError, RecursionError):
            return self._refuse("unreadable", 400)
        if payload.get("type") == "url_verification":
            return Response(str(payload.get("challenge") or ""), media_type="text/plain")
        if payload.get("ssl_check"):
            return Response()
        if not is_sound(payload):
            return self._refuse("unreadable", 400)
        if not self.healthy():
            return Response(status_code=503)
        return self._dispatched(payload, headers)

    def _dispatched(self, payload: dict[str, Any], headers: Headers) -> Response:
        told = {name: value for name, value in headers.items() if name.startswith("x-slack-retry-")}
        asked = BoltRequest(mode="socket_mode", body=payload, headers=dict(told))
        answer = self._pool.submit(self._app.dispatch, asked).result()
        kind = str((answer.headers.get("content-type") or ["text/plain"])[0])
        return Response(answer.body or "", answer.status, media_type=kind.split(";", maxsplit=1)[0])

    def _refuse(self, why: str, status: int) -> Response:
        self.refused[why] = self.refused.get(why, 0) + 1
        log.warning("a request was refused", path=PATH, why=why)
        return Response(json.dumps({"error": f"refused: {why}"}), status, media_type="application/json")
