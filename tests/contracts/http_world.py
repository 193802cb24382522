"""A world that is asked over HTTP: one odd server, and the source before it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.core.model.slis import PollQuery, SourceSpec
from bot.ports.sources import Source
from bot.simulation.clock import MovableClock
from bot.sources import build
from tests.contracts.odd_server import Asked, OddServer, odd_server
from tests.contracts.source_harnesses import NOW, Conditions
from tests.support.patience import PATIENCE as LONG

Body = Callable[[Asked, list[dict[str, str | None]]], object]
"""The JSON for a request, where the world holds these items (`agent`, `bad`, `total`)."""


PATIENCE = 30.0
"""What a source has of it here, in seconds."""


def hang(asked: Asked) -> None:
    asked.server.over.wait(LONG)
    asked.hang_up()


def hang_up(asked: Asked) -> None:
    asked.hang_up()


@dataclass
class HttpWorld:
    """See SourceHarness; and the server, for what only HTTP can do wrong."""

    kind: str
    query: PollQuery
    body: Body
    server: OddServer
    source: Source
    path: str
    """Where the query asks, below the source's address."""
    items: list[dict[str, str | None]] = field(default_factory=list)

    def says(self, bad: str | None, total: str | None, agent: str = "refunds", times: int = 1) -> None:
        self.items = [{"agent": agent, "bad": bad, "total": total}] * times
        self.server.answer = self.answer

    def says_nothing(self) -> None:
        self.items = []
        self.server.answer = self.answer

    def answer(self, asked: Asked) -> None:
        asked.json(self.body(asked, self.items))

    @property
    def faults(self) -> Mapping[str, Callable[[], None]]:
        return {
            "hangs": lambda: self._answer(hang),
            "hangs up": lambda: self._answer(hang_up),
            "has a fault": lambda: self._answer(lambda asked: asked.say("boom", 500)),
            "refuses": lambda: self._answer(lambda asked: asked.json({"error": "who are you?"}, 401)),
            "speaks otherwise": lambda: self._answer(lambda asked: asked.say("<html><title>Sign in</title>")),
            "says too much": lambda: self._answer(lambda asked: asked.say(b" " * 1_100_000)),
        }

    def _answer(self, answer: Callable[[Asked], None]) -> None:
        self.server.answer = answer

    def again(self, place: str = "") -> Source:
        """The same source, made anew; `place` is added to its address."""
        return _built(self.kind, f"{self.server.url}{place}", PATIENCE)


@contextmanager
def http_world(kind: str, query: PollQuery, body: Body, path: str, conditions: Conditions) -> Iterator[HttpWorld]:
    with odd_server() as server:
        world = HttpWorld(kind, query, body, server, _built(kind, server.url, conditions.patience), path)
        world.says_nothing()
        yield world
        world.source.close()


def _built(kind: str, url: str, patience: float) -> Source:
    settings: dict[str, Any] = {"url": url, "timeout": f"{patience}s", "max_megabytes": 1}
    source = build(SourceSpec("src", kind, settings), MovableClock(NOW))
    assert source is not None
    return source
