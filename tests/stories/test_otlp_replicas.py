"""Two live replicas on one PostgreSQL: spans of one trace reach both, one is killed, and every count is right."""

import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.harness.launch import BotProcess
from bench.harness.postgres import PostgresServer
from bot.core.model.samples import Series, minute_of
from bot.core.telemetry.task_records import TaskRecord
from bot.localslack.server import LocalSlack
from bot.store import SqlStore
from tests.otlp.compare import differences, read
from tests.otlp.test_recorded import NAMES, RECORDED

pytestmark = pytest.mark.slow
FLEET = """\
people:
  ana: {name: Ana Lima, slack: U0ANA}
sources:
  otel:
    kind: otlp
    gather: 1s
    parents_within: 20s
    agents:
MAPPED
slis: {tie: {}}
agents:
AGENTS
"""
MAPPED = """\
      NAME:
        service: svc-NAME
        escalates: {tools: "transfer_to_human*", handoffs: "human*"}
        waits: {unanswered_calls: true}
"""
BATCH = 5
"""Spans in one request: a trace comes in several, and they go to either replica."""
SENDERS = 4
WITHIN = 180.0


def fleet() -> str:
    """An agent for each recorded export, so that conversations of two frameworks are never one."""
    mapped = "".join(MAPPED.replace("NAME", name) for name in NAMES)
    agents = "".join(f"  {name}: {{owner: ana}}\n" for name in NAMES)
    return FLEET.replace("MAPPED\n", mapped).replace("AGENTS\n", agents)


def batches(chance: random.Random) -> list[bytes]:
    """Every span of every export, moved to the present, in any order, a third of the requests twice."""
    made: list[bytes] = []
    for name in NAMES:
        export = read(RECORDED / f"{name}.otlp.gz")
        spans = [(s.scope, span) for r in export.resource_spans for s in r.scope_spans for span in s.spans]
        ahead = time.time_ns() - max(span.end_time_unix_nano for _, span in spans)
        chance.shuffle(spans)
        for start in range(0, len(spans), BATCH):
            request = ExportTraceServiceRequest()
            of_resource = request.resource_spans.add()
            of_resource.resource.attributes.add(key="service.name").value.string_value = f"svc-{name}"
            for scope, span in spans[start : start + BATCH]:
                moved = of_resource.scope_spans.add(scope=scope).spans.add()
                moved.CopyFrom(span)
                moved.start_time_unix_nano += ahead
                moved.end_time_unix_nano += ahead
            made.append(request.SerializeToString())
    made += chance.sample(made, len(made) // 3)
    chance.shuffle(made)
    return made


class Senders:
    """Exporters behind a balancer: each request goes to either replica, again and again until it is answered 200."""

    def __init__(self, bots: Sequence[BotProcess], parts: Sequence[bytes]) -> None:
        self.left = list(parts)
        self._bots = bots
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(seed,)) for seed in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        for thread in self._threads:
            thread.join(WITHIN)
        assert not self.left

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _send(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a balancer, not a secret
        with httpx.Client(timeout=20, trust_env=False) as client:
            while not self._over.is_set():
                with self._lock:
                    if not self.left:
                        return
                    body = self.left.pop()
                while not self._over.is_set() and not self._is_taken(client, chance.choice(self._bots), body):
                    time.sleep(0.05)

    def _is_taken(self, client: httpx.Client, bot: BotProcess, body: bytes) -> bool:
        headers = {"Authorization": f"Bearer {bot.token['tasks']}", "content-type": "application/x-protobuf"}
        try:
            return client.post(f"{bot.url}/v1/traces", content=body, headers=headers).status_code == 200
        except httpx.HTTPError:
            return False


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.fresh()


@pytest.fixture
def pair(tmp_path: Path, slack: LocalSlack, url: str) -> Iterator[list[BotProcess]]:
    with ExitStack() as stack:
        bots = []
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            more = {"STEPDOWN_DATABASE_URL": url}
            bots.append(BotProcess(tmp_path / name, slack, fleet(), tokens=("tasks",), more=more))
            stack.callback(bots[-1].kill)
            bots[-1].start()
        yield bots


def due(store: SqlStore) -> int:
    """Traces that are still to be looked at."""
    with store.database.looking() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM trace WHERE due < 1e12").scalar_one())


def wait_for_nothing_due(store: SqlStore) -> None:
    deadline = time.monotonic() + WITHIN
    while due(store):
        assert time.monotonic() < deadline, due(store)
        time.sleep(0.2)


def counted(store: SqlStore, agent: str) -> list[TaskRecord]:
    now = int(time.time() // 60)
    return list(store.tasks_between([agent], now - 600, now + 2, 1000))


def counted_minutes(store: SqlStore, agent: str) -> dict[int, float]:
    """Minute -> completed tasks, by what detection reads."""
    now = int(time.time() // 60)
    rows = store.minutes(Series(agent, "", "tie"), now - 600, now + 2)
    return {row.minute: row.n for row in rows if row.n}


def test_spans_of_one_trace_at_two_replicas_of_which_one_dies(pair: list[BotProcess], url: str) -> None:
    chance = random.Random(4)  # noqa: S311 - an order, not a secret
    parts = batches(chance)
    senders = Senders(pair, parts)
    try:
        while len(senders.left) > len(parts) * 2 // 3:
            time.sleep(0.01)
        pair[1].kill()
        while len(senders.left) > len(parts) // 3:
            time.sleep(0.01)
        pair[1].start()
        senders.finish()
    finally:
        senders.stop()
    with closing(SqlStore.open(url)) as store:
        wait_for_nothing_due(store)
        for name in NAMES:
            truth = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))["tasks"]
            tasks = counted(store, name)
            assert differences(tasks, truth) == [], name
            completed: dict[int, float] = {}
            for task in tasks:
                if task.completed:
                    completed[minute_of(task.at)] = completed.get(minute_of(task.at), 0) + 1
            assert counted_minutes(store, name) == completed, name
