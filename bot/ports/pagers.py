"""Ways to reach a person."""

from dataclasses import dataclass
from typing import Protocol

from bot.core.cards.answer import Card
from bot.core.model.people import Person, Way
from bot.ports.chat import Receipt


@dataclass(frozen=True, slots=True)
class PagedRun:
    """Which page it was: an incident, when that was opened (epoch seconds), the run of paging, and who was paged."""

    incident_id: int
    opened: int
    episode: int
    person: str


class Pager(Protocol):
    """One way to reach a person."""

    kind: str

    def page(self, person: Person, way: Way, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Page once. `repeat`: an earlier try may have landed; merge with it where the way can."""
        ...

    def settle(self, person: Person, receipt: Receipt, card: Card, key: str) -> None:
        """Show on an earlier page that it is acknowledged or over, where the way can."""
        ...
