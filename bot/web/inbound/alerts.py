"""`POST /v1/inbound/NAME`: alerts of other systems, each in the shape that its sender has.

A message proves itself by its sender's signature where there is one, else by a token. It is answered once its alerts
are stored; nothing else is waited for, so a storm is answered as fast as a single one. What cannot be read is refused
as a whole, and says where the mistake is: half a message would look like a whole one.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter

from bot.ports.alerts import AlertError, AlertMessage, AlertReader, AlertReading, AlertTaker
from bot.ports.clock import Clock
from bot.web.authenticator import Authenticator
from bot.web.bodies import read_body
from bot.web.errors import Refusal, answer, found, nearest
from bot.web.intake_threads import IntakeThreads

WRITERS = ("alerts", "admin")
AHEAD: Final = 300.0
"""Seconds by which a sender's clock may be ahead of ours."""
THREADS: Final = 4
WAITING: Final = 256
BODY: Final = 4 * 1_048_576
"""Bytes: a group of thousands of alerts is one message."""
MOST: Final = 10_000
"""Alerts in one message."""

Became = Literal["taken", "ignored", "forged", "stale", "malformed"]


class AlertInbox:
    """Judges one message: whether it is genuine, of now, and readable; and hands on what it says."""

    def __init__(
        self,
        readers: Callable[[], Mapping[str, AlertReader]],
        taker: AlertTaker,
        clock: Clock,
        registry: CollectorRegistry,
    ) -> None:
        self.readers = readers
        self._taker = taker
        self._clock = clock
        self.messages = Counter(
            "stepdown_inbound_messages",
            "Messages of systems that send alerts, by what became of them.",
            ["sender", "outcome"],
            registry=registry,
        )
        self._alerts = Counter(
            "stepdown_inbound_alerts",
            "Alerts that came, by what they were to what was known.",
            ["sender", "outcome"],
            registry=registry,
        )

    def take(self, name: str, reader: AlertReader, message: AlertMessage) -> dict[str, object]:
        """Store the alerts of a message; what is answered. Raises Refusal."""
        now = self._clock.now()
        reading = self._read(name, reader, message, now)
        if reading.sent_at is not None:
            self._check_age(name, reader, (now - reading.sent_at).total_seconds())
        if reading.ignored:
            self.messages.labels(name, "ignored").inc()
            return {"alerts": 0, "ignored": reading.ignored}
        taken = self._taker.take(name, reading.alerts)
        self.messages.labels(name, "taken").inc()
        outcomes = list(taken.outcomes)
        counts: dict[str, object] = {outcome: outcomes.count(outcome) for outcome in dict.fromkeys(outcomes)}
        for outcome in outcomes:
            self._alerts.labels(name, outcome).inc()
        more = {"unknown_agents": list(taken.nobodys)} if taken.nobodys else {}
        return {"alerts": len(outcomes), **counts, **more}

    def _read(self, name: str, reader: AlertReader, message: AlertMessage, now: datetime) -> AlertReading:
        if reader.signed and not reader.is_genuine(message):
            raise self.refused(name, "forged", 401, f"no signature of {reader.title} fits this body")
        try:
            reading = reader.read(message, now)
        except AlertError as error:
            raise self.refused(name, "malformed", 400, f"this is no alert of {reader.title}: {error}") from None
        if len(reading.alerts) > MOST:
            why = f"{len(reading.alerts)} alerts in one message; at most {MOST} are taken"
            raise self.refused(name, "malformed", 413, why)
        return reading

    def _check_age(self, name: str, reader: AlertReader, age: float) -> None:
        if not -AHEAD <= age <= reader.oldest:
            how = f"{age / 60:.0f} min old" if age > 0 else f"{-age / 60:.0f} min ahead of our clock"
            why = f"the message is {how}; up to {reader.oldest / 60:.0f} min are taken, so that nobody can replay one"
            raise self.refused(name, "stale", 400, why)

    def refused(self, name: str, became: Became, status: int, why: str) -> Refusal:
        """Count what is refused."""
        self.messages.labels(name, became).inc()
        return Refusal(status, why)


def routes(authenticator: Authenticator, inbox: AlertInbox) -> APIRouter:
    """`POST /v1/inbound/NAME`."""
    threads = IntakeThreads(THREADS, WAITING, "alerts", retry_after=1)
    router = APIRouter(tags=["inbound"])

    @router.post("/v1/inbound/{sender}", summary="Alerts of other systems", openapi_extra=_SHAPE)
    async def inbound(request: Request, sender: str) -> Response:
        """Store the alerts of a message; they open the one incident of their agent, or join it."""
        readers = inbox.readers()
        reader = readers.get(sender)
        if reader is None:
            raise Refusal(404, f"nobody sends alerts as {found(sender)}.{nearest(sender, list(readers))}")
        if not reader.signed:
            authenticator.caller(request, WRITERS)
        threads.refuse_when_full()
        message = AlertMessage(await read_body(request, BODY), dict(request.headers))
        return answer(await threads.run(inbox.take, sender, reader, message), 202)

    return router


_SHAPE: Final = {
    "security": [{"bearer": []}, {"apiKey": []}, {}],
    "requestBody": {
        "required": True,
        "description": "What the sender sends: see docs/alerts.md. Signed by it, or with a token `alerts`",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    "responses": {
        "202": {"description": "stored: how many alerts are new, changed, repeated, or late (known newer)"},
        **{
            str(status): {"description": "refused; nothing was changed"}
            for status in (400, 401, 403, 404, 408, 413, 503)
        },
    },
}
