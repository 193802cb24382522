"""The app factory: wires the endpoints to what answers them. No state of its own, no import with a side effect."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.core.formatting.redaction import SHAPES_ONLY, Redact
from bot.core.model.fleet import Fleet
from bot.engine.autonomy.rung_cache import MemoryRungCache
from bot.engine.enforcement.approval_queue import ApprovalQueue
from bot.ports.alerts import AlertReader, AlertTaker
from bot.ports.clock import Clock
from bot.ports.ingest import ChangeFeed, Intake
from bot.ports.spans import SpanIntake
from bot.ports.store.enforcement import ActionStore
from bot.web import errors, health
from bot.web.authenticator import Authenticator
from bot.web.autonomy import ofrep, plain
from bot.web.autonomy.poll import Poll
from bot.web.enforcement import action_intake, tool_rules
from bot.web.enforcement.action_intake import ActionIntake
from bot.web.enforcement.approvals import ApprovalIntake
from bot.web.enforcement.approvals import routes as approval_routes
from bot.web.health import ReadinessProbe, Ready
from bot.web.inbound import alerts as inbound
from bot.web.inbound import incidents
from bot.web.inbound.incidents import Declare
from bot.web.ingest import changes, otlp, routes
from bot.web.ingest.changes import ChangeIntake
from bot.web.ingest.otlp import OtlpIntake
from bot.web.ingest.routes import RecordIntake
from bot.web.metrics.http_metrics import WebMetrics
from bot.web.openapi import docs_page, enforcement, schemas
from bot.web.tokens import TokenBook

TITLE = "Stepdown"
SUMMARY = "Agents read their rung and report their work; probes and metrics."


@dataclass(frozen=True, slots=True)
class IncidentOpeners:
    """By whom incidents are opened from outside: `alerts` takes what `readers` read, `declare` does it by hand."""

    alerts: AlertTaker
    readers: Callable[[], Mapping[str, AlertReader]]
    """By the sender's name in the address."""
    declare: Declare

    def routes(
        self, authenticator: Authenticator, fleet: Callable[[], Fleet], clock: Clock, registry: CollectorRegistry
    ) -> tuple[APIRouter, APIRouter]:
        """Where they are heard."""
        inbox = inbound.AlertInbox(self.readers, self.alerts, clock, registry)
        return inbound.routes(authenticator, inbox), incidents.routes(authenticator, fleet, self.declare)


def build_api(
    rung_cache: MemoryRungCache,
    intake: Intake,
    tokens: TokenBook,
    ready: Ready,
    registry: CollectorRegistry,
    *,
    feed: ChangeFeed,
    ledger: ActionStore,
    approvals: ApprovalQueue | None = None,
    fleet: Callable[[], Fleet],
    clock: Clock,
    spans: SpanIntake | None = None,
    version: str = "",
    redact: Redact = SHAPES_ONLY,
    more: Sequence[APIRouter] = (),
    openers: IncidentOpeners | None = None,
    warnings: Callable[[], Sequence[str]] = list,
) -> FastAPI:
    """Build the whole HTTP side. `ready` returns the problems that keep the app from its work, in sentences.

    `approvals`: writes that wait for people; `spans`: takes what comes over OTLP; without either there are no such
    addresses. `more`: routers of other parts (Slack
    in HTTP mode, inbound alerts), mounted as they are. `redact`: takes secrets out of health, metrics and errors.
    `openers`: by whom incidents are opened from outside; without them nobody may. `warnings`: what is wrong besides,
    answered at once.
    """
    metrics = WebMetrics(registry)
    authenticator = Authenticator(tokens, metrics)
    inbox = RecordIntake(intake, fleet, clock, metrics)
    poll = Poll(rung_cache, fleet, clock, metrics, intake)
    app = _bare(version or "unversioned")
    errors.install(app, redact)
    own = (
        ofrep.routes(authenticator, poll),
        plain.routes(authenticator, poll),
        routes.routes(authenticator, inbox),
        changes.routes(authenticator, inbox, ChangeIntake(feed, fleet, clock, intake)),
        tool_rules.routes(authenticator, fleet),
        action_intake.routes(authenticator, inbox, ActionIntake(ledger, fleet, clock)),
        health.routes(ReadinessProbe(ready), registry, redact, warnings),
        docs_page.routes(app),
    )
    if approvals is not None:
        more = (*more, approval_routes(authenticator, ApprovalIntake(approvals, fleet, clock)))
    if openers is not None:
        more = (*more, *openers.routes(authenticator, fleet, clock, registry))
    if spans is not None:
        more = (*more, otlp.routes(OtlpIntake(authenticator, spans, metrics)))
    for router in (*own, *more):
        app.include_router(router)
    app.add_middleware(Counted, metrics=metrics)
    app.openapi = lambda: _described(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend it
    return app


def _bare(version: str) -> FastAPI:
    """An app without addresses: its documents are pages of ours."""
    off: dict[str, Any] = {"docs_url": None, "redoc_url": None, "redirect_slashes": False}
    return FastAPI(title=TITLE, summary=SUMMARY, version=version, **off)


def _described(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document with our shapes and the ways to show a token."""
    if app.openapi_schema is None:
        document = FastAPI.openapi(app)
        schemas.complete(document, enforcement.SCHEMAS)
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
            self._metrics.refused.labels(errors.REASONS.get(int(status), "other")).inc()


def _route(scope: Scope) -> str:
    """The route as declared; "none" where there is none."""
    return str(getattr(scope.get("route"), "path", "none"))


PROBES = frozenset({"/readyz"})
"""A 503 of these is news, and nobody was turned away."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
