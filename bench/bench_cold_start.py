"""How long a person waits for the command line to say anything: whole processes, started afresh.

The first run is thrown away, because it also writes Python's byte code and warms the disk cache.
"""

import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.harness.launch import BotProcess, pushed_fleet
from bench.harness.rows import Row, percentile
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest

RUNS = 7


def once(*arguments: str) -> float:
    """Milliseconds from starting the process to its end."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "bot", *arguments], capture_output=True, text=True, check=False)
    took = (time.perf_counter() - started) * 1000
    if done.returncode != 0:
        raise RuntimeError(f"stepdown {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
    return took


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    """`stepdown --help`, and `stepdown run` from its start to its first question to a source."""
    once("--help")
    took = [once("--help") for _ in range(RUNS)]
    first_poll()
    polled = [first_poll() for _ in range(RUNS)]
    return [
        Row("help_p50_ms", percentile(took, 0.5)),
        Row("help_max_ms", max(took)),
        Row("first_poll_p50_ms", percentile(polled, 0.5)),
        Row("first_poll_max_ms", max(polled)),
        Row("n", RUNS),
    ]


def first_poll() -> float:
    """Milliseconds from starting `stepdown run` to the first request that reaches its source."""
    asked = threading.Event()

    class Source(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.set()
            self.send_error(503)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Source)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    source = f"  prom: {{kind: prometheus, url: 'http://127.0.0.1:{server.server_port}'}}"
    fleet = pushed_fleet(["refunds"], demo_fleet.CHANNELS["agents-refunds"])
    fleet = fleet.replace("  push: {kind: samples}", source).replace("source: push", "source: prom")
    with LocalSlack(Workspace.load(workspace)) as slack, tempfile.TemporaryDirectory() as folder:
        bot = BotProcess(Path(folder), slack, fleet)
        began = time.perf_counter()
        bot.spawn()
        came = asked.wait(30)
        took = (time.perf_counter() - began) * 1000
        bot.stop()
    server.shutdown()
    server.server_close()
    if not came:
        raise RuntimeError("the bot asked nothing within 30 s")
    return took
