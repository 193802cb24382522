"""The machine's clock is moved back and forth: no tick stalls, nobody is called blind, each page comes once.

libfaketime moves the wall clock of the bot's process alone; its monotonic clock goes on, as it does in earnest.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from bench.harness.launch import BotProcess, bad_minutes, pushed_fleet
from bot.localslack.server import LocalSlack
from bot.simulation import demo_fleet
from tests.support.patience import PATIENCE

CHANNEL = demo_fleet.CHANNELS["agents-refunds"]
MINUTE, TEN_MINUTES, TWO_HOURS = 60, 600, 7_200
WITHIN = 40.0
"""Seconds that are waited for anything, on a busy machine."""
LONGEST_STALL = 5.0
"""Seconds that setting the clock may hold up a tick, beyond what this machine holds one up anyway."""
CALM_LOOKS = 60
"""Looks at the ticks before the clock is moved: what this machine holds up by itself."""
QUICK = {"poll": 1.0, "deadlines": 1.0, "read-back": 1.0, "recovery": 5.0}
"""Seconds between two runs of each tick that people would miss."""


@dataclass
class Machine:
    """A bot on a clock that can be moved, and agents that report by the same clock."""

    bot: BotProcess
    file: Path
    shift: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    bad: threading.Event = field(default_factory=threading.Event)
    stalls: list[float] = field(default_factory=list)
    """The longest stall of a quick tick after each movement of the clock, as the bot told it."""

    def set_clock(self, shift: int) -> None:
        """So many seconds from the real time."""
        self.shift = shift
        draft = self.file.with_suffix(".new")
        draft.write_text(f"{shift:+d}\n")
        draft.replace(self.file)

    def report(self) -> None:
        """The last two minutes, again and again."""
        while not self.over.wait(0.5):
            value = 18.0 if self.bad.is_set() else 2.0
            with suppress(httpx.HTTPError):
                self.bot.push(bad_minutes("refunds", time.time() + self.shift, value))

    def ages(self) -> dict[str, float]:
        """Seconds since each quick tick completed."""
        text = httpx.get(f"{self.bot.url}/metrics", timeout=PATIENCE, trust_env=False).text
        rows = [line for line in text.splitlines() if line.startswith("stepdown_tick_age_seconds{")]
        found = {row.split('"')[1]: float(row.rpartition(" ")[2]) for row in rows}
        return {name: age for name, age in found.items() if name in QUICK}

    def stall(self) -> float:
        """Seconds by which the latest of the quick ticks is late, as the bot tells."""
        return max(age - QUICK[name] for name, age in self.ages().items())

    def rows(self, query: str) -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(self.bot.folder / "stepdown.db", timeout=60)) as database:
            return list(database.execute(query))


@pytest.fixture
def machine(tmp_path: Path, slack: LocalSlack) -> Iterator[Machine]:
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    file = tmp_path / "clock"
    more = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    made = Machine(BotProcess(tmp_path, slack, pushed_fleet(["refunds"], CHANNEL), more=more), file)
    made.set_clock(0)
    made.bot.start()
    reporting = threading.Thread(target=made.report, name="agents", daemon=True)
    reporting.start()
    yield made
    made.over.set()
    reporting.join(WITHIN)
    made.bot.stop()


def until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + WITHIN
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def pages(slack: LocalSlack) -> list[str]:
    where = {"channel": "@U0ANA", "user": "U0ANA"}
    answer = httpx.get(f"{slack.url}/_control/messages", params=where, timeout=PATIENCE, trust_env=False)
    return [message["text"] for message in answer.json()["messages"] if "refunds" in message["text"]]


@pytest.mark.slow
@pytest.mark.faketime
def test_back_and_forth(machine: Machine, slack: LocalSlack) -> None:
    until(lambda: machine.ages().keys() == QUICK.keys(), "the ticks never began")
    calm = max(machine.stall() for _ in range(CALM_LOOKS) if not machine.over.wait(0.1))
    for moved in (-MINUTE, MINUTE, 0, -TEN_MINUTES, TEN_MINUTES, 0, -TWO_HOURS, TWO_HOURS, 0):
        machine.set_clock(moved)
        began, stalls = time.monotonic(), list[float]()

        def beat(began: float = began, stalls: list[float] = stalls) -> bool:
            """Each quick tick has completed after the clock was moved."""
            stalls.append(machine.stall())
            ages, passed = machine.ages(), time.monotonic() - began
            return ages.keys() == QUICK.keys() and passed > max(ages.values()) + 1

        until(beat, f"a tick stalled with the clock {moved:+d} s")
        machine.stalls.append(max(stalls))
        assert machine.rows("SELECT kind FROM incident") == []
    # one that goes by the wall clock stalls for as long as it went back: a minute at least
    assert max(machine.stalls) <= LONGEST_STALL + 2 * max(calm, 0.0), (calm, machine.stalls)
    machine.set_clock(-TWO_HOURS)
    machine.bad.set()
    until(lambda: pages(slack), "the page never came")
    machine.set_clock(TEN_MINUTES)
    until(lambda: machine.rows("SELECT id FROM outbox WHERE state IN ('pending', 'sending')") == [], "effects are left")
    machine.set_clock(0)
    until(lambda: machine.rows("SELECT kind FROM entry WHERE kind = 'clock_set_back'"), "the deadlines stayed behind")
    sent = machine.rows("SELECT key FROM outbox WHERE kind = 'page' AND state = 'sent' AND key LIKE '%/ana/slack'")
    until(lambda: len(pages(slack)) == len(sent), "a page was lost or came twice")
    assert {kind for (kind,) in machine.rows("SELECT kind FROM incident")} == {"slo"}
    log = (machine.bot.folder / "log").read_text()
    assert "was set back by" in log
