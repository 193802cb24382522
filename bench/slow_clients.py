"""Connections that never finish, thousands of them, while an agent breaches: the page must be as quick as without.

`make slow-clients ARGS="--minutes 5"` holds 5,000 half-sent requests and 200 bodies that drip, on a bot that may have
1,024 descriptors. A shorter hold is in the suite (`tests/stories/test_slow_clients.py`).
"""

import argparse
import resource
import selectors
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx

from bench.harness.launch import BotProcess, bad_minutes, pushed_fleet
from bot.localslack.server import LocalSlack, Workspace
from bot.simulation import demo_fleet
from bot.slack.manifest import manifest

HALF_OPEN, BODIES = 5_000, 200
DESCRIPTORS = 1_024
"""What the bot may have: the usual limit, and fewer than those who come."""
NEEDED = HALF_OPEN + BODIES + 200
ANEW = 100
"""Connections that were ended and are opened anew, each fifth of a second: who attacks comes back."""
HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "
BODY = b"POST /v1/samples HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n["
WITHIN = 120.0
LARGEST_LOG = 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds from the breach to the page, bytes that the log grew by, and how often the peers connected."""

    paged_after: float
    log_bytes: int
    connections: int


class SlowClients:
    """Keeps so many connections open; each that is ended is opened anew."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._hold, name="slow-clients", daemon=True)
        self._selector = selectors.DefaultSelector()
        self.opened = 0
        self.all_there = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(WITHIN)
        for key in list(self._selector.get_map().values()):
            _close(key.fileobj)
        self._selector.close()

    def _hold(self) -> None:
        wanted = [HEAD] * HALF_OPEN + [BODY] * BODIES
        dripped = time.monotonic()
        while not self._stopping.is_set():
            for _ in range(len(wanted) if not self.all_there.is_set() else min(len(wanted), ANEW)):
                self._open(wanted.pop())
            self.all_there.set()
            self._stopping.wait(0.2)
            for key, _ in self._selector.select(0):
                self._selector.unregister(key.fileobj)
                _close(key.fileobj)
                wanted.append(key.data)
            if time.monotonic() - dripped > 1.0:
                dripped = time.monotonic()
                self._drip()

    def _open(self, data: bytes) -> None:
        with suppress(OSError):
            connection = socket.create_connection(("127.0.0.1", self._port), timeout=10)
            connection.sendall(data)
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ, data)
            self.opened += 1

    def _drip(self) -> None:
        for key in list(self._selector.get_map().values()):
            if key.data is BODY and isinstance(key.fileobj, socket.socket):
                with suppress(OSError):
                    key.fileobj.send(b" ")


def _close(connection: object) -> None:
    if isinstance(connection, socket.socket):
        connection.close()


def enough_descriptors() -> bool:
    """Raise this process's own limit as far as needed; False where that is not allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < NEEDED <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (NEEDED, hard))
    return max(soft, hard) >= NEEDED


@contextmanager
def limited_bot(folder: Path, slack: LocalSlack) -> Iterator[BotProcess]:
    """A bot with few descriptors."""
    bot = BotProcess(folder, slack, pushed_fleet(["refunds"], demo_fleet.CHANNELS["agents-refunds"]))
    process = bot.spawn()
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    try:
        _until(bot.is_ready, "the bot did not come up")
        yield bot
    finally:
        bot.stop()


def flood(bot: BotProcess, slack: LocalSlack, hold: float) -> Outcome:
    """Hold them for so many seconds, breach, and wait for the page while they are held."""
    log = bot.folder / "log"
    before = log.stat().st_size
    with SlowClients(bot.port) as clients:
        if not clients.all_there.wait(WITHIN):
            raise TimeoutError("the slow clients did not all connect")
        time.sleep(hold)
        began = time.monotonic()
        _until(lambda: _pushed(bot), "no samples were taken")
        _until(lambda: _paged(slack), "the page never came")
        took = time.monotonic() - began
        return Outcome(took, log.stat().st_size - before, clients.opened)


def _pushed(bot: BotProcess) -> bool:
    try:
        return bot.push(bad_minutes("refunds", time.time())).is_success
    except httpx.HTTPError:
        return False


def _paged(slack: LocalSlack) -> bool:
    where = {"channel": "@U0ANA", "user": "U0ANA"}
    found = httpx.get(f"{slack.url}/_control/messages", params=where, timeout=60, trust_env=False).json()["messages"]
    return any("refunds" in message["text"] for message in found)


def _until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + WITHIN
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.05)


def main() -> int:
    """Hold them for minutes; exits with 1 where the page took more than five seconds or the log grew by a megabyte."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    hold = 60 * parser.parse_args().minutes
    if not enough_descriptors():
        print(f"this needs {NEEDED} descriptors: ulimit -n", file=sys.stderr)
        return 2
    workspace = {**demo_fleet.workspace(), "app": {"manifest": manifest()}}
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalSlack(Workspace.load(workspace)) as slack,
        limited_bot(Path(folder), slack) as bot,
    ):
        found = flood(bot, slack, hold)
    print(f"paged after {found.paged_after:.2f} s, the log grew by {found.log_bytes:,} bytes, {found.connections:,} connections")  # fmt: skip  # noqa: E501
    return 0 if found.paged_after <= 5.0 and found.log_bytes < LARGEST_LOG else 1


if __name__ == "__main__":
    sys.exit(main())
