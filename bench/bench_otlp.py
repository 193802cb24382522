"""Spans in: what one costs from the socket to a counted task, and what a page costs beside a stream of them.

Runs of ten spans come in requests of 512, packed, as an exporter sends them, over a few connections at once, to a bot
in a process of its own on SQLite. CPU is what the bot and the process that reads spans used, over all spans, until the
last task was counted. Then twenty agents breach by samples, with the stream and without it, and the pages are timed.
"""

import gzip
import os
import random
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.harness.launch import BotProcess, bad_minutes
from bench.harness.rows import Row, percentile
from bench.paging.breaches import slack_pages
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest
from bot.sources.otlp.decoding import decoded

SPANS, BATCH, CONNECTIONS = 200_000, 512, 3
"""Spans of the throughput run, spans in one request, connections at once."""
RUN_OF = 10
STREAM = 5_000
"""Spans a second beside which pages are timed."""
PAGED, TURNS = 20, 4
CPU_US, MEMORY_TIMES, PAGE_TIMES = 50.0, 1.3, 1.2


def fleet(channel: str, gather: str = "2s", late: str = "10s") -> str:
    """Agents that push samples, and one whose spans come."""
    of_spans = "{service: bench, escalates: {tools: x}}"
    lines = [
        "people:",
        "  ana: {name: Ana Duarte, slack: U0ANA, phone: '+44 20 7946 0001'}",
        "sources:",
        "  push: {kind: samples}",
        f"  otel: {{kind: otlp, gather: {gather}, late: {late}, agents: {{spans: {of_spans}}}}}",
        "slis:",
        "  her: {source: push}",
        "agents:",
        f"  spans: {{owner: ana, channel: {channel}, slis: {{her: {{source: otel}}, tie: {{source: otel}}}}}}",
    ]
    keys = [f"{when}-{number:02d}" for when in ("quiet", "busy") for number in range(PAGED)]
    return "\n".join([*lines, *(f"  {key}: {{owner: ana, channel: {channel}}}" for key in keys)]) + "\n"


def requests(count: int, seed: int = 1) -> Iterator[bytes]:
    """Packed requests of so many spans in all: an agent's, four models', five tools', that end now."""
    chance = random.Random(seed)  # noqa: S311 - ids, not secrets
    for _ in range(count // BATCH):
        made = ExportTraceServiceRequest()
        of_resource = made.resource_spans.add()
        of_resource.resource.attributes.add(key="service.name").value.string_value = "bench"
        of_scope = of_resource.scope_spans.add()
        of_scope.scope.name, of_scope.scope.version = "bench", "1"
        now = time.time_ns()
        for place in range(BATCH):
            if place % RUN_OF == 0:
                trace, root = chance.randbytes(16), chance.randbytes(8)
            _span(of_scope.spans.add(), place % RUN_OF, trace, root, chance.randbytes(8), now)
        yield gzip.compress(made.SerializeToString(), 1)


def _span(span: object, place: int, trace: bytes, root: bytes, own: bytes, now: int) -> None:
    """One span: six to eight attributes, one of them a text that nobody reads."""
    name = "invoke_agent" if place == 0 else "chat" if place % 2 else "execute_tool"
    given: dict[str, str | int] = {"gen_ai.operation.name": name, "gen_ai.provider.name": "bench", "text": "x" * 200}
    if name == "invoke_agent":
        given["gen_ai.agent.name"] = "spans"
    elif name == "chat":
        given |= {"gen_ai.response.model": "m", "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5}
    else:
        given |= {
            "gen_ai.tool.name": f"tool-{place}",
            "gen_ai.tool.call.id": own.hex(),
            "gen_ai.tool.call.arguments": "{}",
        }
    span.trace_id, span.span_id, span.name, span.flags = trace, root if place == 0 else own, name, 0x100  # type: ignore[attr-defined]
    span.parent_span_id = b"" if place == 0 else root  # type: ignore[attr-defined]
    span.start_time_unix_nano, span.end_time_unix_nano = now - 10**9, now - 10**6 * place  # type: ignore[attr-defined]
    for key, value in given.items():
        held = span.attributes.add(key=key).value  # type: ignore[attr-defined]
        if isinstance(value, str):
            held.string_value = value
        else:
            held.int_value = value


def run(out: Path) -> list[Row]:
    """Measure reading alone, then the bot under a stream, then pages beside one."""
    del out
    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    rows = [Row("load_at_the_start", os.getloadavg()[0]), Row("decode_cpu_us_a_span", _decoding())]
    with LocalSlack(Workspace.load(workspace)) as slack, tempfile.TemporaryDirectory() as folder:
        bot = BotProcess(Path(folder), slack, fleet(demo_fleet.CHANNELS["incidents"]), tokens=("samples", "tasks"))
        bot.start()
        try:
            rows += _throughput(bot)
            rows += _pages_beside(bot, slack)
            rows.append(Row("load_at_the_end", os.getloadavg()[0]))
        finally:
            bot.stop()
    return rows


def _decoding() -> float:
    """CPU of reading alone, in this process."""
    bodies = list(requests(50 * BATCH))
    began = time.process_time()
    for body in bodies:
        decoded("traces", body, as_json=False, encoding="gzip", now=time.time())
    return (time.process_time() - began) / (len(bodies) * BATCH) * 1e6


def _throughput(bot: BotProcess) -> list[Row]:
    bodies = list(requests(SPANS))
    _post(bot, bodies[:20])
    await_tasks(bot, 20)
    used, memory, began = cpu_seconds(bot), memory_mb(bot), time.monotonic()
    middle: list[float] = []
    sent = threading.Event()
    watch = threading.Thread(target=_watch_memory, args=(bot, middle, sent))
    watch.start()
    _post(bot, bodies[20:])
    taken = time.monotonic() - began
    tasks = await_tasks(bot, len(bodies))
    whole = time.monotonic() - began
    sent.set()
    watch.join()
    spans = (len(bodies) - 20) * BATCH
    cpu = cpu_seconds(bot) - used
    half = middle[len(middle) // 2 :]
    return [
        Row("spans", spans),
        Row("spans_a_second_taken", spans / taken),
        Row("spans_a_second_counted", spans / whole),
        Row("cpu_us_a_span", cpu / spans * 1e6, promise=CPU_US),
        Row("spans_a_second_of_one_core", spans / cpu),
        Row("tasks_miscounted", abs(tasks - len(bodies) * tasks_of_a_batch())),
        Row("memory_mb_before", memory),
        Row("memory_mb_highest", max(middle, default=memory)),
        Row("memory_late_over_middle", max(half) / half[0] if half else 1.0, promise=MEMORY_TIMES),
    ]


def tasks_of_a_batch() -> int:
    """Runs in one request."""
    return -(-BATCH // RUN_OF)


def _post(bot: BotProcess, bodies: list[bytes]) -> None:
    """Over a few connections at once, each request again until it is taken."""
    left, lock = list(bodies), threading.Lock()

    def sender() -> None:
        with httpx.Client(timeout=60, trust_env=False) as client:
            while True:
                with lock:
                    if not left:
                        return
                    body = left.pop()
                until_taken(bot, client, body)

    threads = [threading.Thread(target=sender) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def until_taken(bot: BotProcess, client: httpx.Client, body: bytes) -> None:
    """One request, again until it is taken."""
    headers = {
        "Authorization": f"Bearer {bot.token['tasks']}",
        "content-type": "application/x-protobuf",
        "content-encoding": "gzip",
    }
    while True:
        answer = client.post(f"{bot.url}/v1/traces", content=body, headers=headers)
        if answer.status_code == 200:
            return
        time.sleep(float(answer.headers.get("retry-after", "1")))


def await_tasks(bot: BotProcess, batches: int) -> int:
    """How many tasks there are once all of so many requests should be counted, or after five minutes."""
    wanted, deadline = batches * tasks_of_a_batch(), time.monotonic() + 300
    count = 0
    with closing(sqlite3.connect(f"file:{bot.folder / 'stepdown.db'}?mode=ro", uri=True, timeout=60)) as database:
        while count < wanted and time.monotonic() < deadline:
            time.sleep(0.2)
            (count,) = database.execute("SELECT count(*) FROM task").fetchone()
    return int(count)


def _processes(bot: BotProcess) -> list[int]:
    """The bot and what it started."""
    assert bot.process is not None
    own = bot.process.pid
    found = [own]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(stat[1]) == own:
                found.append(int(entry.name))
    return found


def cpu_seconds(bot: BotProcess) -> float:
    """Seconds of CPU so far."""
    ticks = 0
    for pid in _processes(bot):
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(stat[11]) + int(stat[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_mb(bot: BotProcess) -> float:
    """Resident megabytes of both."""
    pages_ = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in _processes(bot))
    return pages_ * os.sysconf("SC_PAGE_SIZE") / 1e6


def _watch_memory(bot: BotProcess, seen: list[float], over: threading.Event) -> None:
    while not over.wait(0.5):
        seen.append(memory_mb(bot))


def _pages_beside(bot: BotProcess, slack: LocalSlack) -> list[Row]:
    """In turns, with the stream and without it, so that neither has the quieter machine or fewer incidents open."""
    quiet: list[float] = []
    busy: list[float] = []
    for turn in range(TURNS):
        places = range(turn, PAGED, TURNS)
        quiet += paged(bot, slack, [f"quiet-{place:02d}" for place in places])
        with _stream(bot, seed=turn):
            busy += paged(bot, slack, [f"busy-{place:02d}" for place in places])
    return [
        Row("page_p50_ms_without_spans", percentile(quiet, 0.5)),
        Row(f"page_p50_ms_beside_{STREAM}_spans_a_second", percentile(busy, 0.5)),
        Row("page_p50_times", percentile(busy, 0.5) / percentile(quiet, 0.5), promise=PAGE_TIMES),
    ]


def paged(bot: BotProcess, slack: LocalSlack, agents: Sequence[str]) -> list[float]:
    """Milliseconds from each breach to its page in Slack, two breaches a second."""
    handed_in: dict[str, float] = {}
    for agent in agents:
        handed_in[agent] = time.time()
        bot.push(bad_minutes(agent, handed_in[agent])).raise_for_status()
        time.sleep(0.5)
    found = slack_pages(slack, agents)
    return [(found[agent] - handed_in[agent]) * 1000 for agent in agents if agent in found]


@contextmanager
def _stream(bot: BotProcess, seed: int) -> Iterator[None]:
    """So many spans a second until the block ends."""
    over = threading.Event()
    bodies = list(requests(200 * BATCH, seed + 2))

    def send() -> None:
        with httpx.Client(timeout=60, trust_env=False) as client:
            for number in range(1_000_000):
                if over.wait(BATCH / STREAM):
                    return
                until_taken(bot, client, bodies[number % len(bodies)])

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
