"""How many polls of a rung one process answers: through the ASGI stack alone, and over loopback connections.

500 agents of four instances each poll through OFREP with their read-back, while another thread publishes rungs and
takes the changed readings, as the app does. `asgi_` is our own code and FastAPI; `http_` adds uvicorn, h11, the sockets
and, on the same processors, the clients. 2,000 instances that poll every 5 seconds are 400 polls a second.
"""

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Message, Scope

from bench.harness.rows import Row, percentile
from bot.core.enforcement.actions import AgentAction
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.posted_change import PostedChange
from bot.core.model.rungs import DEFAULT_LADDER, RungState
from bot.engine.autonomy.rung_cache import MemoryRungCache
from bot.runtime.clock import RealClock
from bot.web.api import build_api
from bot.web.server import HttpServer
from bot.web.tokens import TokenBook, new_token

AGENTS = 500
INSTANCES = 4
POLLS = 6_000
CLIENTS = 4
PATH = "/ofrep/v1/evaluate/flags/autonomy"
LEAST_MS = 1_000 / 400


class Nowhere:
    """Takes nothing in: this is about polls."""

    def samples(self, *_: object) -> None:
        """No samples are sent."""
        raise AssertionError

    def tasks(self, *_: object) -> None:
        """No task records are sent."""
        raise AssertionError

    def named(self, agent: str, workflow: str, how: str) -> None:
        """Every name is listed."""

    def refused(self, *_: object) -> None:
        """Nothing is refused."""
        raise AssertionError

    def put_changes(self, *_: object) -> int:
        """No changes are posted."""
        raise AssertionError

    def changes(self, *_: object) -> list[PostedChange]:
        """Nobody asks for changes."""
        raise AssertionError

    def put_actions(self, *_: object) -> None:
        """No actions are reported."""
        raise AssertionError

    def actions(self, *_: object, **__: object) -> list[AgentAction]:
        """Nobody asks for actions."""
        raise AssertionError

    def drop_changes(self, *_: object) -> int:
        """Nobody drops changes."""
        raise AssertionError


def polls(tokens: dict[str, str]) -> Iterator[tuple[bytes, str]]:
    """(body, token) of one poll after another, over every instance of every agent."""
    while True:
        for instance in range(INSTANCES):
            for agent, token in tokens.items():
                applied = {"instance": f"i{instance}", "appliedLevel": "full", "appliedEpoch": 0}
                yield json.dumps({"context": {"targetingKey": agent, **applied}}).encode(), token


@contextmanager
def kept_busy(rung_cache: MemoryRungCache, agents: Sequence[str]) -> Iterator[None]:
    """Publish 20 rungs a second and take what changed each time."""
    over = threading.Event()

    def work() -> None:
        epoch = 0
        while not over.wait(0.05):
            epoch += 1
            rung_cache.publish([RungState(agents[epoch % len(agents)], "", "approval", epoch, datetime.now(UTC))])
            rung_cache.take_changed()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


async def through_asgi(app: ASGIApp, tokens: dict[str, str]) -> list[float]:
    """Seconds of each poll, one after another."""
    asked = polls(tokens)
    return [await one_call(app, *next(asked)) for _ in range(POLLS)]


async def one_call(app: ASGIApp, body: bytes, token: str) -> float:
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"content-type", b"application/json")]
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        statuses.append(message.get("status", 0))

    began = time.perf_counter()
    await app(scope, receive, send)
    took = time.perf_counter() - began
    assert statuses[0] == 200, statuses
    return took


def over_http(port: int, tokens: dict[str, str], count: int, seconds: list[float]) -> None:
    """One client on one connection."""
    connection, asked = http.client.HTTPConnection("127.0.0.1", port, timeout=30), polls(tokens)
    for _ in range(count):
        body, token = next(asked)
        began = time.perf_counter()
        connection.request("POST", PATH, body, {"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        seconds.append(time.perf_counter() - began)
        assert answer.status == 200, answer.status
    connection.close()


def by_clients(port: int, tokens: dict[str, str]) -> tuple[float, list[float]]:
    """(seconds in all, seconds of each poll) of several clients at once."""
    seconds: list[float] = []
    ask = (port, tokens, POLLS // CLIENTS, seconds)
    clients = [threading.Thread(target=over_http, args=ask) for _ in range(CLIENTS)]
    began = time.perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return time.perf_counter() - began, seconds


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    names = [f"agent-{number}" for number in range(AGENTS)]
    made = {name: new_token(f"agent:{name}") for name in names}
    tokens = {name: one.token for name, one in made.items()}
    book = TokenBook.from_lines(one.line for one in made.values())
    fleet = Fleet(people={}, sources={}, agents={name: Agent(name, "ann") for name in names}, ladder=DEFAULT_LADDER)
    clock = RealClock()
    rung_cache = MemoryRungCache(lambda: fleet, clock)
    app = build_api(
        rung_cache,
        Nowhere(),
        book,
        list,
        CollectorRegistry(),
        feed=Nowhere(),
        ledger=Nowhere(),
        fleet=lambda: fleet,
        clock=clock,
    )
    server = HttpServer(app, "127.0.0.1", 0)
    port = server.start()
    try:
        with kept_busy(rung_cache, names):
            asgi = asyncio.run(through_asgi(app, tokens))
            whole, each = by_clients(port, tokens)
    finally:
        server.stop()
    return [
        Row("asgi_polls_per_s", len(asgi) / sum(asgi)),
        Row("asgi_p99_ms", percentile(asgi, 0.99) * 1_000),
        Row("http_polls_per_s", len(each) / whole),
        Row("http_mean_ms", whole / len(each) * 1_000, LEAST_MS),
        Row("http_p50_ms", percentile(each, 0.5) * 1_000),
        Row("http_p99_ms", percentile(each, 0.99) * 1_000),
    ]
