"""`make soak`: days of incidents on a fast clock, to see whether memory, open files or the database grow.

The real bot runs as a process of its own against a local Slack, a simulated fleet that serves its numbers over HTTP,
and people who acknowledge, lower, restore and close at random, by typing slash commands. Only the bot's process is
measured.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
from sqlalchemy import text

from bench.harness.launch import free_port
from bench.soak.bot import KEEP
from bot.core.incident.incident import Incident, IncidentState
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.simulation.clock import ScaledClock
from bot.simulation.curves import Bend, Channel, Fault
from bot.simulation.faults import RETRY_LOOP
from bot.simulation.instances import Instances
from bot.simulation.metrics_server import MetricsServer
from bot.simulation.world import World
from bot.slack.manifest import manifest
from bot.store import SqlStore
from bot.store.tools.audit import findings
from bot.web.tokens import new_token

FAULTS = (
    RETRY_LOOP,
    Fault("handing-over", (Bend(Channel.ESCALATED, plus=0.15, ramp=2, fade=2),), left={"read-only": 0, "suspended": 0}),
    Fault("wrong-answers", (Bend(Channel.GOOD, plus=-0.25, ramp=2, fade=2),), left={"suspended": 0}),
    Fault("queue", (Bend(Channel.PENDING, times=6, ramp=10, fade=10),)),
)
PEOPLE = ("U0ANA", "U0BO", "U0CLEO", "U0DAN")
EVERY = 6.0
"""Scenario hours between two rows of the table."""
WARM = 12.0
"""Scenario hours before which nothing is judged: pools fill, caches fill, the first retention runs."""
GROWN, GROWN_MB = 1.15, 25.0
"""Memory may grow by this factor, or so many MB, from the first third after the warm-up to the last."""
MORE_FILES = 8
FULLER = 1.3
"""Rows of tables that are kept for a time may grow by this factor over the second half: incidents come at random."""
BEHIND = 20.0
"""Minutes: a bot further behind did not live through the incidents, and the figures say nothing about them."""
KEPT_FOR_A_TIME = {
    "minute": KEEP.minutes_hours,
    "minute5": 24 * KEEP.history_days,
    "outbox": 24 * KEEP.effects_days,
    "task": 24 * KEEP.tasks_days,
    "reading": 48,
    "sight": 48,
}
"""Hours for which rows are kept, by table: until then a table only grows."""
FULL = 1.5
"""How many times as long a run must be as rows are kept, to tell a table that is full from one that grows."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured at one moment. `rss` and `size` in MB; `hour` is scenario time since the start."""

    hour: float
    rss: float
    files: int
    size: float
    rows: Mapping[str, int]
    behind: float = 0.0
    """Scenario minutes between the newest number the bot has and now: large where the machine is too slow."""


class Town:
    """Slack, the fleet and the bot. `clock` is everybody's."""

    def __init__(self, folder: Path, speed: float, seed: int) -> None:
        self.clock = ScaledClock(speed)
        self._monotonic = time.monotonic()
        self.folder = folder
        self.slack = LocalSlack(Workspace.load({**demo_fleet.workspace(), "app": {"manifest": manifest()}}), port=0)
        self.slack.start()
        self.world = World(self.clock, demo_fleet.AGENTS, seed)
        self.metrics = MetricsServer(self.world)
        self.metrics.start()
        made = {agent.key: new_token(f"agent:{agent.key}") for agent in demo_fleet.AGENTS}
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        told = {
            "fleet": demo_fleet.fleet_text(self.metrics.url),
            "speed": speed,
            "origin": self.clock.origin.isoformat(),
            "monotonic": self._monotonic,
            "folder": str(folder),
            "bot_token": self.slack.bot_token,
            "app_token": self.slack.app_token,
            "slack": self.slack.api_url,
            "tokens": [token.line for token in made.values()],
            "port": port,
        }
        file = folder / "soak.json"
        file.write_text(json.dumps(told))
        with (folder / "log").open("wb") as log:
            command = [sys.executable, "-m", "bench.soak.bot", str(file)]
            self.bot = subprocess.Popen(command, stdout=log, stderr=log)
        self._await()
        self.began = self.clock.now()
        self.instances = Instances(self.world, self.url, {agent: token.token for agent, token in made.items()})
        self.instances.start()
        self.store = SqlStore.open(f"sqlite:///{folder / 'soak.db'}", alone=False)

    def _await(self) -> None:
        for _ in range(1200):
            try:
                if httpx.get(f"{self.url}/healthz", timeout=5, trust_env=False).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
            if self.bot.poll() is not None:
                break
        raise RuntimeError(f"the bot did not come up: {(self.folder / 'log').read_text()[-2000:]}")

    def hours(self) -> float:
        """Scenario hours since the bot was up."""
        return (self.clock.now() - self.began).total_seconds() / 3600

    def measure(self) -> Figures:
        """Look at the bot's process and its database now."""
        status = Path(f"/proc/{self.bot.pid}/status").read_text().splitlines()
        rss = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))
        files = len(list(Path(f"/proc/{self.bot.pid}/fd").iterdir()))
        size = sum(path.stat().st_size for path in self.folder.glob("soak.db*")) / 1e6
        with self.store.looking() as connection:
            newest = connection.execute(text("SELECT max(minute) FROM minute")).scalar() or 0
        behind = self.clock.now().timestamp() / 60 - newest if newest else 0.0
        return Figures(self.hours(), rss, files, size, self.store.rows(), behind)

    def stop(self) -> Sequence[str]:
        """Stop the bot; returns what does not fit together in its database."""
        self.instances.stop()
        self.bot.terminate()
        try:
            self.bot.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.bot.kill()
            self.bot.wait()
        with self.store.reading(), self.store.looking() as connection:
            wrong = list(findings(connection))
        self.store.close()
        self.metrics.stop()
        self.slack.stop()
        return wrong


class Life:
    """What happens in the town, at random: agents break and mend, people take incidents and work on them."""

    def __init__(self, town: Town, seed: int) -> None:
        self._town = town
        self._dice = random.Random(seed)  # noqa: S311 - a soak that can be repeated
        self._next_fault = 0.1
        self._busy: dict[int, float] = {}
        self._client = httpx.Client(base_url=f"{town.slack.url}/_control", timeout=30, trust_env=False)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="life", daemon=True)
        self.typed = 0
        self.trouble: list[str] = []

    def start(self) -> None:
        """Let it begin."""
        self._thread.start()

    def stop(self) -> None:
        """Let it end."""
        self._stopping.set()
        self._thread.join(timeout=60)
        self._client.close()

    def _run(self) -> None:
        while not self._stopping.wait(0.2):
            try:
                self._break_something()
                for incident in self._town.store.open_incidents():
                    self._work_on(incident)
            except Exception as error:  # noqa: BLE001 - life goes on; what went wrong is reported at the end
                self.trouble.append(f"{type(error).__name__}: {error}")

    def _break_something(self) -> None:
        if self._town.hours() < self._next_fault:
            return
        self._next_fault = self._town.hours() + self._dice.uniform(0.4, 2.0)
        agent = self._dice.choice(demo_fleet.AGENTS).key
        self._town.world.break_agent(agent, self._dice.choice(FAULTS), lasts=self._dice.uniform(15, 60))

    def _work_on(self, incident: Incident) -> None:
        """One act at a time, some scenario minutes apart; one who forgets is reminded and paged again by the bot."""
        now = self._town.hours()
        if now < self._busy.setdefault(incident.id, now + self._dice.uniform(0.02, 0.5)):
            return
        self._busy[incident.id] = now + self._dice.uniform(0.05, 0.35)
        self._act(incident, (now - (incident.opened_at - self._town.began).total_seconds() / 3600))

    def _act(self, incident: Incident, age: float) -> None:
        number, agent, say = incident.id, incident.agent, self._type
        if incident.state is IncidentState.PAGING:
            say("/incident", f"{number} {self._dice.choice(('ack', 'ack', 'ack', 'pass on a train'))}")
        elif incident.rungs.restore_by is not None:
            say("/incident", f"{number} approve", other_than=incident.rungs.restore_by.slack)
        elif age > 5:
            say("/incident", f"{number} override the soak goes on")
        elif (
            incident.state in (IncidentState.RECOVERED, IncidentState.RECOVERING)
            and incident.rungs.rung != incident.rungs.normal
        ):
            say("/autonomy", f"{agent} restore the numbers held", who="U0ANA")
        elif incident.state is IncidentState.RECOVERED:
            say("/incident", f"{number} override every number held")
        elif incident.rungs.rung == incident.rungs.normal and self._dice.random() < 0.4:
            say("/autonomy", f"{agent} {self._dice.choice(('bounded', 'approval', 'read-only'))} it loops")
        else:
            say(
                "/incident", f"{number} {self._dice.choice(('note looking into it', 'evidence', 'update still on it'))}"
            )

    def _type(self, command: str, text: str, who: str = "", other_than: str = "") -> None:
        user = who or self._dice.choice([person for person in PEOPLE if person != other_than])
        body = {"user": user, "channel": demo_fleet.CHANNELS["incidents"], "command": command, "text": text}
        answer = self._client.post("/slash", json=body).json()
        self.typed += 1
        if not answer.get("ok"):
            self.trouble.append(f"{command} {text}: {answer}")


def soak(
    hours: float,
    speed: float,
    seed: int,
    folder: Path,
    every: float = EVERY,
    look: Callable[[Town], None] = lambda _: None,
) -> tuple[list[Figures], list[str]]:
    """Live for so many scenario hours; returns the figures, and what did not fit or went wrong in the end.

    `look` is called before each measurement.
    """
    town = Town(folder, speed, seed)
    life = Life(town, seed)
    figures = [town.measure()]
    life.start()
    due = 0.0
    try:
        while town.hours() < hours and town.bot.poll() is None:
            if town.hours() >= due:
                look(town)
                figures.append(town.measure())
                print(_line(figures[-1]), flush=True)
                due += every
            time.sleep(0.2)
        if town.bot.poll() is None:
            figures.append(town.measure())
        life.stop()
        incidents = town.store.incidents(1_000_000)
        print(f"{len(incidents)} incidents, {life.typed} commands typed, {len(life.trouble)} of them not taken")
    finally:
        died = town.bot.poll()
        wrong = list(town.stop())
    if died is not None:
        wrong.append(f"the bot ended by itself with {died}: {(folder / 'log').read_text()[-1000:]}")
    return figures[1:], wrong


def verdict(figures: Sequence[Figures], wrong: Sequence[str]) -> tuple[bool, str]:
    """Whether everything stayed flat, in one line with its numbers."""
    judged = [one for one in figures if one.hour >= min(WARM, figures[-1].hour / 4)]
    third = max(1, len(judged) // 3)
    first, last = judged[:third], judged[-third:]
    before, after = median(one.rss for one in first), median(one.rss for one in last)
    files_before, files_after = max(one.files for one in first), max(one.files for one in last)
    half = len(judged) // 2
    told = [name for name, kept in KEPT_FOR_A_TIME.items() if figures[-1].hour >= FULL * kept]
    early = [name for name in KEPT_FOR_A_TIME if name not in told and figures[-1].rows.get(name)]
    fuller = [
        name
        for name in told
        if (top := max(one.rows.get(name, 0) for one in judged[half:])) > 500
        and top > FULLER * max(one.rows.get(name, 0) for one in judged[: half or 1])
    ]
    flat = after <= max(before * GROWN, before + GROWN_MB) and files_after <= files_before + MORE_FILES
    behind = median(one.behind for one in judged)
    late = f", TOO SLOW a machine for this --speed: {behind:.0f} min behind" if behind > BEHIND else ""
    fine = flat and not fuller and not wrong and not late
    said = (
        f"{figures[-1].hour:.0f} h: memory {before:.0f} -> {after:.0f} MB, files {files_before} -> {files_after}, "
        f"database {figures[-1].size:.0f} MB, growing: {', '.join(fuller) or 'nothing'}{_too_early(early)}, "
        f"timelines and rows: {'whole' if not wrong else '; '.join(wrong)}{late}"
    )
    return fine, f"{'SOAK PASSED' if fine else 'SOAK FAILED'} {said}"


def _too_early(tables: Sequence[str]) -> str:
    return f" (too short a run to tell of {', '.join(tables)})" if tables else ""


def _line(one: Figures) -> str:
    names = ("minute", "minute5", "outbox", "incident", "entry", "rung", "reading", "occasion")
    rows = "  ".join(f"{name} {one.rows.get(name, 0):>6}" for name in names)
    figures = f"RSS {one.rss:6.1f} MB  fds {one.files:4}  db {one.size:6.1f} MB"
    return f"{one.hour:6.1f} h  behind {one.behind:3.0f} min  {figures}  {rows}"


def main() -> None:
    """Run it and say how it went; exits with 1 where something grew or broke."""
    told = argparse.ArgumentParser(prog="make soak", description=__doc__)
    told.add_argument("--hours", type=float, default=72, help="scenario hours")
    told.add_argument("--speed", type=float, default=120, help="how fast the clock runs")
    told.add_argument("--seed", type=int, default=1)
    told.add_argument("--every", type=float, default=EVERY, help="scenario hours between two lines")
    args = told.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        figures, wrong = soak(args.hours, args.speed, args.seed, Path(folder), args.every)
    fine, said = verdict(figures, wrong)
    print(said)
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
