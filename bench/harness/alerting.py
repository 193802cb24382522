"""Debian's Prometheus and Alertmanager on loopback, with a one-second rule: what an agent's owner would have otherwise.

They scrape an exporter in this process once a second, judge a share of the last minute once a second, and post the
alert without waiting. `alerted` holds when each agent's alerts arrived here.
"""

import json
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from bench.harness.launch import free_port

PROGRAMS = ("prometheus", "prometheus-alertmanager")

RULES = """\
groups:
  - name: agents
    interval: 1s
    rules:
      - alert: HandsOverTooMuch
        expr: >-
          sum by (agent) (increase(agent_escalations_total[1m]))
          / sum by (agent) (increase(agent_tasks_total[1m])) > 0.05
"""


def missing() -> list[str]:
    """Programs that are not installed (Debian: prometheus, prometheus-alertmanager)."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


class AlertingStack:
    """Counts what it is told, lets Prometheus scrape it, and hears the alerts. A context manager."""

    def __init__(self, folder: Path, *, rules: str = RULES, receiver: str = "") -> None:
        """`receiver`: the webhook's settings as YAML; by default the alerts come here."""
        self.folder = folder
        self._rules = rules
        self._receiver = receiver
        self.tasks: Counter[str] = Counter()
        self.escalations: Counter[str] = Counter()
        self.alerted: dict[str, list[float]] = {}
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    def count(self, agent: str, tasks: int, escalations: int) -> None:
        """Tasks that were just reported to the bot as well."""
        with self._lock:
            self.tasks[agent] += tasks
            self.escalations[agent] += escalations

    def text(self) -> str:
        """The counters as Prometheus reads them."""
        with self._lock:
            counted = {"agent_tasks_total": dict(self.tasks), "agent_escalations_total": dict(self.escalations)}
        return "".join(
            f"# TYPE {name} counter\n" + "".join(f'{name}{{agent="{agent}"}} {n}\n' for agent, n in each.items())
            for name, each in counted.items()
        )

    def hear(self, told: Mapping[str, Any]) -> None:
        """A notification of Alertmanager."""
        now = time.time()
        for alert in told["alerts"]:
            if alert["status"] == "firing":
                self.alerted.setdefault(alert["labels"]["agent"], []).append(now)

    def __enter__(self) -> Self:
        """Start both."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        here, manager = f"127.0.0.1:{self._server.server_port}", f"127.0.0.1:{free_port()}"
        default = f"{{url: 'http://{here}/alerts'}}"
        (self.folder / "rules.yml").write_text(self._rules)
        (self.folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
            f"rule_files: [{self.folder / 'rules.yml'}]\n"
            f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{manager}']}}]}}]}}\n"
            f"scrape_configs: [{{job_name: agents, static_configs: [{{targets: ['{here}']}}]}}]\n"
        )
        (self.folder / "alertmanager.yml").write_text(
            "route: {receiver: here, group_by: [agent], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"
            f"receivers: [{{name: here, webhook_configs: [{self._receiver or default}]}}]\n"
        )
        self._start(
            "prometheus",
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{free_port()}",
        )
        self._start(
            "prometheus-alertmanager",
            f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder / 'alerts'}",
            f"--web.listen-address={manager}",
            "--cluster.listen-address=",
        )
        return self

    def __exit__(self, *_: object) -> None:
        """Stop both."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(timeout=60)
        self._server.shutdown()
        self._server.server_close()

    def _start(self, *command: str) -> None:
        with (self.folder / f"{command[0]}.log").open("wb") as log:
            self._processes.append(subprocess.Popen(command, stdout=log, stderr=log))


def _handler(stack: AlertingStack) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """`GET /metrics`, `POST /alerts`."""

        def do_GET(self) -> None:
            """Be scraped."""
            body = stack.text().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # Prometheus waits a second
                self.wfile.write(body)

        def do_POST(self) -> None:
            """Hear alerts."""
            stack.hear(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
