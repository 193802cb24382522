"""PagerDuty's v3 webhooks: somebody took or closed an alert over there, so paging stops here too.

A message proves itself by `X-PagerDuty-Signature: v1=HEX[,v1=HEX]`, HMAC-SHA256 over the body as it came; several while
a secret is being exchanged, on either side. The signature knows no time, so the event's own decides: PagerDuty repeats
for 48 hours, and what is older is a replay. An event that was taken already changes nothing; what the dedup key stands
for (which incident, which run of paging) is the callbacks' to judge.

Only a person's act counts: our own acknowledgement comes back as an event of the integration that we sent it through,
and would otherwise answer for nobody. PagerDuty wants an answer within 5 seconds; a failure of ours is a 500, which it
repeats.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from bot.http_client import hmac_signature
from bot.web.bodies import read_body
from bot.web.errors import Refusal, answer
from bot.web.intake_threads import IntakeThreads

PATH: Final = "/v1/inbound/pagerduty"
OLDEST: Final = 48 * 3600.0 + 300.0
"""Seconds: PagerDuty repeats for 48 hours; the rest is for clocks that differ."""
AHEAD: Final = 300.0
REMEMBERED: Final = 10_000
_VERSION: Final = "v1="
"""Before each signature; others are of a scheme to come."""
LONGEST_NAME: Final = 100
THREADS: Final = 2
WAITING: Final = 64

Wall = Callable[[], float]
Told = Callable[[str, str], bool]
"""Takes the dedup key and who acted, by name; False where the key is none of our pages of a present run of paging.

The same act may be told twice; raising makes PagerDuty repeat it.
"""
Outcome = Literal["taken", "unknown", "ignored", "repeated", "forged", "stale", "malformed", "busy"]


class _Part(BaseModel):
    """A part of their message: what we read of it, whatever else they add."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Agent(_Part):
    type: str = ""
    summary: str = ""


class _Data(_Part):
    incident_key: str | None = None


class _Event(_Part):
    id: str
    event_type: str
    occurred_at: AwareDatetime
    agent: _Agent | None = None
    data: _Data = _Data()


class _Message(_Part):
    event: _Event


class PagerDutyInbox:
    """Judges one message: signature, age, whether it was taken before, and whom to tell."""

    def __init__(
        self, secrets: Sequence[bytes], tell: dict[str, Told], registry: CollectorRegistry, wall: Wall
    ) -> None:
        self._secrets = secrets
        self._tell = tell
        self._wall = wall
        self._taken: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self.counted = Counter(
            "stepdown_pagerduty_webhooks", "PagerDuty webhooks, by what became of them.", ["outcome"], registry=registry
        )

    def take(self, body: bytes, signature: str) -> Outcome:
        """What became of a message. Raises whatever a callback raises; the message then counts as never seen."""
        if not _is_signed(self._secrets, body, signature):
            return "forged"
        event = _parsed(body)
        if event is None:
            return "malformed"
        if not -AHEAD <= self._wall() - event.occurred_at.timestamp() <= OLDEST:
            return "stale"
        return self._told(event)

    def _told(self, event: _Event) -> Outcome:
        tell, key = self._tell.get(event.event_type), event.data.incident_key
        if tell is None or not key or event.agent is None or not event.agent.type.startswith("user"):
            return "ignored"
        with self._lock:
            if event.id in self._taken:
                return "repeated"
        if not tell(key, event.agent.summary[:LONGEST_NAME]):
            return "unknown"
        with self._lock:
            self._taken[event.id] = None
            if len(self._taken) > REMEMBERED:
                self._taken.popitem(last=False)
        return "taken"


_REFUSED: Final[dict[Outcome, tuple[int, str]]] = {
    "forged": (401, "no signature in X-PagerDuty-Signature fits this body"),
    "stale": (400, "the event is older than 48 hours, or from the future"),
    "malformed": (400, "this is no PagerDuty v3 webhook: event.id, event.event_type and event.occurred_at are needed"),
    "busy": (429, "too many webhooks are waiting; send it again"),
}


def routes(
    secret: str,
    on_acknowledge: Told,
    on_resolve: Told,
    registry: CollectorRegistry,
    *,
    wall: Wall = time.time,
) -> APIRouter:
    """`POST /v1/inbound/pagerduty`. `secret`: the webhook's own, two of them apart by a space while one is exchanged.

    Empty: the endpoint is off. The callbacks run on threads of their own.
    """
    tell = {"incident.acknowledged": on_acknowledge, "incident.resolved": on_resolve}
    mailbox = PagerDutyInbox([part.encode() for part in secret.split()], tell, registry, wall)
    threads = IntakeThreads(THREADS, WAITING, "messages", retry_after=1)
    router = APIRouter(tags=["inbound"])

    @router.post(PATH, summary="PagerDuty v3 webhooks", openapi_extra=_SHAPE)
    async def pagerduty(request: Request) -> Response:
        """Take an acknowledgement or a resolve from PagerDuty; anything else that is signed is answered and ignored."""
        if not secret.split():
            raise Refusal(403, "this endpoint is off: no PagerDuty webhook secret is configured")
        body, signature = await read_body(request), request.headers.get("x-pagerduty-signature", "")
        outcome: Outcome = "busy" if threads.are_full else await threads.run(mailbox.take, body, signature)
        mailbox.counted.labels(outcome).inc()
        if outcome in _REFUSED:
            raise Refusal(*_REFUSED[outcome])
        return answer({"outcome": outcome}, 202)

    return router


def _is_signed(secrets: Sequence[bytes], body: bytes, signature: str) -> bool:
    """Whether one of the signatures is that of one of the secrets; each is compared in constant time."""
    given = [part.strip() for part in signature.split(",")[: hmac_signature.MOST]]
    return hmac_signature.fits(
        secrets, body, [part.removeprefix(_VERSION) for part in given if part.startswith(_VERSION)]
    )


def _parsed(body: bytes) -> _Event | None:
    try:
        return _Message.model_validate_json(body).event
    except ValidationError:
        return None


_SHAPE: Final = {
    "requestBody": {
        "required": True,
        "description": "A PagerDuty v3 webhook, signed in `X-PagerDuty-Signature`",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    "responses": {
        "202": {"description": "taken, repeated, unknown (none of our pages) or ignored"},
        **{str(status): {"description": "refused; nothing was changed"} for status in (400, 401, 403, 413, 429)},
    },
}
