"""The commands on the stored state, without a running bot: what the CLI acts through when Slack is down.

It writes to the same database. The running bot carries the effects out and publishes the rung within a second.
"""

import getpass
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, datetime

from bot.config import Settings
from bot.config.playbooks import PlaybookShelf
from bot.core.cards import (
    Answer,
    Card,
    CauseLine,
    CausesCard,
    FleetCard,
    IncidentCard,
    IncidentList,
    SliLine,
    TimelineCard,
)
from bot.core.figures import figure
from bot.core.model import Actor, Fleet
from bot.core.visible import visible
from bot.documents.runbooks import RunbookShelf
from bot.engine.canary import KIND as CANARY
from bot.engine.canary import Canary
from bot.engine.causes import Causes
from bot.engine.commands import Commands, Desk
from bot.engine.course import Course
from bot.engine.history import History
from bot.engine.ledger import Ledger
from bot.engine.numbers import Numbers
from bot.engine.openings import Openings
from bot.engine.readying import Readying
from bot.engine.views import Views
from bot.exercises.results import rehearsed
from bot.pagers import PAGERS
from bot.ports import Clock
from bot.store import SqlStore, export
from bot.store.audit import findings
from bot.store.migrate import head
from bot.tabletop.clock import RealClock
from bot.web.board import MemoryBoard


@dataclass(frozen=True, slots=True)
class LocalDesk:
    """An open store with the commands on it."""

    store: SqlStore
    commands: Commands
    fleet: Fleet
    ways: frozenset[str]
    readying: Readying
    clock: Clock

    @classmethod
    def open(cls, settings: Settings, fleet: Fleet, clock: Clock | None = None) -> "LocalDesk":
        """Open the database beside a running bot. Raises StoreError."""
        store = SqlStore.open(settings.database_url, alone=False)
        clock = clock or RealClock()

        def present() -> Fleet:
            return fleet

        ways = frozenset({"slack", *PAGERS})
        board = MemoryBoard(present, clock, store.rungs())
        ledger = Ledger(store, board, time.time, lambda _: None)
        history = History(store, present)
        shelf = RunbookShelf(settings.runbooks_dir)
        openings = Openings(store, ledger, present, shelf, ways)
        course = Course(store, ledger, history, board, present, clock)
        numbers = Numbers(store, history, board, present)
        views = Views(store, numbers, present, course.clock_of)
        playbooks = PlaybookShelf(settings.playbooks_dir, shelf.names, present).all
        causes = Causes.over(store, ledger, history, views, playbooks, shelf, present, clock)
        readying = Readying(store, present, shelf, rehearsed(settings.data_dir))
        desk = Desk(store, ledger, openings, views, present, clock, causes, readying)
        return cls(store, Commands(desk), fleet, ways, readying, clock)

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


def plain(value: object) -> object:
    """An answer as plain JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(item) for name, item in asdict(value).items()}
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value


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
            return [
                f"{row.agent} on {row.rung.rung} (owner {row.owner}) {row.incident}\n" + "\n".join(map(_sli, row.lines))
                for row in card.rows
            ]
        case TimelineCard():
            return [f"{line.at:%Y-%m-%d %H:%M:%S} {line.actor}: {line.text}" for line in card.lines]
        case IncidentCard():
            head = card.header
            return [
                f"{head.agent}: {head.title}. {head.severity} {head.state}, owner {head.owner}.",
                f"Rung {card.rung.rung} ({card.rung.state}, {card.rung.seen} of {card.rung.instances} instances)",
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
    return str(plain(card)).splitlines()


def _cause(line: CauseLine) -> list[str]:
    out = f", ruled out: {line.ruled_out}" if line.ruled_out else ""
    grounds = [f"     {ground.points:+.1f}  {ground.words} ({ground.why})" for ground in line.grounds]
    return [
        f"  {line.rank}. {line.words}, {100 * line.share:.0f} %{out}",
        *grounds,
        f"     Ruled out if {line.ruled_out_by}.",
    ]


def _sli(line: SliLine) -> str:
    now = "no data" if line.now is None else figure(line.now, line.unit)
    return f"  {line.title}: {now}, objective {line.objective}, {line.status}"
