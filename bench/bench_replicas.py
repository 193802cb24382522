"""How soon another replica takes over what a killed one was doing: two `stepdown run` on one PostgreSQL.

The source lets a question hang, the replica that asked is killed (SIGKILL), and the clock runs until the other one asks
the same. Both replicas have the same fleet; the path they ask tells them apart.
"""

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench.harness.launch import BotProcess
from bench.harness.postgres import PostgresServer
from bench.harness.rows import Row, percentile
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest

KILLS = 5
PROMISE_S = 10.0
FLEET = """
people:
  ana: {name: Ana Duarte, slack: U0ANA}
  bo: {name: Bo Lindgren, slack: U0BO}
sources:
  desk: {kind: http_json, url: SERVER, timeout: 60s}
slis:
  her: {source: desk, every: 10s, path: /her, items: agents, value: her, count: n, by: {agent: who}}
agents:
  refunds: {owner: ana, deputy: bo, summary: a test agent, channel: CHANNEL}
"""


@dataclass
class Source:
    """Answers who asks, or lets them hang; tells when each asked."""

    hanging: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, float]] = field(default_factory=list)

    def wait_for(self, who: set[str], since: float) -> tuple[str, float]:
        """The first of them to ask after `since`."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            found = [one for one in list(self.asked) if one[0] in who and one[1] > since]
            if found:
                return found[0]
            time.sleep(0.01)
        raise RuntimeError(f"none of {who} asked")


@contextmanager
def served(source: Source) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            source.asked.append((self.path.split("/")[1], time.monotonic()))
            if source.hanging.is_set():
                source.let_go.wait(60)
            body = json.dumps({"agents": [{"who": "refunds", "her": 2.0, "n": 100}]}).encode()
            try:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                return  # killed meanwhile

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        source.let_go.set()
        server.shutdown()
        server.server_close()


def takeover(source: Source, bots: dict[str, BotProcess]) -> float:
    """Seconds from a kill until the other replica asks."""
    source.let_go.clear()
    source.hanging.set()
    victim, _ = source.wait_for(set(bots), time.monotonic())
    source.hanging.clear()
    bots[victim].kill()
    killed = time.monotonic()
    _, asked = source.wait_for(set(bots) - {victim}, killed)
    source.let_go.set()
    bots[victim].start()
    return asked - killed


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    source, server = Source(), PostgresServer().start()
    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    bots: dict[str, BotProcess] = {}
    with tempfile.TemporaryDirectory() as folder, LocalSlack(Workspace.load(workspace)) as slack, served(source) as url:
        try:
            more = {"STEPDOWN_DATABASE_URL": server.fresh()}
            for name in ("a", "b"):
                home = Path(folder) / name
                home.mkdir()
                fleet = FLEET.replace("SERVER", f"{url}/{name}").replace(
                    "CHANNEL", demo_fleet.CHANNELS["agents-refunds"]
                )
                bots[name] = BotProcess(home, slack, fleet, more=more)
                bots[name].start()
            seconds = [takeover(source, bots) for _ in range(KILLS)]
        finally:
            for bot in bots.values():
                bot.kill()
            server.close()
    return [Row("takeover_p50_s", percentile(seconds, 0.5)), Row("takeover_most_s", max(seconds), PROMISE_S)]
