"""The whole HTTP side as the composition root wires it, and how each of its addresses is asked for in earnest."""

import hmac
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import httpx

from bot.alerts import KINDS
from bot.alerts.kind import SampleAlert
from bot.core.model.slis import SourceSpec
from bot.localslack.server import LocalSlack
from bot.runtime.app import App
from bot.runtime.setup import AppSetup, SlackAccess
from bot.simulation.clock import MovableClock
from bot.web.server import HttpServer
from bot.web.tokens import TokenBook, new_token
from tests.support.patience import PATIENCE
from tests.support.wired import START, fleet

AT = START.isoformat()
NAMES = ("agent:refunds", "samples", "tasks", "changes", "alerts", "responder", "admin")
PAGERDUTY_SECRET = "pagerduty-signs-with-this"
Shown = Literal["nothing", "token", "slack", "pagerduty"]


@dataclass(frozen=True)
class Gate:
    """One address: how it is asked for in earnest, by whose word it believes, and what it answers then."""

    path: str
    shown: Shown = "nothing"
    sent: Any = None
    """What is posted: JSON, or for `form` a form."""
    form: bool = False
    barred: str = ""
    """A name whose token may not do this."""
    status: int = 200
    kind: str = ""
    """The content type, where the address wants one."""
    most: int = 1_048_576
    """Bytes of a body that it takes."""

    def body(self) -> bytes:
        return urlencode(self.sent).encode() if self.form else json.dumps(self.sent).encode()


CONTEXT = {"targetingKey": "refunds", "instance": "i", "appliedLevel": "full", "appliedEpoch": 0, "taskClass": "refund"}
SAMPLE = {"time": AT, "agent": "refunds", "workflow": "", "sli": "her", "value": 3.0, "n": 200}
TASK = {
    "task_id": "t-1",
    "agent": "refunds",
    "workflow": "refund",
    "time": AT,
    "tool_calls": 3,
    "completed": True,
    "decision_confidence": 0.5,
    "cost": 0.1,
    "tools": [{"name": "ledger", "calls": 2, "errors": 1}],
    "model": "m-1",
    "prompt": "p-1",
}
CHANGE = {"id": "d-1", "kind": "prompt", "time": AT, "summary": "shorter", "agents": ["refunds"], "by": "pipeline"}
ACTION = {
    "id": "g-1:1",
    "agent": "refunds",
    "tool": "payments.refund",
    "writes": True,
    "began": AT,
    "outcome": "passed",
    "workflow": "refund",
    "reversible": "by hand",
    "amount": 20.0,
    "arguments": '{"order": "4711"}',
}
QUESTION = {
    "id": "question-1",
    "agent": "refunds",
    "tool": "payments.refund",
    "what": "refund of 20",
    "workflow": "refund",
    "arguments": '{"order": "4711"}',
    "amount": 20.0,
    "requester": "support-bot",
    "expires_in": 60,
}
ALERT = {
    "event": {
        "id": "E1",
        "event_type": "incident.acknowledged",
        "occurred_at": datetime.now(UTC).isoformat(),
        "agent": {"type": "user_reference", "summary": "Ana"},
        "data": {"incident_key": "stepdown/42/1772331240/1/ana"},
    }
}
SPAN = {
    "traceId": "0" * 31 + "1",
    "spanId": "0" * 15 + "1",
    "name": "invoke_agent refunds",
    "startTimeUnixNano": str(int(START.timestamp() - 20) * 10**9),
    "endTimeUnixNano": str(int(START.timestamp() - 10) * 10**9),
    "flags": 256,
    "attributes": [
        {"key": "gen_ai.operation.name", "value": {"stringValue": "invoke_agent"}},
        {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "10"}},
    ],
}
EVALUATION = {
    "traceId": SPAN["traceId"],
    "timeUnixNano": SPAN["endTimeUnixNano"],
    "eventName": "gen_ai.evaluation.result",
    "attributes": [{"key": "gen_ai.evaluation.name", "value": {"stringValue": "correct"}}],
}
METRIC = {"name": "m", "sum": {"dataPoints": [{"asInt": "1"}]}}
FIRING = KINDS["alertmanager"].sampled({}, SampleAlert("refunds", START))
RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "refunds-svc"}}]}
COMMAND = {"command": "/incident", "text": "help", "user_id": "U0ANA", "team_id": "T0LOCAL", "channel_id": "C0ROOM"}

GATES = {
    "GET /openapi.json": Gate("/openapi.json"),
    "GET /docs": Gate("/docs"),
    "GET /healthz": Gate("/healthz"),
    "GET /readyz": Gate("/readyz", status=503),  # nothing but the HTTP side runs
    "GET /metrics": Gate("/metrics"),
    "GET /v1/agents/{agent}/autonomy": Gate("/v1/agents/refunds/autonomy", "token", barred="samples"),
    "GET /v1/changes": Gate("/v1/changes", "token", barred="tasks"),
    "POST /v1/changes": Gate("/v1/changes", "token", CHANGE, barred="agent:refunds"),
    "POST /v1/samples": Gate("/v1/samples", "token", SAMPLE, barred="tasks"),
    "POST /v1/tasks": Gate("/v1/tasks", "token", TASK, barred="samples"),
    "POST /ofrep/v1/evaluate/flags": Gate("/ofrep/v1/evaluate/flags", "token", {"context": CONTEXT}, barred="samples"),
    "POST /ofrep/v1/evaluate/flags/{key}": Gate(
        "/ofrep/v1/evaluate/flags/autonomy", "token", {"context": CONTEXT}, barred="samples"
    ),
    **{
        f"POST /v1/{signal}": Gate(
            f"/v1/{signal}",
            "token",
            {f"resource{of}": [{"resource": RESOURCE, f"scope{of}": [{"scope": {"name": "test"}, held: [one]}]}]},
            barred="samples",
            kind="application/json",
            most=8 * 1_048_576,
        )
        for signal, of, held, one in (
            ("traces", "Spans", "spans", SPAN),
            ("logs", "Logs", "logRecords", EVALUATION),
            ("metrics", "Metrics", "metrics", METRIC),
        )
    },
    "GET /v1/agents/{agent}/tools": Gate("/v1/agents/refunds/tools", "token", barred="samples"),
    "POST /v1/actions": Gate("/v1/actions", "token", ACTION, barred="tasks"),
    "POST /v1/approvals": Gate("/v1/approvals", "token", QUESTION, barred="samples"),
    "GET /v1/approvals/{key}": Gate("/v1/approvals/nobody-asked", "token", barred="tasks", status=404),
    "POST /v1/approvals/{key}/withdraw": Gate(
        "/v1/approvals/nobody-asked/withdraw", "token", {"why": "done by hand"}, barred="samples", status=404
    ),
    "POST /v1/inbound/pagerduty": Gate("/v1/inbound/pagerduty", "pagerduty", ALERT, status=202),
    "POST /v1/inbound/{sender}": Gate(
        "/v1/inbound/alertmanager",
        "token",
        json.loads(FIRING.body),
        barred="samples",
        status=202,
        most=4 * 1_048_576,
    ),
    "POST /v1/incidents": Gate(
        "/v1/incidents", "token", {"agent": "refunds", "title": "odd refunds"}, barred="samples", status=201
    ),
    "POST /slack/events": Gate("/slack/events", "slack", COMMAND, form=True),
}
"""Every address there is, by method and route. A new one without a row here fails a test."""
ABOUT_REFUSALS = re.compile(r"VALUES\('probe'|notice/finding/|INSERT INTO \"ticket\"|'minute: refused records of ")
"""Rows that say that something was refused; nothing of what was refused stands in them as data."""
DOUBT = re.compile(r"(?<=^INSERT INTO \"minute\" VALUES)(\([^']*),'.*'\);$", re.DOTALL)
"""Why a minute is in doubt, which a refused record may add to a minute that is there."""


class Town:
    """Serves the app of the composition root; nothing but the HTTP side and the local Slack runs."""

    def __init__(self, folder: Path, slack: LocalSlack) -> None:
        made = {name: new_token(name) for name in NAMES}
        self.tokens = {name: one.token for name, one in made.items()}
        self.secrets = (*self.tokens.values(), PAGERDUTY_SECRET, slack.signing_secret, slack.bot_token)
        self._slack_secret = slack.signing_secret
        self._database = folder / "stepdown.db"
        whole = fleet(sources={"otel": SourceSpec("otel", "otlp", {"agents": {"refunds": {"service": "refunds-svc"}}})})
        self.app = App(
            AppSetup(
                fleet=lambda: whole,
                clock=MovableClock(START),
                slack=SlackAccess(slack.bot_token, "", slack.api_url, slack.signing_secret),
                database_url=f"sqlite:///{self._database}",
                data_dir=folder,
                runbooks_dir=folder,
                playbooks_dir=folder,
                tokens=TokenBook.from_lines(one.line for one in made.values()),
                pagerduty_inbound_secret=PAGERDUTY_SECRET,
            )
        )
        self._server = HttpServer(self.app._api, "127.0.0.1", 0)
        self.port = self._server.start()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE, trust_env=False)
        self.app.slack.connection.start()

    def close(self) -> None:
        self.client.close()
        self._server.stop()
        self.app.slack.stop()
        self.app._chart_worker.close()
        self.app._span_reader.close()
        self.app._pool.close()
        self.app.store.close()

    def shown(self, gate: Gate, body: bytes) -> dict[str, str]:
        """What makes an address believe this body."""
        if gate.shown == "token":
            typed = {"Content-Type": gate.kind} if gate.kind else {}
            return {"Authorization": f"Bearer {self.tokens['admin']}", **typed}
        if gate.shown == "pagerduty":
            made = hmac.new(PAGERDUTY_SECRET.encode(), body, sha256).hexdigest()
            return {"X-PagerDuty-Signature": f"v1={made}"}
        if gate.shown == "slack":
            stamp = str(int(time.time()))
            made = hmac.new(self._slack_secret.encode(), f"v0:{stamp}:".encode() + body, sha256).hexdigest()
            kind = "application/x-www-form-urlencoded" if body[:8] in (b"command=", b"payload=") else "application/json"
            return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={made}", "Content-Type": kind}
        return {}

    def ask(
        self, name: str, body: bytes | None = None, headers: dict[str, str] | None = None, path: str = ""
    ) -> httpx.Response:
        """Ask as somebody who is believed. `body` None: as in earnest."""
        gate, method = GATES[name], name.split(maxsplit=1)[0]
        sent = gate.body() if body is None else body
        told = {**self.shown(gate, sent), **(headers or {})}
        return self.client.request(method, path or gate.path, content=sent if method == "POST" else None, headers=told)

    def stored(self) -> list[str]:
        """Everything in the database, as text, but for what a probe writes to see whether it can."""
        with sqlite3.connect(self._database) as connection:
            kept = [line for line in connection.iterdump() if not ABOUT_REFUSALS.search(line)]
            return [DOUBT.sub(r"\1,'');", line) for line in kept]

    def counted(self, name: str, **labels: str) -> float:
        return self.app.self_monitoring.registry.get_sample_value(name, labels) or 0.0

    def routes(self) -> Iterator[str]:
        """Every address of the app, by method and route."""
        yield from _addresses(self.app._api.routes)


def _addresses(routes: Any) -> Iterator[str]:  # noqa: ANN401 - FastAPI wraps what was included in classes of its own
    for route in routes:
        if hasattr(route, "path"):
            yield from (f"{method} {route.path}" for method in route.methods - {"HEAD"})
        else:
            yield from _addresses(route.original_router.routes)
