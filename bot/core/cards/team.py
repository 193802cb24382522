"""Cards about people and what they owe: handoffs, reminders, tasks, follow-ups, the action tray, the home tab."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.cards.parts import Header, Proposal, RungLine
from bot.core.incident.events import NudgeKind


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task. `number` is its place in the incident's list."""

    number: int
    item: str
    text: str
    person: str = ""
    done_by: str = ""


@dataclass(frozen=True, slots=True)
class FollowupLine:
    """One follow-up. `owner` is a name."""

    id: str
    number: str
    """The incident's public number."""
    agent: str
    text: str
    owner: str
    due: datetime
    done: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class HandoffCard:
    """Somebody is asked to take a role. `settled` once they answered; the buttons go."""

    header: Header
    role: str
    person: str
    asked_by: str
    settled: str = ""


@dataclass(frozen=True, slots=True)
class NudgeCard:
    """A reminder: what is owed, and the one tap that ends it. `count` of `most` such reminders."""

    header: Header
    nudge: NudgeKind
    text: str
    count: int
    most: int
    step_id: str = ""
    """The step that is over its time."""
    settled: str = ""
    """Set when it is owed no more: what became of it. The buttons go."""
    done: bool = True
    """Whether what was owed was done; a reminder also ends because nobody is asked any more."""


@dataclass(frozen=True, slots=True)
class TrayCard:
    """Everything that can be done on an incident now, for whoever asked."""

    header: Header
    rung: RungLine
    lead: str = ""
    proposal: Proposal | None = None
    restore_to: str = ""
    """The rung that a restore would be asked for; empty while none may be."""


@dataclass(frozen=True, slots=True)
class TaskList:
    """The tasks of an incident, the open ones first."""

    header: Header
    lines: tuple[TaskLine, ...]


@dataclass(frozen=True, slots=True)
class FollowupList:
    """Follow-ups, the ones due first, first. `title` says whose; `reminder`: sent to their owner, as they are due."""

    title: str
    lines: tuple[FollowupLine, ...]
    now: datetime
    reminder: bool = False


@dataclass(frozen=True, slots=True)
class HomeRow:
    """One line of the home tab. `value` is what its button carries."""

    text: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class HomeCard:
    """The home tab of one person. `extra` are sections that other parts add: (title, lines)."""

    name: str
    now: datetime
    responder: bool
    pages: tuple[Header, ...] = ()
    """Incidents that page this person and that nobody has acknowledged."""
    mine: tuple[Header, ...] = ()
    """Open incidents this person acknowledged, leads or owns."""
    others: tuple[Header, ...] = ()
    off_normal: tuple[HomeRow, ...] = ()
    """Agents off their normal rung."""
    followups: tuple[FollowupLine, ...] = ()
    cover: str = ""
    """Who has this person's pager and until when, or whose pager this person has."""
    covered: bool = False
    """True while somebody else has this person's pager."""
    agents: tuple[HomeRow, ...] = ()
    """Agents this person owns, each with its readiness in words."""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()
