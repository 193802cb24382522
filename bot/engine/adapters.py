"""What effects reach the world through, and the two ways in which carrying one out may end besides done and failed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.core.model.fleet import Fleet
from bot.core.model.people import Person, Way
from bot.engine.charts import Charts
from bot.engine.reports.postmortems import PostmortemWriter
from bot.ports.chat import Chat
from bot.ports.controls import Control
from bot.ports.pagers import Pager


class Folded(Exception):  # noqa: N818 - not an error: nobody needs this effect any more
    """The effect is no longer wanted; the message says why."""


class NotYet(Exception):  # noqa: N818 - not an error: something else must be done first
    """The effect waits for another one, that with the key `first`; it is tried again after that and costs no try."""

    def __init__(self, why: str, first: str) -> None:
        super().__init__(why)
        self.first = first


@dataclass(frozen=True, slots=True)
class Adapters:
    """The world, as far as effects reach it. `pagers` and `controls` by kind."""

    chat: Chat
    pagers: Mapping[str, Pager]
    controls: Mapping[str, Control]
    postmortems: PostmortemWriter
    charts: Charts
    ask: Callable[[str, str, str], str] = lambda source, query, _: f"{query}: nobody asks {source}"
    """(source, query, agent) -> what it says, in words."""


@dataclass(frozen=True, slots=True)
class People:
    """Who is who, and by which way somebody is reached."""

    fleet: Callable[[], Fleet]
    pagers: Mapping[str, Pager]

    def person(self, key: str) -> Person | None:
        """The person of a key, None for one the fleet file does not name."""
        return self.fleet().people.get(key)

    def listed(self, keys: tuple[str, ...]) -> list[Person]:
        """Those of them who are in Slack."""
        return [person for key in keys if (person := self.person(key)) is not None and person.slack]

    def way(self, person: Person | None, name: str) -> tuple[Way, Pager | None]:
        """A person's way of that name, and the pager that serves it. Slack is everybody's and stands on no list."""
        listed = person.named_ways() if person is not None else {}
        way = listed.get(name) or Way(name, person.slack if person is not None else "")
        return way, self.pagers.get(way.kind)
