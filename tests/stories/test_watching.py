"""The real bot looked after from outside: heartbeat, test page, cover, verify, export and backup, while it runs."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from bench.harness.launch import BotProcess, bad_minutes, pushed_fleet
from bot.localslack.server import LocalSlack
from tests.support.patience import PATIENCE


class Listener:
    """The other end of the heartbeat."""

    def __init__(self) -> None:
        self.beat = threading.Event()
        listener = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                listener.beat.set()
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/ping/s3cret-part"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.stop()


@pytest.fixture
def bot(tmp_path: Path, slack: LocalSlack, listener: Listener) -> Iterator[BotProcess]:
    more = {"STEPDOWN_HEARTBEAT_URL": listener.url}
    made = BotProcess(tmp_path, slack, pushed_fleet(["refunds"], "C0REFUNDS"), more=more)
    made.start()
    yield made
    made.stop()


def typed(bot: BotProcess, *words: str) -> str:
    command = [sys.executable, "-m", "bot", *words]
    done = subprocess.run(command, env=bot.environment(), cwd=bot.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_running_bot_is_looked_after_from_outside(bot: BotProcess, listener: Listener) -> None:
    assert listener.beat.wait(PATIENCE), "all is well, so it beats"

    assert typed(bot, "canary", "ana") == "slack: sent\n"

    assert "Bo Lindgren has the pager of Ana Duarte until" in typed(bot, "cover", "ana", "bo", "8h", "--as", "ana")
    assert "Bo Lindgren covers for Ana Duarte" in typed(bot, "covers")
    bot.push(bad_minutes("refunds", time.time()))
    assert "Ana Duarte has the pager again" in typed(bot, "uncover", "ana", "--as", "ana")

    told = httpx.get(f"{bot.url}/metrics", timeout=PATIENCE, trust_env=False).text
    assert 'stepdown_heartbeats_total{outcome="taken"}' in told
    assert "stepdown_slack_connected 1.0" in told
    assert 'stepdown_connections_dropped_total{to="http"} 0.0' in told
    assert 'stepdown_connections_dropped_total{to="slack"} 0.0' in told

    assert "everything fits together" in typed(bot, "verify")
    lines = [json.loads(line) for line in typed(bot, "export").splitlines()]
    assert {"incident", "entry", "outbox", "cover", "occasion"} <= {line.get("table") for line in lines}
    assert "MB" in typed(bot, "db", "backup", str(bot.folder / "copy.db"))
    log = (bot.folder / "log").read_text()
    assert "s3cret-part" not in log
