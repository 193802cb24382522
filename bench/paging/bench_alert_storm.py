"""A storm: 10,000 different alerts of 20 agents, one message each, with a SIGKILL in the middle.

The bot is a process of its own on SQLite, before a local Slack; four clients send as fast as they are answered and send
again what got no good status, as Alertmanager does. Clients and the local Slack share the machine with the bot. Answers
are timed before and after the kill; then it is counted what is stored, and how many incidents there are.
"""

import http.client
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

from bench.harness.launch import BotProcess, pushed_fleet
from bench.harness.rows import Row, percentile
from bot.alerts import KINDS
from bot.alerts.kind import SampleAlert
from bot.localslack.server import LocalSlack, Workspace
from bot.runtime.clock import RealClock
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest
from bot.store import SqlStore

AGENTS, ALERTS, CLIENTS = 20, 10_000, 4
PROMISE_MS = 100.0
SETTLED_WITHIN = 120.0
AGAIN_AFTER = 0.05


class Storm:
    """The alerts still to be sent, and how long each good answer took."""

    def __init__(self, bot: BotProcess) -> None:
        self._bot = bot
        self._left = list(range(ALERTS))
        self._lock = threading.Lock()
        self.took: list[float] = []
        self.again = 0
        self.half = threading.Event()

    def send(self) -> None:
        """Send until nothing is left; one client."""
        connection = self._connect()
        while (number := self._next()) is not None:
            body, headers = self._message(number)
            while not self._told(connection, body, headers):
                connection.close()
                time.sleep(AGAIN_AFTER)
                connection = self._connect()
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._bot.port, timeout=30)

    def _next(self) -> int | None:
        with self._lock:
            if len(self._left) == ALERTS // 2:
                self.half.set()
            return self._left.pop() if self._left else None

    def _message(self, number: int) -> tuple[bytes, dict[str, str]]:
        of = SampleAlert(f"agent-{number % AGENTS}", RealClock().now(), name=f"A{number}")
        message = KINDS["alertmanager"].sampled({}, of)
        return message.body, {**message.headers, "authorization": f"Bearer {self._bot.token['alerts']}"}

    def _told(self, connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]) -> bool:
        began = time.perf_counter()
        try:
            connection.request("POST", "/v1/inbound/alertmanager", body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            answer = None
        with self._lock:
            if answer is None or answer.status != http.client.ACCEPTED:
                self.again += 1
                return False
            self.took.append((time.perf_counter() - began) * 1_000)
        return True


def run(out: Path) -> list[Row]:
    """Measure, and return milliseconds and counts."""
    del out
    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    with LocalSlack(Workspace.load(workspace)) as slack, tempfile.TemporaryDirectory() as folder:
        fleet = pushed_fleet([f"agent-{n}" for n in range(AGENTS)], demo_fleet.CHANNELS["incidents"])
        bot = BotProcess(Path(folder), slack, fleet, tokens=("alerts",))
        bot.start()
        try:
            storm = Storm(bot)
            began = time.perf_counter()
            clients = [threading.Thread(target=storm.send) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            storm.half.wait()
            bot.kill()
            bot.start()
            for client in clients:
                client.join()
            seconds = time.perf_counter() - began
            stored, untold, incidents = _settled(bot)
        finally:
            bot.stop()
    return [
        Row("p50_ms", percentile(storm.took, 0.5)),
        Row("p99_ms", percentile(storm.took, 0.99), promise=PROMISE_MS),
        Row("worst_ms", max(storm.took)),
        Row("alerts", len(storm.took)),
        Row("sent_again", storm.again),
        Row("seconds", seconds),
        Row("lost", ALERTS - stored, promise=0),
        Row("untold", untold, promise=0),
        Row("incidents", incidents, promise=AGENTS),
    ]


def _settled(bot: BotProcess) -> tuple[int, int, int]:
    """(alerts stored, alerts that no incident was told of, incidents), once nothing is left to tell."""
    deadline = time.monotonic() + SETTLED_WITHIN
    with closing(SqlStore.open(f"sqlite:///{bot.folder / 'stepdown.db'}", alone=False)) as store:
        while store.untold_alerts(1) and time.monotonic() < deadline:
            time.sleep(0.2)
        return len(store.alerts("", 2 * ALERTS)), len(store.untold_alerts(ALERTS)), len(store.incidents(10 * AGENTS))
