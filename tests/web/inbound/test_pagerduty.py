import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from bot.core.formatting.redaction import Redactor
from bot.web import errors
from bot.web.bodies import BODY_LIMIT
from bot.web.inbound.pagerduty import PATH, REMEMBERED, PagerDutyInbox, routes
from tests.web.setup import START, Stage

SECRET = "the-webhooks-own-secret"
DEDUP = "stepdown/42/1772331240/1/ana"
USER = {"id": "PANA", "type": "user_reference", "summary": "Ana Silva"}


@dataclass
class Desk:
    """PagerDuty's side, and what we were told."""

    client: httpx.Client
    registry: CollectorRegistry
    told: list[tuple[str, str, str]] = field(default_factory=list)
    failing: list[Exception] = field(default_factory=list)
    ours: bool = True

    def acknowledge(self, dedup_key: str, who: str) -> bool:
        if self.failing:
            raise self.failing.pop()
        self.told.append(("acknowledged", dedup_key, who))
        return self.ours

    def resolve(self, dedup_key: str, who: str) -> bool:
        self.told.append(("resolved", dedup_key, who))
        return self.ours

    def send(self, body: bytes, *signatures: str) -> httpx.Response:
        # each on a connection of its own, as PagerDuty's are: the server hangs up after a 500
        headers = {"X-PagerDuty-Signature": ",".join(signatures), "Connection": "close"}
        return self.client.post(PATH, content=body, headers=headers)

    def signed(self, body: bytes) -> httpx.Response:
        return self.send(body, signature(body))

    def counted(self, outcome: str) -> float:
        return self.registry.get_sample_value("stepdown_pagerduty_webhooks_total", {"outcome": outcome}) or 0.0


def signature(body: bytes, secret: str = SECRET) -> str:
    return "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def event(kind: str = "incident.acknowledged", at: datetime = START, **more: object) -> bytes:
    data = {"id": "Q1", "type": "incident", "incident_key": DEDUP, "status": "acknowledged"}
    whole = {"id": "E1", "event_type": kind, "resource_type": "incident", "occurred_at": at.isoformat()}
    return json.dumps({"event": {**whole, "agent": USER, "client": None, "data": data, **more}}).encode()


def opened(stage: Stage, client: httpx.Client, secret: str) -> Desk:
    app, desk = FastAPI(), Desk(client, CollectorRegistry())
    errors.install(app, Redactor())
    app.include_router(routes(secret, desk.acknowledge, desk.resolve, desk.registry, wall=START.timestamp))
    stage.app = app
    return desk


@pytest.fixture
def desk(stage: Stage, client: httpx.Client) -> Iterator[Desk]:
    yield opened(stage, client, SECRET)
    stage.app = None


@pytest.mark.parametrize(
    ("kind", "told"), [("incident.acknowledged", "acknowledged"), ("incident.resolved", "resolved")]
)
def test_what_a_person_did_over_there_is_told_here(desk: Desk, kind: str, told: str) -> None:
    reply = desk.signed(event(kind))
    assert (reply.status_code, reply.json()) == (202, {"outcome": "taken"})
    assert desk.told == [(told, DEDUP, "Ana Silva")]
    assert desk.counted("taken") == 1


@pytest.mark.parametrize(
    "body",
    [
        event("incident.triggered"),
        event("pagey.ping"),
        event(agent=None),
        event(agent={"id": "S1", "type": "service_reference", "summary": "our own acknowledgement, coming back"}),
        event(data={"id": "Q1", "type": "incident", "incident_key": None}),
        event(data={"id": "Q1", "type": "incident"}),
    ],
    ids=["another kind", "a test", "no agent", "a service", "null key", "no key"],
)
def test_what_nobody_did_is_answered_and_ignored(desk: Desk, body: bytes) -> None:
    reply = desk.signed(body)
    assert (reply.status_code, reply.json(), desk.told) == (202, {"outcome": "ignored"}, [])


@pytest.mark.parametrize("kind", ["incident.acknowledged", "incident.resolved"])
def test_a_key_that_is_none_of_our_pages_is_not_called_taken(desk: Desk, kind: str) -> None:
    desk.ours = False
    for _ in range(2):
        reply = desk.signed(event(kind))
        assert (reply.status_code, reply.json()) == (202, {"outcome": "unknown"})
    assert (desk.counted("unknown"), desk.counted("taken")) == (2, 0)


def test_one_of_several_signatures_is_enough(desk: Desk) -> None:
    body = event()
    assert desk.send(body, signature(body, "the new one"), f" {signature(body)}").status_code == 202


def test_while_a_secret_is_exchanged_either_is_taken(stage: Stage, client: httpx.Client) -> None:
    desk = opened(stage, client, "old new")
    for secret in ("old", "new"):
        body = event(id=secret)
        assert desk.send(body, signature(body, secret)).status_code == 202
    assert len(desk.told) == 2


BODY = event()


@pytest.mark.parametrize(
    "given",
    [
        "",
        "v1=",
        "v1=" + "0" * 64,
        signature(BODY, "another secret"),
        signature(BODY + b" "),
        signature(BODY).removeprefix("v1="),
        signature(BODY).replace("v1=", "v2="),
        signature(BODY)[:-1],
        signature(BODY, ""),
        ",".join(["v1=" + "0" * 64] * 16 + [signature(BODY)]),
    ],
)
def test_a_forged_signature_is_refused_and_counted(desk: Desk, given: str) -> None:
    reply = desk.send(BODY, given)
    assert reply.status_code == 401
    assert (desk.told, desk.counted("forged")) == ([], 1)
    assert SECRET not in reply.text


def test_a_signature_of_any_bytes_is_refused(desk: Desk) -> None:
    reply = desk.client.post(PATH, content=BODY, headers=[(b"X-PagerDuty-Signature", b"v1=\xe9\xff")])
    assert reply.status_code == 401


@pytest.mark.parametrize(
    ("age", "status"),
    [
        (timedelta(0), 202),
        (timedelta(hours=48), 202),
        (timedelta(hours=49), 400),
        (timedelta(minutes=-4), 202),
        (timedelta(minutes=-6), 400),
    ],
)
def test_a_stale_event_is_refused_and_counted(desk: Desk, age: timedelta, status: int) -> None:
    assert desk.signed(event(at=START - age)).status_code == status
    assert (len(desk.told), desk.counted("stale")) == ((1, 0) if status == 202 else (0, 1))


def test_the_same_event_again_changes_nothing(desk: Desk) -> None:
    outcomes = [desk.signed(event()).json()["outcome"] for _ in range(3)]
    assert outcomes == ["taken", "repeated", "repeated"]
    assert len(desk.told) == 1


def test_an_event_that_we_failed_on_is_taken_when_it_comes_again(desk: Desk) -> None:
    desk.failing.append(OSError("disk full"))
    assert desk.signed(event()).status_code == 500
    assert desk.signed(event()).json() == {"outcome": "taken"}
    assert len(desk.told) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"event": null}',
        b'{"event": {"id": "E1"}}',
        b"\xff",
        b"{" * 10_000,
        event(occurred_at="yesterday"),
        event(occurred_at="2026-03-01T02:14:00"),
        event(id=7),
        event(agent="Ana"),
        event(data=[]),
    ],
    ids=range(12),
)
def test_what_is_no_webhook_is_refused_and_counted(desk: Desk, body: bytes) -> None:
    reply = desk.signed(body)
    assert (reply.status_code, desk.told, desk.counted("malformed")) == (400, [], 1)


def test_a_body_without_end_is_refused(desk: Desk) -> None:
    assert desk.signed(b" " * (BODY_LIMIT + 1)).status_code == 413


@pytest.mark.parametrize("secret", ["", " "])
def test_without_a_secret_it_is_off(stage: Stage, client: httpx.Client, secret: str) -> None:
    desk = opened(stage, client, secret)
    reply = desk.send(BODY, signature(BODY, ""))
    assert (reply.status_code, desk.told) == (403, [])
    assert "off" in reply.json()["error"]


def test_many_at_once(desk: Desk) -> None:
    with ThreadPoolExecutor(8) as senders:
        replies = list(senders.map(lambda number: desk.signed(event(id=f"E{number}")), range(40)))
    assert [reply.status_code for reply in replies] == [202] * 40
    assert len(desk.told) == 40


def test_a_name_without_end_is_cut(desk: Desk) -> None:
    desk.signed(event(agent={**USER, "summary": "x" * 5_000}))
    assert desk.told == [("acknowledged", DEDUP, "x" * 100)]


def test_what_is_remembered_is_bounded(desk: Desk) -> None:
    """An event forgotten is told again; whoever is told takes the same act twice."""
    mailbox = PagerDutyInbox(
        [SECRET.encode()], {"incident.acknowledged": desk.acknowledge}, CollectorRegistry(), START.timestamp
    )
    for number in (*range(REMEMBERED + 1), REMEMBERED, 0):
        body = event(id=f"E{number}")
        outcome = mailbox.take(body, signature(body))
        if number == REMEMBERED and len(desk.told) > REMEMBERED + 1:
            assert outcome == "repeated"
    assert len(desk.told) == REMEMBERED + 2
