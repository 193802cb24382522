"""The bot as a process of its own, forked from one that has imported it already, with seams at which it may die."""

import mmap
import multiprocessing
import os
import signal
import struct
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx

from bot.charts import sli_chart
from bot.charts.worker import ChartWorker
from bot.config import parse_fleet
from bot.core.formatting.redaction import Redactor
from bot.core.reports.postmortem_report import Chart
from bot.runtime.app import App
from bot.runtime.log_output import configure_logs
from bot.runtime.registry import REGISTRY
from bot.runtime.setup import AppParts, AppSetup, SlackAccess
from bot.store import SqlStore
from bot.web.tokens import TokenBook
from tests.crash.seams import Seams, adapters_with_seams, store_with_seams
from tests.support.patience import PATIENCE

FASTER = 20.0
"""How much more often ticks come than in real time; the scenario's own clock is moved by the story."""
PRELOADED = [
    "bot.runtime.app",
    "bot.config",
    "bot.runtime.process",
    "apprise",
    "bot.charts.sli_chart",
    "matplotlib.backends.backend_agg",
    "matplotlib.font_manager",
    "slack_sdk.socket_mode.builtin",
    "psycopg",
]


class ChartWorkerHere(ChartWorker):
    """Draws in the bot's own process, where matplotlib is imported already: a third of a night went into that."""

    def draw(self, chart: Chart) -> bytes:
        """One chart."""
        return sli_chart.draw(chart)


class SharedClock:
    """Scenario time in a file that every process maps: moved by one, read by all, and not lost with any of them."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 8)

    @classmethod
    def create(cls, path: Path, at: datetime) -> "SharedClock":
        """A new one that stands at a time."""
        path.write_bytes(struct.pack("d", at.timestamp()))
        return cls(path)

    def now(self) -> datetime:
        """The time it stands at."""
        return datetime.fromtimestamp(struct.unpack("d", self._map[:8])[0], UTC)

    def advance(self, seconds: float) -> datetime:
        """Move it forward."""
        self._map[:8] = struct.pack("d", self.now().timestamp() + seconds)
        return self.now()


@dataclass(frozen=True)
class Life:
    """What one life of the bot is made of. `fatal` is where it ends by itself."""

    folder: Path
    fleet: str
    secrets: Mapping[str, str]
    tokens: tuple[str, ...]
    database_url: str
    port: int
    bot_token: str
    app_token: str
    slack_url: str
    pagerduty_url: str
    fatal: str | int | None = None
    by: int = signal.SIGKILL

    @property
    def journal(self) -> Path:
        """Where its seams are written down, line by line."""
        return self.folder / "journal"


def live(life: Life) -> None:
    """Run the bot until it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log = os.open(life.folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    configure_logs("WARNING", Redactor())
    seams = Seams(life.journal, life.fatal, life.by)
    fleet = parse_fleet("fleet.yaml", life.fleet.encode(), life.secrets, REGISTRY)
    setup = AppSetup(
        fleet=lambda: fleet,
        clock=SharedClock(life.folder / "clock"),
        slack=SlackAccess(life.bot_token, life.app_token, life.slack_url),
        database_url=life.database_url,
        data_dir=life.folder / "data",
        runbooks_dir=life.folder / "runbooks",
        playbooks_dir=life.folder / "playbooks",
        tokens=TokenBook.from_lines(life.tokens),
        http_port=life.port,
        speed=FASTER,
        history_days=0.1,
        pagerduty_url=life.pagerduty_url,
    )
    parts = AppParts(
        lambda url: store_with_seams(SqlStore.open(url), seams),
        lambda adapters: adapters_with_seams(adapters, seams),
        ChartWorkerHere,
    )
    app = App(setup, parts)
    seams.watch_slack()
    app.start()
    signal.pause()


class Doomed:
    """Starts lives of the bot, one after another, on the same database."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(PRELOADED)
        self._process: BaseProcess | None = None
        self._life: Life | None = None

    def begin(self, life: Life) -> None:
        """Start one; returns when it is ready, or dead already."""
        self._life = life
        self._process = self._context.Process(target=live, args=(life,), daemon=True)
        self._process.start()
        deadline = time.monotonic() + PATIENCE
        while self.alive and not self._ready():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the bot did not come up: {(life.folder / 'log').read_text()[-3000:]}")
            time.sleep(0.02)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.is_alive()

    @property
    def ended_by(self) -> int | None:
        """The exit code of the last life: -9 where it was killed."""
        return self._process.exitcode if self._process is not None else None

    def forget(self) -> None:
        """The last life is over and noted."""
        if self._process is not None:
            self._process.join()
            self._process = None

    def end(self) -> None:
        """SIGKILL, from outside."""
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def _ready(self) -> bool:
        assert self._life is not None
        try:
            answer = httpx.get(f"http://127.0.0.1:{self._life.port}/readyz", timeout=10, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200
