"""Starts the real bot as a process of its own against a local Slack, for benchmarks and for tests that kill it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bot.localslack.server import LocalSlack
from bot.web.tokens import new_token

UP_WITHIN = 90.0


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pushed_fleet(agents: Sequence[str], channel: str) -> str:
    """A fleet file of agents that push HER samples, all owned by Ana, with Bo as deputy."""
    lines = [
        "people:",
        "  ana: {name: Ana Duarte, slack: U0ANA, phone: '+44 20 7946 0001'}",
        "  bo: {name: Bo Lindgren, slack: U0BO, phone: '+44 20 7946 0002'}",
        "sources:",
        "  push: {kind: samples}",
        "slis:",
        "  her: {source: push}",
        "agents:",
    ]
    lines += [f"  {key}: {{owner: ana, deputy: bo, summary: a test agent, channel: {channel}}}" for key in agents]
    return "\n".join(lines) + "\n"


@dataclass
class BotProcess:
    """One `stepdown run` in a folder. It may be killed and started again on the same database."""

    folder: Path
    slack: LocalSlack
    fleet: str
    tokens: Sequence[str] = ("samples",)
    more: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    module: Sequence[str] = ("bot", "run")
    """The module that is run, and its arguments."""

    def __post_init__(self) -> None:
        made = {name: new_token(name) for name in self.tokens}
        self.token = {name: token.token for name, token in made.items()}
        (self.folder / "tokens").write_text("\n".join(token.line for token in made.values()) + "\n")
        (self.folder / "fleet.yaml").write_text(self.fleet)
        none_kept = httpx.Limits(max_keepalive_connections=0)  # the process may be killed and start anew
        self._client = httpx.Client(trust_env=False, limits=none_kept)  # making one takes longer than a request
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start it; returns at once."""
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-m", *self.module]
            self.process = subprocess.Popen(command, env=self.environment(), cwd=self.folder, stdout=log, stderr=log)
        return self.process

    def start(self) -> None:
        """Start it; returns when it serves and is ready."""
        process = self.spawn()
        deadline = time.monotonic() + UP_WITHIN
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                self.kill()  # whoever waited for it will not stop it
                raise RuntimeError(f"the bot did not come up: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL: no farewell."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """SIGTERM, and wait."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()

    def push(self, samples: Sequence[Mapping[str, object]]) -> httpx.Response:
        """POST samples."""
        headers = {"Authorization": f"Bearer {self.token['samples']}"}
        return self._client.post(f"{self.url}/v1/samples", json=list(samples), headers=headers, timeout=30)

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=10, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def environment(self) -> dict[str, str]:
        """What the process is told by its environment."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("STEPDOWN_")},
            "STEPDOWN_FLEET": str(self.folder / "fleet.yaml"),
            "STEPDOWN_DATABASE_URL": f"sqlite:///{self.folder / 'stepdown.db'}",
            "STEPDOWN_DATA_DIR": str(self.folder / "data"),
            "STEPDOWN_RUNBOOKS_DIR": str(Path(__file__).parents[2] / "runbooks"),
            "STEPDOWN_SLACK_BOT_TOKEN": self.slack.bot_token,
            "STEPDOWN_SLACK_APP_TOKEN": self.slack.app_token,
            "STEPDOWN_SLACK_BASE_URL": self.slack.api_url,
            "STEPDOWN_HTTP_PORT": str(self.port),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]),
            "STEPDOWN_TOKENS_FILE": str(self.folder / "tokens"),
            **self.more,
        }


def bad_minutes(agent: str, now: float, value: float = 18.0) -> list[dict[str, object]]:
    """Two minutes of HER past its objective, the second one the present."""
    minute = int(now // 60) * 60
    return [
        {"time": at, "agent": agent, "workflow": "", "sli": "her", "value": value, "n": 214}
        for at in (minute - 60, minute)
    ]


def control(slack: LocalSlack, path: str, body: Mapping[str, object]) -> dict[str, object]:
    """One control call to the local Slack."""
    answer = httpx.post(f"{slack.url}/_control/{path}", content=json.dumps(body), timeout=30, trust_env=False)
    answer.raise_for_status()
    return dict(answer.json())
