"""The app factory: wires the endpoints to what answers them. No state of its own, no import with a side effect."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.core.model import Fleet
from bot.ports import ChangeFeed, Clock, Intake
from bot.web import autonomy, changes, health, ingest, ofrep, page, refusals, shapes
from bot.web.board import MemoryBoard
from bot.web.changes import ChangeDesk
from bot.web.door import Door
from bot.web.health import Readiness, Ready
from bot.web.ingest import Inbox
from bot.web.metrics import WebMetrics
from bot.web.poll import Poll
from bot.web.tokens import TokenBook

TITLE = "Stepdown"
SUMMARY = "Agents read their rung and report their work; probes and metrics."


def build_api(
    board: MemoryBoard,
    intake: Intake,
    tokens: TokenBook,
    ready: Ready,
    registry: CollectorRegistry,
    *,
    feed: ChangeFeed,
    fleet: Callable[[], Fleet],
    clock: Clock,
    version: str = "",
    more: Sequence[APIRouter] = (),
) -> FastAPI:
    """Build the whole HTTP side. `ready` returns the problems that keep the app from its work, in sentences.

    `more`: routers of other parts (Slack in HTTP mode, inbound alerts), mounted as they are.
    """
    metrics = WebMetrics(registry)
    door = Door(tokens, metrics)
    inbox = Inbox(intake, fleet, clock, metrics)
    poll = Poll(board, fleet, clock, metrics)
    app = FastAPI(
        title=TITLE,
        summary=SUMMARY,
        version=version or "unversioned",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    refusals.install(app)
    own = (
        ofrep.routes(door, poll),
        autonomy.routes(door, poll),
        ingest.routes(door, inbox),
        changes.routes(door, inbox, ChangeDesk(feed, fleet, clock)),
        health.routes(Readiness(ready), registry),
        page.routes(app),
    )
    for router in (*own, *more):
        app.include_router(router)
    app.add_middleware(Counted, metrics=metrics)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document with our shapes and the ways to show a token."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        shapes.complete(document)
        app.openapi_schema = document
    return app.openapi_schema


class Counted:
    """Counts and times each request by its declared route, never by the path as sent: that would be unbounded.

    What is refused is counted here too, whoever refused it: Slack's address answers by itself.
    """

    def __init__(self, app: ASGIApp, metrics: WebMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and note its route, status and duration."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = ""

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
                self._refuse(scope, status)  # before whoever asked knows of it
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            if not status:
                status = "500"
                self._refuse(scope, status)
            route = _route(scope)
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._metrics.requests.labels(route, method, status).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - began)

    def _refuse(self, scope: Scope, status: str) -> None:
        if status >= "400" and _route(scope) not in PROBES:
            self._metrics.refused.labels(refusals.REASONS.get(int(status), "other")).inc()


def _route(scope: Scope) -> str:
    """The route as declared; "none" where there is none."""
    return str(getattr(scope.get("route"), "path", "none"))


PROBES = frozenset({"/readyz"})
"""A 503 of these is news, and nobody was turned away."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
