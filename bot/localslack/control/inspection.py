"""`GET /_control/*`: what is to be seen, as JSON."""

import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse

from bot.localslack.blockkit.rules import walk
from bot.localslack.people.actions import Acts
from bot.localslack.state.faults import FAULTS
from bot.localslack.state.objects import conversation_object
from bot.localslack.state.records import Conversation, Message
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.transport.long_poll import LongPoll

LONGEST_WAIT = 300.0
TEXT_FIELDS = ("text", "alt_text", "title", "name", "url", "value", "label", "fallback")


def words_of(message: Message) -> str:
    """All text of a message: its own, that of its blocks, attachments and files."""
    places = [message.body.get(name) for name in ("blocks", "attachments", "files")]
    found = [entry.get(name) for place in places for entry in walk(place) for name in TEXT_FIELDS]
    return "\n".join([str(message.body.get("text", "")), *(text for text in found if isinstance(text, str))])


def _number(request: Request, name: str, default: float) -> float:
    value = request.query_params.get(name, str(default))
    try:
        return float(value)
    except ValueError as error:
        raise Refusal("invalid_arguments", detail=f"{name} must be a number, found {value!r}") from error


class Inspection:
    """The read half of the control API."""

    def __init__(self, acts: Acts, watching: LongPoll) -> None:
        self.acts = acts
        self.slack = acts.slack
        self.watching = watching
        self._views: dict[str, Callable[[Request], Json]] = {
            "messages": self._messages,
            "views": self._open_views,
            "home": self._home,
            "channels": self._channels,
            "calls": self._calls,
            "deliveries": self._deliveries,
            "users": self._users,
            "faults": self._faults,
            "clock": lambda _request: {"ok": True, "now": self.slack.clock.now()},
        }

    async def answer(self, name: str, request: Request) -> JSONResponse:
        """Answer one GET."""
        try:
            if name == "wait":
                return JSONResponse(await self._wait(request))
            if name not in self._views:
                return JSONResponse(
                    {"ok": False, "error": "unknown_control", "known": sorted([*self._views, "wait"])}, 404
                )
            with self.slack.lock:
                return JSONResponse(self._views[name](request))
        except Refusal as refusal:
            return JSONResponse(refusal.answer(), 400)

    def _where(self, request: Request) -> tuple[Conversation, str | None]:
        query = request.query_params
        viewer = query.get("user")
        user = self.slack.person_called(viewer).id if viewer else None
        channel = query.get("channel", "")
        if channel.startswith("@") and user is None:
            user = self.slack.person_called(channel).id
        return self.acts.place(channel, user), user

    def _messages(self, request: Request) -> Json:
        where, user = self._where(request)
        return {
            "ok": True,
            "channel": where.id,
            "messages": [self._shown(where, entry) for entry in where.seen_by(user)],
        }

    @staticmethod
    def _shown(where: Conversation, message: Message) -> Json:
        pinned = any(pin["ts"] == message.ts for pin in where.pins)
        extra = {"channel": where.id, "ephemeral": message.only_for is not None, "pinned": pinned}
        return {"files": [], "reactions": [], **message.body, **extra}

    def _open_views(self, request: Request) -> Json:
        user = self.slack.person_called(request.query_params.get("user", "")).id
        stack = [self.slack.views[view_id] for view_id in self.slack.stacks.get(user, [])]
        return {"ok": True, "views": [view.body | {"errors": view.errors} for view in stack]}

    def _home(self, request: Request) -> Json:
        user = self.slack.person_called(request.query_params.get("user", "")).id
        view = self.slack.views.get(self.slack.homes.get(user, ""))
        return {"ok": True, "view": view.body if view else None}

    def _channels(self, _request: Request) -> Json:
        return {"ok": True, "channels": [self._channel(entry) for entry in self.slack.conversations.values()]}

    def _channel(self, entry: Conversation) -> Json:
        canvas = self.slack.canvases.get(entry.canvas_id or "")
        extra = {
            "members": entry.members,
            "pins": entry.pins,
            "bookmarks": entry.bookmarks,
            "canvas": [section["markdown"] for section in canvas.sections] if canvas else None,
        }
        return conversation_object(self.slack, entry, members=True) | extra

    def _calls(self, request: Request) -> Json:
        since = int(_number(request, "since", 0))
        return {"ok": True, "calls": self.slack.journal.calls_as_json(since, request.query_params.get("method"))}

    def _deliveries(self, request: Request) -> Json:
        since = int(_number(request, "since", 0))
        return {"ok": True, "deliveries": self.slack.journal.deliveries_as_json(since)}

    def _users(self, _request: Request) -> Json:
        people = self.slack.people.values()
        return {
            "ok": True,
            "users": [{"id": person.id, "name": person.name, "is_bot": person.is_bot} for person in people],
        }

    def _faults(self, _request: Request) -> Json:
        armed = [{"fault": entry.fault, "left": entry.left} for entry in self.slack.faults.armed]
        return {"ok": True, "faults": FAULTS, "armed": armed}

    async def _wait(self, request: Request) -> Json:
        """Until a message after `after` contains the text, or `timeout` seconds (default 10) are over."""
        query = request.query_params
        limit = min(_number(request, "timeout", 10), LONGEST_WAIT)
        end = time.monotonic() + limit
        while True:
            version = self.slack.version
            if (found := self._matching(request)) is not None:
                return {"ok": True, "message": found}
            left = end - time.monotonic()
            if left <= 0 or self.watching.closed:
                text = query.get("contains", "")
                raise Refusal(
                    "timeout", detail=f"no message with {text!r} in {query.get('channel')!r} after {limit:g} s"
                )
            await self.watching.change(version, left)

    def _matching(self, request: Request) -> Json | None:
        query = request.query_params
        try:
            where, user = self._where(request)
        except Refusal as refusal:
            if refusal.error == "channel_not_found":  # it may be about to be created
                return None
            raise
        after, contains = query.get("after", ""), query.get("contains", "")
        for message in where.seen_by(user):
            if message.ts > after and contains in words_of(message):
                return self._shown(where, message)
        return None
