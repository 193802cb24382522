"""What every kind of sender has to hold: fire, repeat, resolve, storm, forged, stale, replayed, malformed."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry

from bot.alerts import KINDS, AlertKind, build_readers
from bot.alerts.kind import SampleAlert
from bot.core.incident.incident import Incident
from bot.core.model.alert import AlertRules, AlertSender
from bot.ports.alerts import AlertError, AlertMessage
from bot.web.api import IncidentOpeners, build_api
from bot.web.tokens import TokenBook, new_token
from tests.support.wired import START, WiredEngine, fleet
from tests.web.inbound.alert_settings import SETTINGS
from tests.web.setup import Feed, Shelf, Stage

OTHERS = ("kyc", "claims")


@dataclass
class Front:
    """A sender before a real HTTP side, with the real engine behind it."""

    kind: AlertKind
    settings: Mapping[str, object]
    engine: WiredEngine
    client: httpx.Client
    registry: CollectorRegistry
    token: str

    def message(self, agent: str = "refunds", **more: object) -> AlertMessage:
        of = SampleAlert(agent, self.engine.clock.now(), **more)  # type: ignore[arg-type]
        return self.kind.sampled(self.settings, of)

    def send(self, message: AlertMessage, *, token: str | None = None, tell: bool = True) -> httpx.Response:
        headers = {**message.headers, "authorization": f"Bearer {self.token if token is None else token}"}
        answer = self.client.post(f"/v1/inbound/{self.kind.name}", content=message.body, headers=headers)
        if tell:
            self.engine.engine.alerts.tell()
        return answer

    def counted(self, outcome: str) -> float:
        labels = {"sender": self.kind.name, "outcome": outcome}
        return self.registry.get_sample_value("stepdown_inbound_messages_total", labels) or 0.0

    def open(self) -> list[Incident]:
        return list(self.engine.store.open_incidents())


@pytest.fixture(params=list(KINDS))
def front(request: pytest.FixtureRequest, stage: Stage, client: httpx.Client, tmp_path: Path) -> Iterator[Front]:
    kind, settings = KINDS[request.param], SETTINGS.get(request.param, {})
    plain = fleet()
    agents = {"refunds": plain.agents["refunds"]}
    agents |= {key: replace(agents["refunds"], key=key) for key in OTHERS}
    rules = AlertRules(senders={kind.name: AlertSender(kind.name, settings)}, titles={kind.name: kind.title})
    watched = replace(plain, agents=agents, alerts=rules)
    with closing(WiredEngine(tmp_path, watched)) as engine:
        made, registry, readers = new_token("alerts"), CollectorRegistry(), build_readers(rules)
        stage.app = build_api(
            engine.rung_cache,
            Shelf(),
            TokenBook.from_lines([made.line]),
            list,
            registry,
            feed=Feed(),
            ledger=engine.store,
            fleet=engine.get_fleet,
            clock=engine.clock,
            openers=IncidentOpeners(engine.engine.alerts, lambda: readers, engine.commands.lifecycle.declare),
        )
        yield Front(kind, settings, engine, client, registry, made.token)


def test_one_that_fires_opens_an_incident_with_what_was_said(front: Front) -> None:
    answer = front.send(front.message())
    assert (answer.status_code, answer.json()) == (202, {"alerts": 1, "new": 1})
    (incident,) = front.open()
    assert (incident.agent, incident.kind) == ("refunds", "alert")
    assert "StepdownTest" in incident.title
    (alert,) = incident.alerts
    assert (alert.sender, alert.at) == (front.kind.title, START)
    assert alert.url.startswith("https://") or alert.url.startswith("http://")
    assert alert.severity == "SEV2"


def test_sent_again_it_changes_nothing(front: Front) -> None:
    message = front.message()
    front.send(message)
    (before,) = front.open()
    assert front.send(message).json() == {"alerts": 1, "repeated": 1}
    front.engine.later(1)
    assert front.send(front.message()).status_code == 202
    assert front.open() == [before]


def test_resolved_it_is_a_line_and_closes_nothing(front: Front) -> None:
    front.send(front.message())
    front.engine.later(10)
    if not front.kind.resolves:
        with pytest.raises(NotImplementedError):
            front.message(firing=False)
        return
    assert front.send(front.message(firing=False)).json() == {"alerts": 1, "changed": 1}
    (incident,) = front.open()
    assert [alert.firing for alert in incident.alerts] == [False]


def test_what_was_overtaken_on_the_way_opens_nothing(front: Front) -> None:
    if front.kind.resolves:
        fired = front.message()
        front.engine.later(5)
        front.send(front.message(firing=False))
        assert front.send(fired).json() == {"alerts": 1, "late": 1}
        assert front.open() == []


def test_a_storm_makes_one_incident_an_agent(front: Front) -> None:
    for n in range(40):
        for agent in ("refunds", *OTHERS):
            assert front.send(front.message(agent, name=f"A{n}"), tell=n % 10 == 0).status_code == 202
    front.engine.engine.alerts.tell()
    assert sorted(incident.agent for incident in front.open()) == ["claims", "kyc", "refunds"]
    assert len(front.engine.store.alerts("", 1_000)) == 120


def test_a_forged_one_is_refused_and_counted(front: Front) -> None:
    message = front.message()
    if front.kind.reader(front.settings).signed:
        forged = AlertMessage(message.body.replace(b"StepdownTest", b"StepdownTexT"), message.headers)
        assert forged.body != message.body
        for one in (forged, AlertMessage(message.body, {"content-type": "application/json"})):
            assert front.send(one).status_code == 401
        assert front.counted("forged") == 2
    else:
        assert front.send(message, token="sdt_wrong").status_code == 401
    assert front.open() == []
    assert front.engine.store.alerts("", 5) == []


def test_one_of_yesterday_is_refused_or_known_to_be_late(front: Front) -> None:
    old = front.message()
    reader = front.kind.reader(front.settings)
    front.engine.later((reader.oldest or 86_400) / 60 + 10)
    if reader.oldest:
        assert front.send(old).status_code == 400
        assert front.counted("stale") == 1
        assert front.engine.store.alerts("", 5) == []
    else:
        front.send(front.message())
        assert front.send(old).json() == {"alerts": 1, "late": 1}


BROKEN: Mapping[str, Callable[[bytes], bytes]] = {
    "cut off": lambda body: body[:-9],
    "no JSON": lambda _: b"alert!",
    "empty": lambda _: b"",
    "a list": lambda body: b"[" + body + b"]",
    "nothing in it": lambda _: b"{}",
    "null": lambda _: b"null",
    "not UTF-8": lambda body: body.replace(b"StepdownTest", b"Stepdown\xff"),
}


@pytest.mark.parametrize("how", list(BROKEN))
def test_a_malformed_one_is_refused_with_the_reason(front: Front, how: str) -> None:
    message = front.message()
    answer = front.send(signed_anew(front, BROKEN[how](message.body), message))
    assert answer.status_code == 400, answer.text
    assert f"this is no alert of {front.kind.title}" in answer.json()["error"]
    assert front.counted("malformed") == 1
    assert front.engine.store.alerts("", 5) == []


def test_any_part_that_is_of_another_type_is_refused_or_left_out(front: Front) -> None:
    """Never an error of ours, whatever stands where."""
    message, reader = front.message(), front.kind.reader(front.settings)
    whole, read = json.loads(message.body), 0
    for path in paths(whole):
        for odd in (None, 5, "", "x", [], {}, [1], {"a": 1}, True, "\ud800", -1e300, 1 << 70):
            body = json.dumps(put(whole, path, odd)).encode()
            with suppress(AlertError):
                found = reader.read(AlertMessage(body, message.headers), START)
                front.engine.engine.alerts.take(front.kind.name, found.alerts)
                read += 1
    assert read
    front.engine.engine.alerts.tell()


def test_an_agent_that_nobody_has_is_said(front: Front) -> None:
    answer = front.send(front.message("refund-svc"))
    assert answer.json() == {"alerts": 1, "new": 1, "unknown_agents": ["refund-svc"]}
    assert front.open() == []
    assert any("refund-svc" in told for told in front.engine.engine.findings.told())


def test_a_name_that_sends_nothing_is_not_found(front: Front) -> None:
    answer = front.client.post("/v1/inbound/alertmanger", headers={"authorization": f"Bearer {front.token}"})
    assert answer.status_code == 404


def signed_anew(front: Front, body: bytes, like: AlertMessage) -> AlertMessage:
    """Another body, as the sender itself would sign it."""
    return front.kind.signed(front.settings, AlertMessage(body, like.headers))


def paths(node: object, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if before:
        yield before
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield from paths(value, (*before, key))


def put(node: object, path: tuple[str | int, ...], value: object) -> object:
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)  # type: ignore[call-overload]
    copy[path[0]] = put(copy[path[0]], path[1:], value)
    return copy


def test_times_of_nanoseconds_are_read(front: Front) -> None:
    if front.kind.name == "alertmanager":
        message = front.message()
        body = message.body.replace(START.isoformat().encode(), b"2026-03-02T02:00:00.123456789Z")
        assert front.send(AlertMessage(body, message.headers)).status_code == 202
        assert front.open()[0].alerts[0].at - START == timedelta(microseconds=123456)
