"""The page's addresses."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import BaseRoute, Route

from bot.localslack.page.actions import PageActs
from bot.localslack.page.drawing import environment
from bot.localslack.page.timeline import Timeline
from bot.localslack.page.view_data import HOME, Scene, Sight
from bot.localslack.people.actions import Acts
from bot.localslack.state.records import Conversation, Person
from bot.localslack.state.refusal import Refusal
from bot.localslack.transport.long_poll import LongPoll
from bot.localslack.transport.loopback_guard import POLICY
from bot.localslack.transport.sockets import Sockets

STATIC = Path(__file__).parent / "static"
SHOWN_INLINE = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})
QUIET_SECONDS = 15.0
SETTLE_SECONDS = 0.04
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class Page:
    """The page and what its forms post to."""

    def __init__(self, acts: Acts, sockets: Sockets, watching: LongPoll) -> None:
        self.acts = acts
        self.slack = acts.slack
        self.watching = watching
        self.templates = environment(self.slack)
        self.scene = Scene(acts, sockets, Timeline(self.slack, self.templates))
        self.posted = PageActs(acts, self.templates, sockets)

    def routes(self) -> list[BaseRoute]:
        """Everything below `/`."""
        return [
            Route("/", self._index),
            Route("/u/{user}/stream", self._stream),
            Route("/u/{user}/offers", self._offers),
            Route("/u/{user}/act/{name}", self.posted.answer, methods=["POST"]),
            Route("/u/{user}/{place}", self._look),
            Route("/archives/{channel}/{message}", self._permalink),
            Route("/static/{name}", self._static),
            Route("/avatar/{user}.svg", self._avatar),
            Route("/files/{file_id}/{name}", self._file),
        ]

    # -- looking -------------------------------------------------------------------------------------

    def _somebody(self) -> Person:
        people = [person for person in self.slack.people.values() if not person.is_bot and not person.deleted]
        if not people:
            raise Refusal("user_not_found", detail="the workspace has no people")
        return people[0]

    def _first(self, me: Person) -> Conversation:
        """Where a person begins: the first place they are in, else their messages with the app."""
        with self.slack.lock:
            mine = [entry for entry in self.slack.conversations.values() if me.id in entry.members]
            return mine[0] if mine else self.slack.direct([me.id, self.slack.bot_user])

    async def _index(self, _request: Request) -> Response:
        me = self._somebody()
        return RedirectResponse(f"/u/{me.name}/{self._first(me).id}", 303)

    async def _look(self, request: Request) -> Response:
        with self.slack.lock:
            try:
                sight = self._sight(request)
            except Refusal as refusal:
                return PlainTextResponse(str(refusal.extra.get("detail", refusal.error)), 404, HEADERS)
            refreshed = "x-refresh" in request.headers
            if sight.where is None and not refreshed:
                self.acts.home(sight.me.id)
            html = self.templates.get_template("page.j2").render(it=self.scene.build(sight))
            if sight.where is not None and request.headers.get("x-refresh") != "unseen":
                self._mark_read(sight.where, sight.me)
        return HTMLResponse(html, headers=HEADERS)

    def _sight(self, request: Request) -> Sight:
        me = self.slack.person_called(request.path_params["user"])
        place, query = request.path_params["place"], request.query_params
        where = None if place == HOME else self.acts.place(place, None if place.startswith("@") else me.id)
        panels = {name: query.get(name, "") for name in ("thread", "panel", "notice")}
        return Sight(me, where, inspector=query.get("inspector") == "1", **panels)

    @staticmethod
    def _mark_read(where: Conversation, me: Person) -> None:
        if where.messages:
            where.read[me.id] = next(reversed(where.messages))

    async def _stream(self, request: Request) -> Response:
        self.slack.person_called(request.path_params["user"])
        return StreamingResponse(self._versions(), media_type="text/event-stream", headers=HEADERS)

    async def _versions(self) -> AsyncIterator[str]:
        """A line for each change; many at once make one."""
        version = self.slack.version
        yield f"retry: 1000\ndata: {version}\n\n"
        while not self.watching.closed:
            latest = await self.watching.change(version, QUIET_SECONDS)
            if latest == version:
                yield ": still here\n\n"
                continue
            await asyncio.sleep(SETTLE_SECONDS)
            version = self.slack.version
            yield f"data: {version}\n\n"

    async def _offers(self, request: Request) -> Response:
        """What the message box suggests: commands, people and groups, channels."""
        me, slack = self.slack.person_called(request.path_params["user"]), self.slack
        offers = [
            {"insert": one.command, "hint": one.usage_hint, "words": one.description}
            for one in slack.workspace.app.manifest.commands
        ]
        people = (person for person in slack.people.values() if not person.deleted)
        offers += [{"insert": f"@{person.name}", "hint": "", "words": person.real_name} for person in people]
        offers += [{"insert": f"@{group.handle}", "hint": "", "words": group.name} for group in slack.groups.values()]
        channels = (
            entry for entry in slack.conversations.values() if entry.kind == "channel" or me.id in entry.members
        )
        offers += [{"insert": f"#{entry.name}", "hint": "", "words": ""} for entry in channels if entry.kind != "im"]
        return JSONResponse(offers, headers=HEADERS)

    async def _permalink(self, request: Request) -> Response:
        channel, message = request.path_params["channel"], request.path_params["message"]
        digits = message.removeprefix("p")
        ts = f"{digits[:-6]}.{digits[-6:]}"
        found = self.slack.conversations.get(channel)
        if found is None or ts not in found.messages:
            return PlainTextResponse("no such message", 404, HEADERS)
        people = [self.slack.people[member] for member in found.members if not self.slack.people[member].is_bot]
        me = people[0] if people else self._somebody()
        thread = found.messages[ts].thread
        query = f"?thread={thread}#t-{ts.replace('.', '-')}" if thread else f"#m-{ts.replace('.', '-')}"
        return RedirectResponse(f"/u/{me.name}/{found.id}{query}", 303)

    # -- what is not HTML ----------------------------------------------------------------------------

    async def _static(self, request: Request) -> Response:
        path = STATIC / Path(request.path_params["name"]).name
        if not path.is_file():
            return PlainTextResponse("no such file", 404, HEADERS)
        return FileResponse(path, headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"})

    async def _avatar(self, request: Request) -> Response:
        user = request.path_params["user"]
        person = self.slack.people.get(user)
        svg = self.templates.get_template("avatar.svg.j2").render(
            letters=_initials(person.real_name) if person else "S", hue=_hue(user), bot=bool(person and person.is_bot)
        )
        return Response(svg, media_type="image/svg+xml", headers=HEADERS | {"Cache-Control": "max-age=3600"})

    async def _file(self, request: Request) -> Response:
        file = self.slack.files.get(request.path_params["file_id"])
        if file is None or file.content is None:
            return PlainTextResponse("no such file", 404, HEADERS)
        suffix = Path(file.name).suffix.lower()
        kinds = {".png": "image/png", ".gif": "image/gif", ".webp": "image/webp", ".svg": "image/svg+xml"}
        kind = kinds.get(suffix, "image/jpeg" if suffix in SHOWN_INLINE else "application/octet-stream")
        headers = HEADERS | {"Content-Security-Policy": "default-src 'none'; sandbox"}
        if suffix not in SHOWN_INLINE or "download" in request.query_params:
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name)}"
        return Response(file.content, media_type=kind, headers=headers)


def _initials(name: str) -> str:
    words = name.split()
    return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()


def _hue(user: str) -> int:
    return int(hashlib.sha256(user.encode()).hexdigest()[:4], 16) % 360
