"""What a gateway adds to a call, and what passes it after a lower rung was confirmed.

Two halves. Latency: 200 calls a second, half a minute each way in turns, straight to the tools and through the gateway.
Containment: calls as fast as eight callers make them, half of them writes, while the rung goes down and up again 200
times; a write that reaches the tools between the read-back of the lower rung and the order to raise it has leaked.
Bot, gateway, tools and the callers of the first half are processes of their own on loopback.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from prometheus_client import CollectorRegistry

from bench.bench_polls import Nowhere
from bench.gateway.paced_calls import RATE, TURN, one_call
from bench.harness.launch import free_port
from bench.harness.rows import Row, percentile
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.rungs import DEFAULT_LADDER, RungState
from bot.core.model.tools import ToolRule
from bot.engine.autonomy.rung_cache import MemoryRungCache
from bot.runtime.clock import RealClock
from bot.store import SqlStore
from bot.web.api import build_api
from bot.web.server import HttpServer
from bot.web.tokens import TokenBook, new_token

CHANGES = 200
CALLS = 100_000
CALLERS = 8
HOLD = 0.05
"""Seconds for which a rung is left alone after it was read back."""
UP_WITHIN = 60.0
WRITE, READ = "payments.refund", "orders.read"


@dataclass
class Place:
    """The bot in this process, and where the others listen."""

    rung_cache: MemoryRungCache
    clock: RealClock
    gateway: str
    tools: str
    pid: int

    def put(self, level: str, epoch: int) -> None:
        """Commit a rung."""
        self.rung_cache.publish([RungState("refunds", "", level, epoch, self.clock.now(), by="bench")])

    def confirmed(self, level: str, epoch: int) -> bool:
        """Whether the gateway says that it applies it."""
        return any((one.level, one.epoch) == (level, epoch) for one in self.rung_cache.readings("refunds"))

    def processor_seconds(self) -> float:
        """What the gateway has used so far."""
        parts = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def latency(place: Place) -> list[Row]:
    used = place.processor_seconds()
    command = (sys.executable, "-m", "bench.gateway.paced_calls", place.tools, place.gateway)
    said = subprocess.run(command, check=True, capture_output=True)
    straight, through = json.loads(said.stdout)
    spent = place.processor_seconds() - used
    p50s, p99s = ([percentile(each, share) * 1_000 for each in (straight, through)] for share in (0.5, 0.99))
    return [
        Row("calls_per_s", RATE),
        Row("straight_p50_ms", p50s[0]),
        Row("straight_p99_ms", p99s[0]),
        Row("through_p50_ms", p50s[1]),
        Row("through_p99_ms", p99s[1]),
        Row("added_p50_ms", p50s[1] - p50s[0]),
        Row("added_p99_ms", p99s[1] - p99s[0], 5),
        Row("processor_us_per_call", spent / (len(through) + RATE * TURN) * 1e6),
    ]


async def until(place: Place, level: str, epoch: int) -> float:
    """Commit a rung, and wait until it is read back; how long that took."""
    began = time.monotonic()
    place.put(level, epoch)
    while not place.confirmed(level, epoch):  # noqa: ASYNC110 - another thread of the server takes the read-back
        await asyncio.sleep(0.002)
    return time.monotonic() - began


async def containment(place: Place, session: aiohttp.ClientSession) -> list[Row]:
    stop = asyncio.Event()
    passed = denied = 0

    async def caller(number: int) -> None:
        nonlocal passed, denied
        while not stop.is_set():
            number += CALLERS
            if await one_call(session, place.gateway, number, WRITE if number // CALLERS % 2 else READ):
                passed += 1
            else:
                denied += 1

    callers = [asyncio.create_task(caller(number)) for number in range(CALLERS)]
    shut: list[tuple[float, float, float]] = []
    took: list[float] = []
    epoch = 0
    while len(shut) * 2 < CHANGES or passed + denied < CALLS:
        ordered = time.monotonic()
        took.append(await until(place, "read-only", epoch + 1))
        confirmed = time.monotonic()
        await asyncio.sleep(HOLD)
        shut.append((ordered, confirmed, time.monotonic()))
        epoch += 2
        await until(place, "full", epoch)
        await asyncio.sleep(HOLD)
    stop.set()
    await asyncio.gather(*callers)
    async with session.get(f"{place.tools.removesuffix('/mcp')}/writes") as answer:
        writes: list[float] = await answer.json()
    late = [at - ordered for ordered, _, reopened in shut for at in writes if ordered < at < reopened]
    leaked = sum(confirmed < at < reopened for _, confirmed, reopened in shut for at in writes)
    return [
        Row("contained_calls", passed + denied),
        Row("contained_writes_passed", len(writes)),
        Row("rung_changes", len(shut) * 2),
        Row("writes_after_confirmed", leaked, 0),
        Row("last_write_after_order_s", max(late, default=0.0), 1),
        Row("confirmed_p50_s", percentile(took, 0.5)),
        Row("confirmed_p99_s", percentile(took, 0.99)),
    ]


@contextmanager
def processes(folder: Path, url: str, token: str) -> Iterator[tuple[str, str, int]]:
    """The tools and the gateway: their addresses, and the gateway's process."""
    ports = free_port(), free_port()
    tools, gateway = (f"http://127.0.0.1:{port}/mcp" for port in ports)
    serve = ("gateway", "serve", tools, "--agent", "refunds", "--stepdown", url, "--data", str(folder / "ledger"))
    commands = (
        (sys.executable, "-m", "bench.gateway.tool_server", str(ports[0])),
        (sys.executable, "-m", "bot", *serve, "--listen", f"127.0.0.1:{ports[1]}"),
    )
    environment = {**os.environ, "STEPDOWN_TOKEN": token}
    started = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for command in commands]
    try:
        yield gateway, tools, started[1].pid
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=30)


async def measured(place: Place) -> list[Row]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        deadline = time.monotonic() + UP_WITHIN
        while not place.confirmed("full", 0):
            assert time.monotonic() < deadline, "the gateway does not come up"
            await asyncio.sleep(0.1)
        return [*await asyncio.to_thread(latency, place), *await containment(place, session)]


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    token = new_token("agent:refunds")
    rules = (ToolRule(READ, writes=False), ToolRule(WRITE, writes=True))
    agent = Agent("refunds", "ann", tools=(READ, WRITE), tool_rules=rules)
    fleet = Fleet(people={}, sources={}, agents={"refunds": agent}, ladder=DEFAULT_LADDER)
    clock = RealClock()
    rung_cache = MemoryRungCache(lambda: fleet, clock)
    with TemporaryDirectory() as folder:
        store = SqlStore.open(f"sqlite:///{folder}/stepdown.db")
        app = build_api(
            rung_cache,
            Nowhere(),
            TokenBook.from_lines([token.line]),
            list,
            CollectorRegistry(),
            feed=store,
            ledger=store,
            fleet=lambda: fleet,
            clock=clock,
        )
        server = HttpServer(app, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.start()}"
        try:
            with processes(Path(folder), url, token.token) as (gateway, tools, pid):
                return asyncio.run(measured(Place(rung_cache, clock, gateway, tools, pid)))
        finally:
            server.stop()
            store.close()
