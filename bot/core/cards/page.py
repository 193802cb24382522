"""Cards that call somebody: the page, and the announcement in the agent's channel."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.cards.parts import Header, Proposal, RungLine, SliLine


@dataclass(frozen=True, slots=True)
class ChartImage:
    """A chart that the chat has already: `file` is its name there. `alt` says it to whoever cannot see it."""

    file: str
    title: str
    alt: str


@dataclass(frozen=True, slots=True)
class PageCard:
    """A page. `headline` alone must be enough on a lock screen: at most 100 characters."""

    header: Header
    headline: str
    lines: tuple[SliLine, ...]
    why: str
    """Why this person, now: "you own refunds", "the owner did not answer for 10 min"."""
    rung: RungLine
    proposal: Proposal | None = None
    acked: str = ""
    """Set when somebody acknowledged: "Acknowledged by Ana, 02:15 UTC"; the buttons go."""
    runbook: str = ""
    charts: tuple[ChartImage, ...] = ()
    """The detecting signal's curve, once it is drawn: a page never waits for it."""
    reason: str = ""
    """Why it paged and how sure that is, in one sentence; empty where no SLI broke."""
    below: str = ""
    """The next rung down, where no rule proposes one; empty at the bottom."""


@dataclass(frozen=True, slots=True)
class AnnouncementCard:
    """One per incident in the agent's channel, edited in place."""

    header: Header
    lines: tuple[SliLine, ...]
    rung: RungLine
    lead: str = ""
    update: str = ""
    """What people were last told, and when the next word is due."""
    updated_at: datetime | None = None
    update_due: datetime | None = None
    scopes: tuple[tuple[str, str], ...] = ()
    """(workflow, rung) of other scopes that are off the normal rung."""
