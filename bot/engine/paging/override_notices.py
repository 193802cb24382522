"""What is said when a pager comes back to its person (`product.md` section 6)."""

from datetime import datetime

from bot.core.incident.effects import Effect
from bot.core.model.fleet import Fleet
from bot.core.paging.override import OnCallOverride
from bot.engine.notices import notices
from bot.ports.store import OverrideStore


def tell_of_ends(store: OverrideStore, fleet: Fleet, now: datetime, wall: float) -> None:
    """Say once of each cover that its time is over."""
    for cover in store.covers_over(now):
        store.say_cover_over(cover, over(fleet, cover), wall)


def over(fleet: Fleet, cover: OnCallOverride) -> tuple[Effect, ...]:
    """The words that a cover has ended."""
    text = f"{name_of(fleet, cover.person)} has the pager again; {name_of(fleet, cover.by)} no longer covers."
    return notices(fleet, f"cover-over-{cover.id}", text, (cover.person, cover.by))


def name_of(fleet: Fleet, key: str) -> str:
    """A person's name; the key itself where the fleet file no longer has the person."""
    return fleet.people[key].name if key in fleet.people else key
