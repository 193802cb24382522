"""The commands on the stored state, without a running bot: what the CLI acts through when Slack is down.

It writes to the same database. The running bot carries the effects out and publishes the rung within a second.
"""

import getpass
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.config import Settings
from bot.core.model.fleet import Fleet
from bot.core.model.people import Actor
from bot.engine.assembly import EngineDependencies, build_engine
from bot.engine.commands.commands import Commands
from bot.engine.paging.canary import KIND as CANARY
from bot.engine.paging.canary import Canary
from bot.engine.reliability.readiness_check import ReadinessCheck
from bot.exercises.results import rehearsed
from bot.pagers import KINDS
from bot.ports.clock import Clock
from bot.runbooks.library import RunbookLibrary
from bot.runbooks.playbook_library import PlaybookLibrary
from bot.runtime.clock import RealClock
from bot.store import SqlStore
from bot.store.migrate import head
from bot.store.tools import export
from bot.store.tools.audit import findings


@dataclass(frozen=True, slots=True)
class OfflineCommands:
    """An open store with the commands on it."""

    store: SqlStore
    commands: Commands
    fleet: Fleet
    ways: frozenset[str]
    readiness_check: ReadinessCheck
    clock: Clock

    @classmethod
    def open(cls, settings: Settings, fleet: Fleet, clock: Clock | None = None) -> "OfflineCommands":
        """Open the database beside a running bot. Raises StoreError."""
        store = SqlStore.open(settings.database_url, alone=False)
        clock = clock or RealClock()

        def present() -> Fleet:
            return fleet

        ways = frozenset({"slack", *KINDS})
        runbooks = RunbookLibrary(settings.runbooks_dir)
        playbooks = PlaybookLibrary(settings.playbooks_dir, runbooks.names, present).all
        readiness_check = ReadinessCheck(store, present, runbooks, rehearsed(settings.data_dir))
        engine = build_engine(
            EngineDependencies(
                store, present, clock, time.time, runbooks, playbooks, ways, readiness_check=readiness_check
            )
        )
        return cls(store, engine.commands, fleet, ways, readiness_check, clock)

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def actor(self, who: str) -> Actor:
        """Who acts: a person of the fleet file. Anybody else may lower and acknowledge, but not raise or close."""
        key = who or getpass.getuser()
        person = self.fleet.people.get(key)
        if person is None:
            return Actor(key, key, responder=None, surface="cli")
        return Actor(key, person.name, person.slack, responder=True, surface="cli")

    def test_page(self, person: str) -> Sequence[str]:
        """Want a test page to a person by every way; the keys of what is wanted."""
        canary = Canary(self.store, lambda: self.fleet, self.ways, RealClock(), time.time, person)
        period = f"by hand {datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
        canary.send(period)
        made = self.store.once_marker(CANARY, period)
        return [key for key in made.detail.split(",") if key] if made is not None else []

    def verify(self) -> list[str]:
        """What does not fit together in what is stored, one sentence each; empty when all is whole."""
        with self.store.reading(), self.store.looking() as connection:
            return list(findings(connection))

    def export(self) -> Iterator[str]:
        """Everything that is stored, as JSON lines."""
        with self.store.reading(), self.store.looking() as connection:
            yield from export.lines(connection, head())
