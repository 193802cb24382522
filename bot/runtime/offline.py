"""The commands on the stored state, without a running bot: what the CLI acts through when Slack is down.

It writes to the same database. The running bot carries the effects out and publishes the rung within a second.
"""

import getpass
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
from bot.web.tokens import TokenBook, TokenError


class PersonError(Exception):
    """A personal token that proves nobody; the sentence says why, without the token."""


def personal_token_of(settings: Settings) -> str:
    """The token that proves who acts; "" where nobody is proven."""
    return settings.personal_token.get_secret_value() if settings.personal_token else ""


LONGEST_LEASE = timedelta(hours=1)
"""What instances said to the running bot is no older than the longest lease."""


@dataclass(frozen=True, slots=True)
class OfflineCommands:
    """An open store with the commands on it."""

    store: SqlStore
    commands: Commands
    fleet: Fleet
    ways: frozenset[str]
    readiness_check: ReadinessCheck
    clock: Clock
    tokens_file: Path | None = None
    """Read only to prove who acts: a step down must not wait for a file that is broken."""
    personal_token: str = field(default="", repr=False)

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
        engine.rung_cache.adopt(store.readings(clock.now() - LONGEST_LEASE))
        return cls(
            store,
            engine.commands,
            fleet,
            ways,
            readiness_check,
            clock,
            settings.tokens_file,
            personal_token_of(settings),
        )

    def close(self) -> None:
        """Let go of the database."""
        self.store.close()

    def actor(self, who: str) -> Actor:
        """Who acts: whom a personal token proves, else a person of the fleet file by name.

        A name alone may lower, acknowledge and ask for a restore, but is nobody's second person. Raises PersonError
        for a token that proves nobody.
        """
        if self.personal_token:
            return self._proven(self.personal_token)
        key = who or getpass.getuser()
        person = self.fleet.people.get(key)
        if person is None:
            return Actor(key, key, responder=None, surface="cli")
        return Actor(key, person.name, person.slack, responder=True, surface="cli")

    def _proven(self, token: str) -> Actor:
        try:
            caller = TokenBook.from_file(self.tokens_file).caller(token)
        except (TokenError, OSError) as error:
            raise PersonError(f"The tokens file cannot be read, so nobody is proven: {error}") from error
        if caller is None or caller.role != "person":
            raise PersonError("The personal token is not in the tokens file (a line `person:SLACK_ID HASH`).")
        person = self.fleet.person_by_slack(caller.slack)
        if person is None:
            raise PersonError(
                f"The personal token is that of Slack member {caller.slack}, who is not in the fleet file."
            )
        return Actor(person.key, person.name, person.slack, responder=True, surface="cli", proven_by="token")

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
