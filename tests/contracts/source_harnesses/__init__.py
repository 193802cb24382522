"""One file a kind of source: how its world is made to say things, and to fail.

A file holds `HARNESSES`: by name (`sql-postgresql`), how one is opened for a number of seconds of patience.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from bot.core.model.samples import minute_start
from bot.core.model.slis import PollQuery
from bot.ports.sources import Source

MINUTE = 29_400_000
NOW = minute_start(MINUTE + 1)


class Conditions(NamedTuple):
    """What a harness is opened with. `postgres` gives the URL of a new, empty database."""

    patience: float
    folder: Path
    postgres: Callable[[], str]


class SourceHarness(Protocol):
    """A source before a world of its own, and a query for the HER (`bad` of `total`) of `refunds`."""

    @property
    def source(self) -> Source: ...

    @property
    def query(self) -> PollQuery: ...

    @property
    def faults(self) -> Mapping[str, Callable[[], None]]:
        """By name: make the world fail so, until it says something again. `hangs` is one of them."""
        ...

    def says(self, bad: str | None, total: str | None, agent: str = "refunds", times: int = 1) -> None:
        """From now on the world answers these numbers for MINUTE. None: that number is not there."""
        ...

    def says_nothing(self) -> None:
        """From now on the world answers, and speaks of nobody."""
        ...


Opened = Callable[[Conditions], AbstractContextManager[SourceHarness]]
