"""Everything behind the port, put together: routes, who may come in, and what runs beside the requests."""

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from bot.localslack.control.inspection import Inspection
from bot.localslack.control.routes import Control, read_object
from bot.localslack.methods import files
from bot.localslack.methods.scheduled import post_due
from bot.localslack.page.routes import Page
from bot.localslack.people.actions import Acts
from bot.localslack.state.archive import Archive
from bot.localslack.state.refusal import Refusal
from bot.localslack.state.slack import Slack
from bot.localslack.transport.delivery import Deliveries
from bot.localslack.transport.long_poll import LongPoll
from bot.localslack.transport.loopback_guard import LoopbackGuard
from bot.localslack.transport.responses import respond
from bot.localslack.transport.sockets import Sockets
from bot.localslack.transport.web_api import WebApi, decoded
from bot.localslack.transport.webhooks import Webhooks
from bot.localslack.transport.wire import protocol_of

GONE = frozenset({"used_url", "expired_url", "invalid_url"})


class Routes:
    """One workspace's parts on the server's loop."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self.sockets = Sockets(slack)
        self.deliveries = Deliveries(slack, self.sockets)
        self.watching = LongPoll(slack)
        self.acts = Acts(slack, self.deliveries)
        self.connections: set[Any] = set()
        self._api = WebApi(slack)
        self._control = Control(self.acts, self.sockets, self.use_events_url)
        self._looking = Inspection(self.acts, self.watching)
        self._page = Page(self.acts, self.sockets, self.watching)
        self._webhooks: Webhooks | None = None
        database = slack.workspace.database
        self._archive = Archive(Path(database)) if database else None
        if self._archive is not None:
            self._archive.load(slack)

    def application(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/api/{name:path}", self._call, methods=["GET", "POST"]),
            WebSocketRoute("/link/", self._link),
            Route("/upload/v1/{file_id}", self._upload, methods=["POST"]),
            Route("/response/{url_id}", self._response, methods=["POST"]),
            Route("/_control/{name:path}", self._look, methods=["GET"]),
            Route("/_control/{name:path}", self._act, methods=["POST"]),
            Mount("/", routes=self._page.routes()),
        ]
        return Starlette(
            routes=routes, middleware=[Middleware(LoopbackGuard)], exception_handlers={Refusal: _not_there}
        )

    # -- beside the requests -------------------------------------------------------------------------

    async def keep_time(self) -> None:
        """Post scheduled messages when they are due, and keep the state where a file is named for it."""
        while True:
            await self.slack.clock.until(self.slack.clock.now() + 1)
            with self.slack.lock:
                post_due(self.slack)
                self._keep()

    def _keep(self) -> None:
        if self._archive is not None:
            self._archive.save(self.slack)

    async def use_events_url(self, url: str | None) -> None:
        """Deliver by HTTP from now on, or by sockets again."""
        webhooks = Webhooks(self.slack, url) if url else None
        if webhooks is not None:
            try:
                await webhooks.verify()
            except Refusal:
                await webhooks.close()
                raise
        old, self._webhooks = self._webhooks, webhooks
        self.deliveries.route = webhooks or self.sockets
        if old is not None:
            await old.close()

    async def close(self) -> None:
        """Give up what is under way."""
        self.watching.close()
        await self.deliveries.stop()
        self._keep()
        if self._webhooks is not None:
            await self._webhooks.close()

    # -- endpoints -----------------------------------------------------------------------------------

    async def _call(self, request: Request) -> Response:
        response, armed = await self._api.answer(request.path_params["name"], request)
        if armed is not None and armed.fault == "drop_reply":
            self._cut(request)
        return response

    def _cut(self, request: Request) -> None:
        client = request.client
        found: Any = protocol_of(self.connections, (client.host, client.port) if client else None)
        if found is not None:
            found.transport.abort()

    async def _link(self, socket: WebSocket) -> None:
        client = socket.client
        wire: Any = protocol_of(self.connections, (client.host, client.port) if client else None)
        await self.sockets.serve(socket, wire)

    async def _upload(self, request: Request) -> Response:
        content = await _uploaded(request)
        try:
            files.receive(self.slack, request.path_params["file_id"], content)
        except Refusal as refusal:
            return PlainTextResponse(str(refusal.extra.get("detail", refusal.error)), 400)
        return PlainTextResponse(f"OK - {len(content)}")

    async def _response(self, request: Request) -> Response:
        try:
            body = {name: decoded(name, value) for name, value in (await read_object(request)).items()}
            with self.slack.lock:
                respond(self.slack, request.path_params["url_id"], body)
        except Refusal as refusal:
            if refusal.error in GONE:
                return PlainTextResponse(refusal.error, 404)
            return JSONResponse(refusal.answer(), 400 if refusal.error == "invalid_json" else 200)
        return PlainTextResponse("ok")

    async def _look(self, request: Request) -> Response:
        return await self._looking.answer(request.path_params["name"], request)

    async def _act(self, request: Request) -> Response:
        return await self._control.answer(request.path_params["name"], request)


async def _not_there(_request: Request, refusal: Exception) -> Response:
    """A page's address that names nobody or nothing."""
    detail = refusal.extra.get("detail", refusal.error) if isinstance(refusal, Refusal) else refusal
    return PlainTextResponse(str(detail), 404)


async def _uploaded(request: Request) -> bytes:
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        async with request.form() as form:
            for value in form.values():
                if not isinstance(value, str):
                    return await value.read()
        return b""
    return await request.body()
