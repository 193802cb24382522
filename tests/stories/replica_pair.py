"""Two replicas as processes on one real PostgreSQL and one local Slack, and hands that kill, stop and resume them."""

import contextlib
import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from bot.core.incident import timeline
from bot.core.incident.incident import Incident
from bot.core.model.samples import minute_of
from bot.localslack.server import LocalSlack
from bot.store import SqlStore
from bot.web.tokens import new_token
from tests.contracts.odd_server import Asked, OddServer, odd_server
from tests.crash.doomed import Doomed, Life, SharedClock
from tests.support.patience import PATIENCE

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
GOOD, BAD = 2.0, 18.0

FLEET = """
people:
  ana: {name: Ana Duarte, slack: U0ANA, phone: "+44 20 7946 0001"}
  bo: {name: Bo Lindgren, slack: U0BO, phone: "+44 20 7946 0002"}
responders: [ana, bo]
announcements: C0INCIDENTS
sources:
  desk: {kind: http_json, url: SERVER, settle: 20m}
slis:
  her: {source: desk, path: /her, items: minutes, time: time, value: her, count: n, by: {agent: who}}
agents:
"""
AGENT = "  NAME: {owner: ana, deputy: bo, summary: Decides., channel: C0REFUNDS, control: {not_after: 1h}}\n"


@dataclass
class Desk:
    """The source of numbers. It knows which replica asks, by the path, and can keep one waiting."""

    server: OddServer
    agents: tuple[str, ...]
    until: int = 0
    bad_from: int = 2**31
    asked: Counter[str] = field(default_factory=Counter)
    held: dict[str, threading.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.server.answer = self._answer

    def hold(self, who: str) -> None:
        """Let this replica wait for its answers; what they say is decided when it asks."""
        self.held[who] = threading.Event()

    def release(self, who: str) -> None:
        """Answer what waits."""
        self.held.pop(who).set()

    def _answer(self, asked: Asked) -> None:
        who = asked.path.split("/")[1]
        minutes = range(self.until - 60, self.until + 1)
        answer = {"minutes": [self._minute(agent, minute) for minute in minutes for agent in self.agents]}
        self.asked[who] += 1
        waits = self.held.get(who)
        if waits is not None:
            waits.wait(PATIENCE)
        with contextlib.suppress(OSError):
            asked.json(answer)

    def _minute(self, agent: str, minute: int) -> dict[str, object]:
        return {"who": agent, "time": minute * 60, "her": BAD if minute >= self.bad_from else GOOD, "n": 200}


@dataclass
class Pair:
    """Replicas `a` and `b`."""

    folder: Path
    slack: LocalSlack
    desk: Desk
    url: str
    lives: dict[str, Life] = field(default_factory=dict)
    doomed: dict[str, Doomed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock = SharedClock.create(self.folder / "clock", START)
        self.token = new_token("agent:refunds")
        self.store = SqlStore.open(self.url)
        self.web = httpx.Client(timeout=20, trust_env=False)
        self.desk.until = minute_of(START)
        for name in ("a", "b"):
            home = self.folder / name
            home.mkdir()
            (home / "clock").symlink_to(self.folder / "clock")
            agents = "".join(AGENT.replace("NAME", agent) for agent in self.desk.agents)
            self.doomed[name] = Doomed()
            self.lives[name] = Life(
                folder=home,
                fleet=FLEET.replace("SERVER", f"{self.desk.server.url}/{name}") + agents,
                secrets={},
                tokens=(self.token.line,),
                database_url=self.url,
                port=_free_port(),
                bot_token=self.slack.bot_token,
                app_token=self.slack.app_token,
                slack_url=self.slack.api_url,
                pagerduty_url=self.desk.server.url,
            )

    def up(self, name: str, *, pause_at: str | None = None) -> None:
        """Start a replica. `pause_at`: the seam at which it stops itself, as SIGSTOP would."""
        life = self.lives[name]
        (life.folder / "runbooks").mkdir(exist_ok=True)
        self.doomed[name].begin(replace(life, fatal=pause_at, by=signal.SIGSTOP) if pause_at else life)

    def signal(self, name: str, number: int) -> None:
        """Send a signal to a replica."""
        process = self.doomed[name]._process
        assert process is not None
        assert process.pid
        os.kill(process.pid, number)

    def kill(self, name: str) -> None:
        """SIGKILL."""
        self.doomed[name].end()

    def until(self, what: str, true: Callable[[], object]) -> None:
        """Wait until it is true."""
        deadline = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < deadline, f"{what}: {self.state()}"
            time.sleep(0.05)

    def pass_minute(self) -> None:
        """One more minute, and some replica has asked for the one before it."""
        self.clock.advance(60)
        self.desk.until = minute_of(self.clock.now())
        newest = self.desk.until - 1
        self.until(f"minute {newest} to be polled", lambda: self.polled() >= newest)

    def break_down(self) -> None:
        """From now on the agents hand everything to people; two bad minutes go by."""
        self.desk.bad_from = minute_of(self.clock.now())
        for _ in range(3):
            self.pass_minute()

    def break_down_unwatched(self) -> None:
        """The same at once, without waiting for anybody to ask."""
        self.desk.bad_from = minute_of(self.clock.now())
        self.clock.advance(180)
        self.desk.until = minute_of(self.clock.now())

    def stopped(self, name: str) -> bool:
        """Whether a replica is stopped, by what the kernel says."""
        process = self.doomed[name]._process
        assert process is not None
        return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def database_now(self) -> float:
        """The clock that replicas have in common."""
        return float(str(self._scalar("SELECT extract(epoch from clock_timestamp())")))

    def polled(self) -> int:
        """The newest minute that was asked for."""
        return int(str(self._scalar("SELECT max(last_minute) FROM poll_group WHERE name NOT LIKE '~%%'") or -1))

    def reported_at(self, name: str) -> float:
        """When a replica last said that it lives, by the database's clock; 0 for never."""
        process = self.doomed[name]._process
        pid = process.pid if process else 0
        found = self._scalar(f"SELECT told_at FROM replica WHERE pid = {pid}")  # noqa: S608 - a number
        return float(str(found or 0))

    def pages(self, user: str, agent: str = "refunds") -> list[str]:
        """The pages a person got in Slack."""
        where = {"channel": f"@{user}", "user": user}
        found = self.web.get(f"{self.slack.url}/_control/messages", params=where).json()["messages"]
        return [message["text"] for message in found if agent in message["text"]]

    def settled(self) -> bool:
        """Whether nothing is wanted any more."""
        return sum(self.store.backlog().values()) == 0

    def incident(self) -> Incident:
        """The one incident."""
        (found,) = self.store.incidents(5)
        return found

    def whole(self) -> bool:
        """Whether every timeline is, at one moment: the replicas go on writing."""
        with self.store.reading():
            kept = [(self.store.entries(one.id), one.entries) for one in self.store.incidents(99)]
        return not any(timeline.verify(*one) for one in kept)

    def control(self, act: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        """One call of the local Slack's control."""
        return self.web.post(f"{self.slack.url}/_control/{act}", content=json.dumps(body)).json()

    def read_rung(self, name: str, instance: str, level: str, epoch: int) -> tuple[str, int]:
        """An instance reads its rung from one replica, saying what it applies."""
        answer = self.web.get(
            f"http://127.0.0.1:{self.lives[name].port}/v1/agents/refunds/autonomy",
            params={"instance": instance, "appliedLevel": level, "appliedEpoch": str(epoch)},
            headers={"Authorization": f"Bearer {self.token.token}"},
        )
        answer.raise_for_status()
        return answer.json()["level"], answer.json()["epoch"]

    def state(self) -> str:
        """What is to be seen, for a story that does not go on."""
        with self.store.looking() as connection:
            query = "SELECT key, state, attempts, fence, why FROM outbox WHERE state <> 'sent' OR kind = 'page'"
            rows = connection.exec_driver_sql(query).all()
            polls = connection.exec_driver_sql("SELECT * FROM poll_group").all()
        files = {name: life.folder / "log" for name, life in self.lives.items()}
        logs = {name: file.read_text()[-2000:] for name, file in files.items() if file.exists()}
        return f"outbox {rows}; polls {polls}; {logs}"

    def close(self) -> None:
        """Take everything down."""
        for held in list(self.desk.held):
            self.desk.release(held)
        for name in self.doomed:
            self.kill(name)
        self.web.close()
        self.store.close()

    def _scalar(self, query: str) -> object:
        with self.store.looking() as connection:
            return connection.exec_driver_sql(query).scalar()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def two_replicas(folder: Path, slack: LocalSlack, url: str, agents: tuple[str, ...] = ("refunds",)) -> Iterator[Pair]:
    """A stage; nothing runs on it yet."""
    with odd_server() as server:
        made = Pair(folder, slack, Desk(server, agents), url)
        try:
            yield made
        finally:
            made.close()
