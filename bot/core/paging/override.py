"""Cover: the pager of one person, handed to another until a time (`product.md` section 6). It ends by itself.

Cover is looked up when an incident opens and snapshotted into its roster; an incident that is open keeps its roster. In
a page to everyone the covered person is paged as well: then nobody answered for half an hour.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.incident.events import Roster

LONGEST = timedelta(days=31)
"""A cover longer than this is a change of owner, which stands in the fleet file."""


@dataclass(frozen=True, slots=True)
class OnCallOverride:
    """`by` is paged instead of `person` from `since` until `until`. Keys of people; `id` 0 before it is stored."""

    person: str
    by: str
    since: datetime
    until: datetime
    made_by: str = ""
    id: int = 0

    def holds(self, at: datetime) -> bool:
        """Whether it is in force at a moment."""
        return self.since <= at < self.until


def stand_in(covers: Sequence[OnCallOverride], person: str, at: datetime) -> str:
    """Who has a person's pager at a moment: the person, or whoever covers, or whoever covers for that one.

    Where cover goes in a circle everybody has their own: nobody's page may be lost in it.
    """
    newest = {cover.person: cover.by for cover in sorted(covers, key=lambda cover: cover.since) if cover.holds(at)}
    seen, now = {person}, person
    while (other := newest.get(now)) is not None:
        if other in seen:
            return person
        seen.add(other)
        now = other
    return now


ROLES = ("owner", "deputy", "manager")


def with_override(roster: Roster, covers: Sequence[OnCallOverride], at: datetime) -> Roster:
    """The roster with whoever has the pagers now. `everyone` keeps the covered people and has those who cover."""
    chain = (roster.owner, roster.deputy, roster.manager)
    moved: Mapping[str, str] = {
        person: other for person in chain if person and (other := stand_in(covers, person, at)) != person
    }
    owner, deputy, manager = (moved.get(person, person) for person in chain)
    everyone = tuple(dict.fromkeys((owner, deputy, manager, *roster.everyone)))
    return replace(
        roster,
        owner=owner,
        deputy=deputy,
        manager=manager,
        everyone=tuple(key for key in everyone if key),
        covers=dict(moved),
        covered={role: person for role, person in zip(ROLES, chain, strict=True) if person in moved},
    )
