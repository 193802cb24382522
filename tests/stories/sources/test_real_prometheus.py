"""The query supplies the number: a real Prometheus scrapes an exporter whose HER goes bad, and the owner is paged."""

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from bench.harness.launch import BotProcess, free_port
from bot.localslack.server import LocalSlack
from bot.simulation import demo_fleet
from tests.support.patience import PATIENCE

PROMETHEUS = shutil.which("prometheus")


class Exporter:
    """Counts tasks and escalations of one agent: twenty tasks a second, `bad` of which need a person."""

    def __init__(self) -> None:
        self.share = 0.18
        self._began = time.monotonic()
        exporter = self

        class Metrics(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = exporter.text().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def text(self) -> str:
        tasks = int((time.monotonic() - self._began) * 20)
        labels = '{agent="refunds"}'
        return (
            f"# TYPE agent_tasks_total counter\nagent_tasks_total{labels} {tasks}\n"
            f"# TYPE agent_escalations_total counter\nagent_escalations_total{labels} {tasks * self.share:.0f}\n"
        )

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[str]:
    assert PROMETHEUS is not None
    exporter = Exporter()
    port = free_port()
    config = tmp_path / "prometheus.yml"
    target = f"127.0.0.1:{exporter.server.server_port}"
    config.write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        f"scrape_configs: [{{job_name: agents, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    with (tmp_path / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                PROMETHEUS,
                f"--config.file={config}",
                f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(timeout=PATIENCE)
    exporter.stop()


def _heard(slack: LocalSlack, words: str) -> str:
    """The page with these words. Two whole minutes must go by, and Slack's own wait is one at the most."""
    for _ in range(4):
        where: dict[str, str | int] = {"channel": "@U0ANA", "contains": words, "timeout": int(PATIENCE)}
        answer = httpx.get(f"{slack.url}/_control/wait", params=where, timeout=2 * PATIENCE, trust_env=False)
        if answer.status_code == httpx.codes.OK:
            return answer.text
    raise AssertionError(f"no page in 4 minutes: {answer.text}")


@pytest.mark.slow
@pytest.mark.prometheus
@pytest.mark.skipif(PROMETHEUS is None, reason="Debian's prometheus is not on PATH")
def test_the_exporter_goes_bad_and_the_owner_is_paged(prometheus: str, slack: LocalSlack, tmp_path: Path) -> None:
    fleet = f"""\
people:
  ana: {{name: Ana Duarte, slack: U0ANA}}
sources:
  prom: {{kind: prometheus, url: '{prometheus}'}}
slis:
  her: {{source: prom, sustain: 1m}}
agents:
  refunds: {{owner: ana, summary: a test agent, channel: {demo_fleet.CHANNELS["agents-refunds"]}}}
"""
    bot = BotProcess(tmp_path, slack, fleet)
    bot.start()
    try:
        message = _heard(slack, "refunds: human escalation")
    finally:
        bot.stop()
    assert "(limit 5.0 %)" in str(message)
    found = re.search(r"human escalation[^(]* (\d+\.\d) % \(limit", str(message))
    assert found is not None, message
    minutes = [int(time.time() // 60) * 60 - 60 * back for back in range(4)]
    answered = [value for at in minutes if (value := _share(prometheus, at)) is not None]
    assert any(float(found[1]) == pytest.approx(value, abs=0.06) for value in answered), (found[1], answered)


def _share(prometheus: str, at: int) -> float | None:
    """What Prometheus itself says of the minute that ends at `at`; None where it has no answer."""
    query = "100 * increase(agent_escalations_total[1m]) / increase(agent_tasks_total[1m])"
    asked = httpx.post(f"{prometheus}/api/v1/query", data={"query": query, "time": at}, timeout=PATIENCE).json()
    result = asked["data"]["result"]
    return float(result[0]["value"][1]) if result else None
