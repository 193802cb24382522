"""The daily check that everybody who may be paged could be reached, done at start too, and said when it changed."""

from collections.abc import Callable, Mapping, Sequence

from bot.core.model.fleet import Fleet
from bot.core.paging.reachability import Account, Hole, holes
from bot.engine.notices import notices
from bot.ports.chat import Directory
from bot.ports.clock import Clock
from bot.ports.store import OnceMarkerStore

KIND = "reach"
MOST = 10
"""Holes named in one message; the rest are counted. `stepdown check` names them all."""


class ReachabilityCheck:
    """Asks Slack about the accounts of the people who are paged, and says what would lose a page."""

    def __init__(
        self,
        store: OnceMarkerStore,
        fleet: Callable[[], Fleet],
        ways: frozenset[str],
        directory: Directory,
        clock: Clock,
        wall: Callable[[], float],
        log: Callable[[str], None],
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._ways = ways
        self._directory = directory
        self._clock = clock
        self._wall = wall
        self._log = log
        self.holes: Sequence[Hole] = ()
        """What the last look found."""
        self._looked = False

    def tick(self) -> None:
        """Look at start and once a day; the row of the day makes one replica say it."""
        now = self._clock.now()
        day = f"{now:%Y-%m-%d}"
        if self._looked and self._store.once_marker(KIND, day) is not None:
            return
        found = self.look()
        self._looked = True
        for hole in found:
            self._log(hole.text)
        whole = "\n".join(hole.line for hole in found)
        before = self._store.last_once_marker(KIND)
        news = whole and (before is None or before.detail != whole)
        effects = notices(self._fleet(), f"reach-{day}", _words(found), _people(found)) if news else ()
        self._store.once(KIND, day, now, effects, wall=self._wall(), detail=whole)

    def look(self) -> Sequence[Hole]:
        """Ask now. A Slack that does not answer leaves accounts unknown, which is no hole."""
        fleet = self._fleet()
        asked = {key: person for key, person in fleet.people.items() if person.slack}
        accounts: Mapping[str, Account] = {key: self._directory.account(person) for key, person in asked.items()}
        self.holes = holes(fleet, self._ways, accounts)
        return self.holes


def _people(found: Sequence[Hole]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hole.person for hole in found if hole.person))


def _words(found: Sequence[Hole]) -> str:
    """The graver ones first."""
    ordered = sorted(found, key=lambda hole: not hole.grave)
    lines = [hole.line for hole in ordered[:MOST]]
    more = f"\n... and {len(found) - MOST} more: stepdown check" if len(found) > MOST else ""
    return "Holes in who can be reached:\n" + "\n".join(lines) + more
