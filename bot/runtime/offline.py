"""The commands on the stored state, without a running bot: what the CLI acts through when Slack is down.

It writes to the same database. The running bot carries the effects out and publishes the rung within a second.
"""

import getpass
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.config import Settings
from bot.core.cards.answer import Answer, Card
from bot.core.cards.causes import CauseLine, CausesCard
from bot.core.cards.fleet import AgentCard, AgentRow, FleetCard
from bot.core.cards.incident import IncidentCard, IncidentList, TimelineCard
from bot.core.cards.parts import RungLine, SliLine, live_words, number_words, status_words
from bot.core.formatting.json_view import json_view
from bot.core.formatting.terminal_text import visible
from bot.core.model.fleet import Fleet
from bot.core.model.people import Actor
from bot.engine.assembly import EngineDependencies, build_engine
from bot.engine.commands.commands import Commands
from bot.engine.paging.canary import KIND as CANARY
from bot.engine.paging.canary import Canary
from bot.engine.reliability.readiness_check import ReadinessCheck
from bot.exercises.results import rehearsed
from bot.pagers import PAGERS
from bot.ports.clock import Clock
from bot.runbooks.library import RunbookLibrary
from bot.runbooks.playbook_library import PlaybookLibrary
from bot.runtime.clock import RealClock
from bot.store import SqlStore
from bot.store.migrate import head
from bot.store.tools import export
from bot.store.tools.audit import findings

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

    @classmethod
    def open(cls, settings: Settings, fleet: Fleet, clock: Clock | None = None) -> "OfflineCommands":
        """Open the database beside a running bot. Raises StoreError."""
        store = SqlStore.open(settings.database_url, alone=False)
        clock = clock or RealClock()

        def present() -> Fleet:
            return fleet

        ways = frozenset({"slack", *PAGERS})
        runbooks = RunbookLibrary(settings.runbooks_dir)
        playbooks = PlaybookLibrary(settings.playbooks_dir, runbooks.names, present).all
        readiness_check = ReadinessCheck(store, present, runbooks, rehearsed(settings.data_dir))
        engine = build_engine(
            EngineDependencies(
                store, present, clock, time.time, runbooks, playbooks, ways, readiness_check=readiness_check
            )
        )
        engine.rung_cache.adopt(store.readings(clock.now() - LONGEST_LEASE))
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
        made = self.store.occasion(CANARY, period)
        return [key for key in made.detail.split(",") if key] if made is not None else []

    def verify(self) -> list[str]:
        """What does not fit together in what is stored, one sentence each; empty when all is whole."""
        with self.store.reading(), self.store.looking() as connection:
            return list(findings(connection))

    def export(self) -> Iterator[str]:
        """Everything that is stored, as JSON lines."""
        with self.store.reading(), self.store.looking() as connection:
            yield from export.lines(connection, head())


def as_text(answer: Answer) -> str:
    """An answer for a terminal."""
    lines = _card_lines(answer.card) if answer.card is not None else []
    return visible("\n".join([answer.text, *lines]))


def _card_lines(card: Card) -> list[str]:
    match card:
        case IncidentList():
            heads = [(row.header, row.headline) for row in card.rows]
            return [f"{head.number} {head.severity} {head.state}: {line}" for head, line in heads]
        case FleetCard():
            return [*("\n".join(_agent(row)) for row in card.rows), *(f"! {one}" for one in card.findings)]
        case AgentCard():
            return [*([card.summary] if card.summary else []), *_agent(card.row)]
        case TimelineCard():
            return [f"{line.at:%Y-%m-%d %H:%M:%S} {line.actor}: {line.text}" for line in card.lines]
        case IncidentCard():
            head = card.header
            return [
                f"{head.agent}: {head.title}. {head.severity} {head.state}, owner {head.owner}.",
                _rung(card.rung),
                *map(_sli, card.lines),
                *([card.clock] if card.clock else []),
                *([f"Next: {card.next_phase}: {card.next_step}"] if card.next_step else []),
                *([card.cause] if card.cause else []),
            ]
        case CausesCard():
            return [line for cause in card.causes for line in _cause(cause)] + [
                *(f"Playbook {one.name} ({one.title}): seen: {'; '.join(one.seen)}" for one in card.playbooks),
                *([f"Could not be looked at: {', '.join(card.unseen)}"] if card.unseen else []),
                *card.notes,
            ]
    return str(json_view(card)).splitlines()


def _cause(line: CauseLine) -> list[str]:
    out = f", ruled out: {line.ruled_out}" if line.ruled_out else ""
    grounds = [f"     {ground.points:+.1f}  {ground.words} ({ground.why})" for ground in line.grounds]
    return [
        f"  {line.rank}. {line.words}, {100 * line.share:.0f} %{out}",
        *grounds,
        f"     Ruled out if {line.ruled_out_by}.",
    ]


def _agent(row: AgentRow) -> list[str]:
    """An agent with its rung, who says that it is on it, its numbers, and what nobody watches."""
    live = live_words(row.rung)
    head = f"{row.agent} on {row.rung.rung}{f' ({live})' if live else ''} (owner {row.owner}) {row.incident}".rstrip()
    return [head, *map(_sli, row.lines), *(f"  ! {one}" for one in row.findings)]


def _rung(rung: RungLine) -> str:
    """`Rung read-only (confirmed by 2 of 2 instances; 2 of 2 instances report it now)`."""
    change = (
        "no change in this incident" if rung.state == "none" else f"{rung.state} by {rung.seen} of {rung.instances}"
    )
    return f"Rung {rung.rung} ({'; '.join(part for part in (change, live_words(rung)) if part)})"


def _sli(line: SliLine) -> str:
    scope = f" ({line.workflow})" if line.workflow else ""
    return f"  {line.title}{scope}: {number_words(line)}, objective {line.objective}, {status_words(line)}"
