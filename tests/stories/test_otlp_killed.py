"""`kill -9` in mid-stream: a task is counted once, and what was answered 200 is not lost."""

import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import set_span_in_context

from bench.harness.launch import BotProcess
from bot.localslack.server import LocalSlack
from tests.otlp.spans import agent, chat, request, tid, tool
from tests.support.patience import PATIENCE

FLEET = """\
people:
  ana: {name: Ana Lima, slack: U0ANA}
sources:
  otel: {kind: otlp, gather: 1s, agents: {refunds: {service: refunds-svc}}}
slis: {tie: {}}
agents:
  refunds: {owner: ana}
"""
RUNS = 90


def bodies() -> list[bytes]:
    """Each run in two requests: its calls, and its end."""
    made: list[bytes] = []
    for number in range(1, RUNS + 1):
        at = datetime.now(UTC)
        spans = [chat(2, 1, start=-4, end=-3), tool(3, "lookup", 1, start=-3, end=-2), agent(1, start=-5, end=-1)]
        for some in (spans[:2], spans[2:]):
            moved = [replace(one, trace=tid(number)) for one in some]
            made.append(request(at, moved).SerializeToString())
    return made


def deliver(bot: BotProcess, parts: Sequence[bytes], taken: list[int], over: threading.Event) -> None:
    """As an exporter does: each again until it is answered 200."""
    headers = {"Authorization": f"Bearer {bot.token['tasks']}", "content-type": "application/x-protobuf"}
    for number, body in enumerate(parts):
        while not over.is_set():
            try:
                answer = httpx.post(f"{bot.url}/v1/traces", content=body, headers=headers, timeout=10, trust_env=False)
            except httpx.HTTPError:
                time.sleep(0.1)
                continue
            if answer.status_code == 200:
                break
            time.sleep(0.1)
        taken.append(number)


def counted(bot: BotProcess) -> list[int]:
    """The tool calls of each task."""
    with closing(sqlite3.connect(bot.folder / "stepdown.db", timeout=60)) as database:
        return [calls for (calls,) in database.execute("SELECT json_extract(body, '$.tool_calls') FROM task")]


def wait_for(bot: BotProcess, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(found := counted(bot)) < count or sum(found) < count:
        assert time.monotonic() < deadline, f"{len(found)} tasks with {sum(found)} calls, of {count}"
        time.sleep(0.2)


def wait_for_nothing_due(bot: BotProcess) -> None:
    """Until every trace was looked at again after what came last."""
    deadline = time.monotonic() + PATIENCE
    with closing(sqlite3.connect(bot.folder / "stepdown.db", timeout=60)) as database:
        while database.execute("SELECT count(*) FROM trace WHERE due < 1e12").fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_killed_twice_in_mid_stream(tmp_path: Path, slack: LocalSlack) -> None:
    bot = BotProcess(tmp_path, slack, FLEET, tokens=("tasks",))
    bot.start()
    taken: list[int] = []
    parts, over = bodies(), threading.Event()
    sender = threading.Thread(target=deliver, args=(bot, parts, taken, over))
    sender.start()
    try:
        for share in (1, 2):
            while len(taken) < len(parts) * share // 3:
                time.sleep(0.01)
            bot.kill()
            bot.start()
        sender.join()
        wait_for(bot, RUNS)
        deliver(bot, parts, taken, over)  # an exporter that heard no answer sends it again
        wait_for_nothing_due(bot)
        assert counted(bot) == [1] * RUNS
    finally:
        over.set()
        sender.join()
        bot.kill()


def test_the_real_exporter_outlives_a_restart(tmp_path: Path, slack: LocalSlack) -> None:
    bot = BotProcess(tmp_path, slack, FLEET, tokens=("tasks",))
    bot.start()
    headers = {"Authorization": f"Bearer {bot.token['tasks']}"}
    provider = TracerProvider(resource=Resource.create({"service.name": "refunds-svc"}))
    exporter = OTLPSpanExporter(f"{bot.url}/v1/traces", headers=headers, timeout=120)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_export_batch_size=8, schedule_delay_millis=100))
    tracer = provider.get_tracer("test")
    try:
        for number in range(40):
            root = tracer.start_span("invoke_agent", attributes={"gen_ai.operation.name": "invoke_agent"})
            tool_ = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup"}
            tracer.start_span("execute_tool", set_span_in_context(root), attributes=tool_).end()
            root.end()
            if number == 20:
                bot.kill()
                bot.start()
        assert provider.force_flush(120_000)
        wait_for(bot, 40)
        assert counted(bot) == [1] * 40
    finally:
        provider.shutdown()
        bot.kill()
