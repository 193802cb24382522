"""Spans for an hour at a steady rate: whether every run is counted, what a span costs, whether the memory stays flat.

`make otlp-stream ARGS="--minutes 10 --rate 3000"` for less. Each request holds runs that never came before: a template
whose ids and times are exchanged, since making spans anew costs more than counting them. What the bot and the process
that reads spans hold in memory is noted every five seconds; its slope is that of a line through the second half of the
run, when traces that are let go of make room for those that come. What was seen each minute is written to
`bench/out/otlp_stream_minutes.csv` as it goes. Nothing pages meanwhile; `otlp` times that.
"""

import argparse
import gzip
import os
import random
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import linear_regression, median

import httpx
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from rich.console import Console

from bench.bench_otlp import (
    BATCH,
    CPU_US,
    await_tasks,
    cpu_seconds,
    fleet,
    memory_mb,
    requests,
    tasks_of_a_batch,
    until_taken,
)
from bench.harness.launch import BotProcess
from bench.harness.rows import Row
from bench.harness.suite import OUT, keep, table_of
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest

EVERY = 5.0
"""Seconds from one note of the memory to the next."""
IDLE = 20.0
"""Seconds for which the bot is watched before the first span."""
SENDERS = 2


class RequestTemplate:
    """A request whose ids and times are exchanged for each that is sent."""

    def __init__(self) -> None:
        self._bytes = gzip.decompress(next(requests(BATCH)))
        spans = ExportTraceServiceRequest.FromString(self._bytes).resource_spans[0].scope_spans[0].spans
        self._ids = [self._places(one) for one in dict.fromkeys(i for s in spans for i in (s.trace_id, s.span_id))]
        now = spans[0].start_time_unix_nano + 10**9
        times = dict.fromkeys(t for s in spans for t in (s.start_time_unix_nano, s.end_time_unix_nano))
        self._times = [(t - now, self._places(struct.pack("<Q", t))) for t in times]

    def _places(self, held: bytes) -> tuple[int, list[int]]:
        """The length of something and every place where it stands."""
        places = []
        at = self._bytes.find(held)
        while at >= 0:
            places.append(at)
            at = self._bytes.find(held, at + 1)
        return len(held), places

    def packed(self, chance: random.Random) -> bytes:
        """Runs that end now."""
        body, now = bytearray(self._bytes), time.time_ns()
        for length, places in self._ids:
            new = chance.randbytes(length)
            for at in places:
                body[at : at + length] = new
        for since, (length, places) in self._times:
            new = struct.pack("<Q", now + since)
            for at in places:
                body[at : at + length] = new
        return gzip.compress(bytes(body), 1)


class Stream:
    """So many spans a second, in requests, until it is ended. A request that is refused is sent again."""

    def __init__(self, bot: BotProcess, rate: float) -> None:
        self._bot = bot
        self._pause = SENDERS * BATCH / rate
        self._over = threading.Event()
        self._sent = [0] * SENDERS
        self._threads = [threading.Thread(target=self._send, args=(place,)) for place in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    @property
    def sent(self) -> int:
        """Requests that were taken."""
        return sum(self._sent)

    def end(self) -> None:
        """Send no more."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _send(self, place: int) -> None:
        template, chance = RequestTemplate(), random.Random(time.time_ns() + place)  # noqa: S311 - ids, not secrets
        due = time.monotonic() + place * self._pause / SENDERS
        with httpx.Client(timeout=60, trust_env=False) as client:
            while not self._over.wait(max(0.0, due - time.monotonic())):
                until_taken(self._bot, client, template.packed(chance))
                self._sent[place] += 1
                due = max(due + self._pause, time.monotonic() - 1)


def measured(minutes: float, rate: float, late: str, say: Callable[[str], None]) -> list[Row]:
    """Run the stream; rows of what was seen."""
    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    with LocalSlack(Workspace.load(workspace)) as slack, tempfile.TemporaryDirectory() as folder:
        file = fleet(demo_fleet.CHANNELS["incidents"], "10s", late)
        bot = BotProcess(Path(folder), slack, file, tokens=("samples", "tasks"))
        bot.start()
        try:
            return _streamed(bot, minutes, rate, say)
        finally:
            bot.stop()


def _streamed(bot: BotProcess, minutes: float, rate: float, say: Callable[[str], None]) -> list[Row]:
    load = os.getloadavg()[0]
    idle = _idle(bot)
    stream = Stream(bot, rate)
    while stream.sent < SENDERS:  # the process that reads has started
        time.sleep(0.1)
    began, used, first = time.monotonic(), cpu_seconds(bot), stream.sent
    held: list[tuple[float, float]] = []
    noted = OUT / "otlp_stream_minutes.csv"
    noted.parent.mkdir(parents=True, exist_ok=True)
    noted.write_text("second,spans,cpu_s,memory_mb,load\n")
    while (gone := time.monotonic() - began) < minutes * 60:
        held.append((gone, memory_mb(bot)))
        if len(held) % 12 == 0:
            spans, cpu, load_now = (stream.sent - first) * BATCH, cpu_seconds(bot) - used, os.getloadavg()[0]
            say(f"{gone:.0f} s, {spans:,} spans, {cpu:.1f} s of CPU, {held[-1][1]:.0f} MB, load {load_now:.1f}")
            with noted.open("a") as file:
                file.write(f"{gone:.0f},{spans},{cpu:.2f},{held[-1][1]:.1f},{load_now:.2f}\n")
        time.sleep(EVERY)
    taken, seconds = stream.sent - first, time.monotonic() - began
    stream.end()
    wanted = stream.sent * tasks_of_a_batch()
    tasks = await_tasks(bot, stream.sent)
    cpu, spans = cpu_seconds(bot) - used, (stream.sent - first) * BATCH
    alone = cpu - idle * (time.monotonic() - began)
    second = [(at, mb) for at, mb in held if at >= minutes * 30]
    slope = linear_regression([at for at, _ in second], [mb for _, mb in second]).slope
    return [
        Row("minutes", seconds / 60),
        Row("spans", stream.sent * BATCH),
        Row("spans_a_second", taken * BATCH / seconds),
        Row("cpu_us_a_span", cpu / spans * 1e6),
        Row("cpu_us_a_span_above_idle", alone / spans * 1e6, promise=CPU_US),
        Row("idle_cpu_ms_a_second", idle * 1e3),
        Row("tasks_miscounted", abs(tasks - wanted), promise=0),
        Row("memory_mb_first_minute", median(mb for at, mb in held if at <= 60)),
        Row("memory_mb_half_way", median(mb for at, mb in second[:12])),
        Row("memory_mb_last_minute", median(mb for _, mb in held[-12:])),
        Row("memory_mb_highest", max(mb for _, mb in held)),
        Row("memory_slope_mb_an_hour_of_the_second_half", slope * 3600),
        Row("longest_rise_s", _longest_rise(held)),
        Row("load_at_the_start", load),
        Row("load_at_the_end", os.getloadavg()[0]),
    ]


def _idle(bot: BotProcess) -> float:
    """Seconds of CPU a second while no span comes."""
    used, began = cpu_seconds(bot), time.monotonic()
    time.sleep(IDLE)
    return (cpu_seconds(bot) - used) / (time.monotonic() - began)


def _longest_rise(held: list[tuple[float, float]]) -> float:
    """Seconds for which the memory rose from each note to the next; a leak rises for as long as it is watched."""
    longest = current = 0.0
    for (before, low), (after, high) in pairwise(held):
        current = current + after - before if high > low else 0.0
        longest = max(longest, current)
    return longest


def main() -> int:
    parser = argparse.ArgumentParser(description="Spans at a steady rate, and what they cost.")
    parser.add_argument("--minutes", type=float, default=60, help="how long (default 60)")
    parser.add_argument("--rate", type=float, default=5_000, help="spans a second (default 5000)")
    parser.add_argument("--late", default="300s", help="how long spans are kept (default 300s, as in the fleet file)")
    asked = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    rows = measured(asked.minutes, asked.rate, asked.late, lambda text: console.print(text, style="dim"))
    console.print(table_of({"otlp_stream": rows}))
    (OUT / "otlp_stream.json").unlink(missing_ok=True)
    print(f"Written: {keep('otlp_stream', rows, OUT)}")
    return 0 if all(row.kept is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
