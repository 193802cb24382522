"""Cards of the fleet and of one agent."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.cards.parts import RungLine, SliLine


@dataclass(frozen=True, slots=True)
class AgentRow:
    """One agent in a list."""

    agent: str
    owner: str
    rung: RungLine
    lines: tuple[SliLine, ...]
    incident: str = ""
    since: datetime | None = None
    by: str = ""
    until: datetime | None = None
    findings: tuple[str, ...] = ()
    """What the agent reports and nobody watches, and what of it was refused: open tickets, in sentences."""


@dataclass(frozen=True, slots=True)
class FleetCard:
    """A list of agents: all of them, or those off their normal rung."""

    title: str
    rows: tuple[AgentRow, ...]
    now: datetime
    empty: str = ""
    findings: tuple[str, ...] = ()
    """The same of nobody's agent: series of agents that the fleet file does not list."""


@dataclass(frozen=True, slots=True)
class AgentCard:
    """One agent: who owns it, its numbers, its rung and ladder. Buttons down to any rung, and restore."""

    row: AgentRow
    summary: str
    scope: str
    deputy: str
    manager: str
    ladder: tuple[tuple[str, str], ...]
    """(rung, what the agent may do), top down."""
    now: datetime
    owner_slack: str = ""


@dataclass(frozen=True, slots=True)
class ReadyLine:
    """One question of readiness: the answer in words, and the one thing to do where it is not met."""

    title: str
    why: str
    next: str = ""
    stage: str = ""
    unknown: bool = False
    """Nobody has looked; that is not met either."""


@dataclass(frozen=True, slots=True)
class ReadyCard:
    """May an agent go live? What is missing first: what production needs, then what reliable production needs."""

    agent: str
    headline: str
    missing: tuple[ReadyLine, ...]
    later: tuple[ReadyLine, ...]
    met: tuple[ReadyLine, ...]


@dataclass(frozen=True, slots=True)
class AgentChange:
    """One change, in words. `by` empty: nobody said who."""

    at: datetime
    words: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class AgentChangesCard:
    """What changed on one agent within `span` before `now`, the newest first."""

    agent: str
    changes: tuple[AgentChange, ...]
    span: timedelta
    now: datetime
