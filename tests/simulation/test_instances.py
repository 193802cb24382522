"""Simulated instances against a small server that speaks the contract: OFREP, and plain GET with ETag."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.core.model.rungs import DEFAULT_LADDER
from bot.simulation.clock import MovableClock
from bot.simulation.curves import Curve
from bot.simulation.instances import DIALECTS, Instance, Instances, pause_between_polls
from bot.simulation.rung_protocols import NoAnswerError, Ofrep, PlainGet, RungReply
from bot.simulation.world import SimulatedAgent, World
from tests.support.patience import PATIENCE

START = datetime(2026, 3, 2, 2, 14, tzinfo=UTC)
CURVE = Curve(tasks=50, good=0.95, calls=3, escalated=0.01, pending=5)
AGENTS = (
    SimulatedAgent("refunds", {"refund": CURVE}, instances=2, fallback_rung="read-only"),
    SimulatedAgent("kyc", {"review": CURVE}, instances=1, dialect="plain", fallback_rung="suspended"),
)
TOKENS = {"refunds": "token-of-refunds", "kyc": "token-of-kyc"}


class Stepdown:
    """What an instance sees of Stepdown: one rung for everybody, and a record of who asked what."""

    def __init__(self, clock: MovableClock) -> None:
        self.clock = clock
        self.level, self.epoch = "full", 0
        self.lease = timedelta(minutes=5)
        self.broken: tuple[int, bytes] | None = None
        self.said: list[dict[str, object]] = []
        self.tokens: set[str] = set()
        self.answers: list[int] = []
        self.heard = threading.Condition()

    def lower(self, level: str) -> None:
        self.level, self.epoch = level, self.epoch + 1

    def rung(self) -> dict[str, object]:
        not_after = (self.clock.now() + self.lease).isoformat(timespec="seconds").replace("+00:00", "Z")
        return {"level": self.level, "epoch": self.epoch, "grants": {}, "not_after": not_after}

    def note(self, token: str, said: dict[str, object]) -> None:
        with self.heard:
            self.tokens.add(token)
            self.said.append(said)
            self.heard.notify_all()

    def reported(self, level: str, epoch: int) -> set[object]:
        return {
            said["instance"] for said in self.said if (said["appliedLevel"], said["appliedEpoch"]) == (level, epoch)
        }


class Endpoint(ThreadingHTTPServer):
    daemon_threads = True
    stepdown: Stepdown


class Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: Endpoint

    def do_POST(self) -> None:
        context = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["context"]
        assert self.path == "/ofrep/v1/evaluate/flags/autonomy"
        self.server.stepdown.note(self.headers["Authorization"], context)
        value = self.server.stepdown.rung()
        self.send(200, {"key": "autonomy", "value": value, "reason": "STATIC", "variant": value["level"]})

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        agent = asked.path.removeprefix("/v1/agents/").removesuffix("/autonomy")
        said = {**query, "targetingKey": agent, "appliedEpoch": int(query["appliedEpoch"])}
        self.server.stepdown.note(self.headers["Authorization"], said)
        etag = f'"{self.server.stepdown.epoch}"'
        if self.headers["If-None-Match"] == etag and not self.server.stepdown.broken:
            self.send(304, None)
        else:
            self.send(200, {"agent": agent, **self.server.stepdown.rung()}, etag)

    def send(self, status: int, body: object, etag: str = "") -> None:
        content = b"" if body is None else json.dumps(body).encode()
        if self.server.stepdown.broken:
            status, content = self.server.stepdown.broken
        self.server.stepdown.answers.append(status)
        self.send_response(status)
        if etag:
            self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
def world(clock: MovableClock) -> World:
    return World(clock, AGENTS)


@pytest.fixture
def endpoint(clock: MovableClock) -> Iterator[Endpoint]:
    server = Endpoint(("127.0.0.1", 0), Exchange)
    server.stepdown = Stepdown(clock)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def stepdown(endpoint: Endpoint) -> Stepdown:
    return endpoint.stepdown


@pytest.fixture
def address(endpoint: Endpoint) -> str:
    return f"http://127.0.0.1:{endpoint.server_port}"


@pytest.fixture(params=["refunds", "kyc"])
def instance(request: pytest.FixtureRequest, world: World, address: str) -> Iterator[Instance]:
    """One instance of an agent that speaks OFREP, and one that uses the plain GET."""
    agent = world.agents[request.param]
    dialect = DIALECTS[agent.dialect](address, TOKENS[agent.key], agent.key, f"{agent.key}-1")
    one = Instance(world, agent.key, f"{agent.key}-1", dialect)
    yield one
    one.close()


def fallback(instance: Instance) -> str:
    return {"refunds-1": "read-only", "kyc-1": "suspended"}[instance.name]


def test_it_says_who_it_is_and_what_it_applies(instance: Instance, stepdown: Stepdown) -> None:
    instance.step()
    agent = instance.name.removesuffix("-1")
    assert stepdown.tokens == {f"Bearer {TOKENS[agent]}"}
    assert stepdown.said == [
        {"targetingKey": agent, "instance": instance.name, "appliedLevel": "full", "appliedEpoch": 0}
    ]


def test_what_it_reads_at_one_poll_it_applies_and_reports_with_the_next(instance: Instance, stepdown: Stepdown) -> None:
    instance.step()
    stepdown.lower("approval")
    instance.step()
    assert instance.rung == "full"
    assert stepdown.reported("approval", 1) == set()
    instance.step()
    assert (instance.rung, instance.epoch) == ("approval", 1)
    assert stepdown.reported("approval", 1) == {instance.name}


def test_it_goes_up_again_when_it_is_told_to(instance: Instance, stepdown: Stepdown) -> None:
    stepdown.lower("read-only")
    instance.step()
    instance.step()
    stepdown.lower("approval")
    instance.step()
    instance.step()
    assert (instance.rung, instance.epoch) == ("approval", 2)


@pytest.mark.parametrize(
    "broken",
    [
        (500, b'{"errorDetails": "no"}'),
        (401, b"{}"),
        (200, b"<html>a proxy says hello</html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"value": {"level": "approval"}, "level": "approval"}'),
    ],
)
def test_without_a_usable_answer_it_keeps_its_rung_for_as_long_as_it_may_and_then_falls_back(
    instance: Instance, stepdown: Stepdown, clock: MovableClock, broken: tuple[int, bytes]
) -> None:
    instance.step()
    stepdown.broken = broken
    clock.advance(300)
    instance.step()
    assert instance.rung == "full", "the lease is good to its last second"
    assert instance.trouble
    clock.advance(1)
    instance.step()
    assert instance.rung == fallback(instance)
    stepdown.broken = None
    instance.step()
    instance.step()
    assert (instance.rung, instance.trouble) == ("full", ""), "Stepdown is back and says so"


def test_nobody_there_is_no_answer_either(world: World, address: str, endpoint: Endpoint) -> None:
    endpoint.shutdown()
    endpoint.server_close()
    one = Instance(world, "refunds", "refunds-1", Ofrep(address, "t", "refunds", "refunds-1"))
    one.step()
    assert one.trouble.startswith("ConnectError")
    assert one.rung == "full"
    one.close()


def test_falling_back_never_raises(instance: Instance, stepdown: Stepdown, clock: MovableClock) -> None:
    stepdown.lower("suspended")
    instance.step()
    instance.step()
    stepdown.broken = (503, b"")
    clock.advance(3600)
    instance.step()
    assert instance.rung == "suspended"


def test_a_short_lease_ends_soon(instance: Instance, stepdown: Stepdown, clock: MovableClock) -> None:
    stepdown.lease = timedelta(seconds=60)
    instance.step()
    assert instance.lease_ends == START + timedelta(seconds=60)


def test_an_older_epoch_is_ignored(instance: Instance, stepdown: Stepdown) -> None:
    stepdown.lower("approval")
    stepdown.lower("read-only")
    instance.step()
    instance.step()
    stepdown.level, stepdown.epoch = "full", 0
    instance.step()
    instance.step()
    assert (instance.rung, instance.epoch) == ("read-only", 2)
    assert instance.trouble == "epoch 0 is older than 2, which is applied"


def test_a_word_that_is_no_rung_is_not_obeyed(instance: Instance, stepdown: Stepdown) -> None:
    stepdown.lower("turbo")
    instance.step()
    instance.step()
    assert instance.rung == "full"
    assert instance.trouble == "no rung 'turbo' on the ladder"


def test_an_unchanged_rung_is_a_304_and_keeps_the_lease_it_had(
    world: World, stepdown: Stepdown, address: str, clock: MovableClock
) -> None:
    plain = Instance(world, "kyc", "kyc-1", PlainGet(address, "t", "kyc", "kyc-1"))
    plain.step()
    clock.advance(60)
    plain.step()
    assert stepdown.answers == [200, 304]
    assert plain.lease_ends == START + timedelta(minutes=5)
    assert len(stepdown.said) == 2, "a poll that is answered with 304 reports all the same"
    plain.close()


def test_a_lease_in_another_zone_is_the_same_moment() -> None:
    told = RungReply.parse({"level": "full", "epoch": 3, "not_after": "2026-03-02T03:19:00+01:00"})
    assert told == RungReply("full", 3, START + timedelta(minutes=5))


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"level": "full", "epoch": True, "not_after": "2026-03-02T02:19:00Z"},
        {"level": "full", "epoch": "3", "not_after": "2026-03-02T02:19:00Z"},
        {"level": 4, "epoch": 3, "not_after": "2026-03-02T02:19:00Z"},
        {"level": "full", "epoch": 3, "not_after": "2026-03-02T02:19:00"},
        {"level": "full", "epoch": 3, "not_after": "soon"},
        {"level": "full", "epoch": 3, "not_after": 12},
    ],
)
def test_an_answer_without_a_whole_rung_is_none(value: object) -> None:
    with pytest.raises(NoAnswerError, match="no rung in the answer"):
        RungReply.parse(value)


def test_all_instances_poll_obey_and_report_by_themselves(world: World, stepdown: Stepdown, address: str) -> None:
    fleet = Instances(world, address, TOKENS, pause=0.02)
    fleet.start()
    stepdown.lower("approval")
    everybody = {"refunds-1", "refunds-2", "kyc-1"}
    with stepdown.heard:
        assert stepdown.heard.wait_for(lambda: stepdown.reported("approval", 1) == everybody, timeout=PATIENCE)
    fleet.stop()
    assert set(world.rungs("refunds").values()) | set(world.rungs("kyc").values()) == {"approval"}


def test_they_survive_an_outage(world: World, stepdown: Stepdown, address: str, clock: MovableClock) -> None:
    stepdown.broken = (500, b"")
    fleet = Instances(world, address, TOKENS, pause=0.02)
    fleet.start()
    with stepdown.heard:
        assert stepdown.heard.wait_for(lambda: len(stepdown.said) >= 6, timeout=PATIENCE)
        stepdown.broken = None
        before = len(stepdown.said)
        assert stepdown.heard.wait_for(lambda: len(stepdown.said) >= before + 6, timeout=PATIENCE)
    fleet.stop()
    assert {instance.trouble for instance in fleet.all} == {""}


def test_a_fleet_can_be_stopped_before_it_started(world: World, address: str) -> None:
    Instances(world, address, TOKENS).stop()


def test_a_fast_clock_does_not_make_them_hammer() -> None:
    assert pause_between_polls(1) == 5
    assert pause_between_polls(20) == 0.25
    assert pause_between_polls(600) == 0.15


def test_the_ladder_may_be_another(world: World, address: str, stepdown: Stepdown) -> None:
    stepdown.lower("approval")
    short = type(DEFAULT_LADDER)((DEFAULT_LADDER.rung("full"), DEFAULT_LADDER.rung("read-only")))
    one = Instance(world, "refunds", "refunds-1", Ofrep(address, "t", "refunds", "refunds-1"), short)
    one.step()
    assert one.trouble == "no rung 'approval' on the ladder"
    one.close()
