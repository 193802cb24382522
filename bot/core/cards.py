"""What people are shown, as values: one dataclass a card (`slack.md`, "Cards").

Slack draws them as blocks, the CLI as text. They are built by `engine/views.py` from the stored state at the moment
they are shown, so that an edit always shows the truth. Every string may hold untrusted text: whoever draws it escapes
it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.card_parts import ConfirmState, Header, Proposal, RungLine, SliLine
from bot.core.cause import CauseKind
from bot.core.drill_cards import ConsoleCard, HotWashCard
from bot.core.runbook import Outcome, Phase, StepKind
from bot.core.team_cards import (
    FollowupLine,
    FollowupList,
    HandoffCard,
    HomeCard,
    HomeRow,
    NudgeCard,
    TaskLine,
    TaskList,
    TrayCard,
)

__all__ = [
    "ConfirmState",
    "ConsoleCard",
    "FollowupLine",
    "FollowupList",
    "HandoffCard",
    "Header",
    "HomeCard",
    "HomeRow",
    "HotWashCard",
    "NudgeCard",
    "Proposal",
    "RungLine",
    "SliLine",
    "TaskLine",
    "TaskList",
    "TrayCard",
]

ClockState = Literal["waiting", "running", "paused", "reset", "held", "off"]


@dataclass(frozen=True, slots=True)
class Picture:
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
    charts: tuple[Picture, ...] = ()
    """The detecting signal's curve, once it is drawn: a page never waits for it."""
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


@dataclass(frozen=True, slots=True)
class PhaseProgress:
    """How far a phase is."""

    phase: Phase
    settled: int
    total: int
    done: bool


@dataclass(frozen=True, slots=True)
class IncidentCard:
    """The pinned card of the incident's channel."""

    header: Header
    lines: tuple[SliLine, ...]
    rung: RungLine
    roles: tuple[tuple[str, str], ...]
    phases: tuple[PhaseProgress, ...]
    next_phase: str = ""
    next_step: str = ""
    proposal: Proposal | None = None
    clock: str = ""
    """The recovery clock in one sentence, empty before recovery is judged."""
    residue: str = ""
    """What a step down cannot recall."""
    cause: str = ""
    """The cause by a person's word, else what the evidence looks like; empty before anything was looked at."""
    update_due: datetime | None = None
    tasks: tuple[TaskLine, ...] = ()
    """Tasks that nobody has done yet."""
    scopes: tuple[tuple[str, str], ...] = ()
    """(workflow, rung) of other scopes that are off the normal rung."""


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of a phase card, with the evidence the bot gathered and what became of it."""

    id: str
    title: str
    text: str
    kind: StepKind
    required: bool
    timebox: int | None = None
    evidence: tuple[str, ...] = ()
    outcome: Outcome | Literal["open"] = "open"
    note: str = ""
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PhaseCard:
    """One runbook phase with its steps."""

    header: Header
    phase: Phase
    runbook: str
    steps: tuple[StepLine, ...]
    done: bool
    goal: str = ""


@dataclass(frozen=True, slots=True)
class AutonomyCard:
    """One change of rung, down or up, and how far the agent has obeyed."""

    header: Header | None
    agent: str
    workflow: str
    from_rung: str
    to_rung: str
    by: str
    at: datetime
    reason: str
    may: str
    rung: RungLine
    until: datetime | None = None
    residue: str = ""
    lower: Proposal | None = None
    """The next rung down, offered when NOT CONFIRMED."""
    undo: bool = False
    """True where a restore back to `from_rung` may be asked for from this card."""


@dataclass(frozen=True, slots=True)
class RestoreCard:
    """A restore that waits for a second person."""

    header: Header
    from_rung: str
    to_rung: str
    may: str
    asked_by: str
    asked_by_slack: str
    reason: str
    evidence: str
    settled: str = ""
    """How it ended: "Approved by Bo", "Declined by Bo: too early"; the buttons go."""


@dataclass(frozen=True, slots=True)
class RecoveryCard:
    """The recovery clock, edited in place each minute."""

    header: Header
    lines: tuple[SliLine, ...]
    minutes: int
    needed: int
    state: ClockState
    sentence: str
    last_reset: str = ""
    rung: RungLine | None = None
    restore_to: str = ""
    """The rung a restore would lead to, empty where none may be asked for yet."""
    restore_wait: str = ""
    """Why no restore may be asked for yet."""
    charts: tuple[Picture, ...] = ()
    """The curves of the breached SLIs."""


@dataclass(frozen=True, slots=True)
class ResolveCard:
    """What stands between recovered and resolved, and afterwards the incident in figures."""

    header: Header
    times: tuple[tuple[str, str], ...]
    rung: RungLine
    barred_by: tuple[str, ...] = ()
    """What is still owed before a resolve without override."""
    followups: tuple[FollowupLine, ...] = ()
    postmortem: str = ""
    postmortem_done: bool = False
    resolved: str = ""
    scopes: tuple[tuple[str, str], ...] = ()
    """(workflow, rung) of other scopes that are off the normal rung."""


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


@dataclass(frozen=True, slots=True)
class FleetCard:
    """A list of agents: all of them, or those off their normal rung."""

    title: str
    rows: tuple[AgentRow, ...]
    now: datetime
    empty: str = ""


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
class IncidentRow:
    """One incident in a list."""

    header: Header
    headline: str


@dataclass(frozen=True, slots=True)
class IncidentList:
    """Open incidents, newest first."""

    rows: tuple[IncidentRow, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One entry of the timeline."""

    at: datetime
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class TimelineCard:
    """The newest entries, oldest first; `earlier` more are not shown."""

    header: Header
    lines: tuple[TimelineLine, ...]
    earlier: int = 0


@dataclass(frozen=True, slots=True)
class CatchupCard:
    """For a late joiner: what, since when, impact, tried, now, next, who. Fits one phone screen."""

    header: Header
    what: str
    since: datetime
    tried: tuple[tuple[datetime, str], ...]
    now_line: str
    next_line: str
    who: str
    impact: str = ""
    """In numbers, as far as they are known: `12 min past the objective, about 310 tasks`."""


@dataclass(frozen=True, slots=True)
class GroundLine:
    """One piece of evidence for or against a cause; `points` in doublings of the odds, negative against."""

    words: str
    points: float
    why: str


@dataclass(frozen=True, slots=True)
class CauseLine:
    """One possible cause. `share` 0 to 1, of all causes and of none of them."""

    rank: int
    kind: CauseKind
    subject: str
    words: str
    share: float
    grounds: tuple[GroundLine, ...]
    ruled_out_by: str
    ruled_out: str = ""
    """By whom and why, where a person ruled it out."""


@dataclass(frozen=True, slots=True)
class PlaybookLine:
    """A playbook that fits, with the signals that matched."""

    name: str
    title: str
    runbook: str
    seen: tuple[str, ...]
    missing: tuple[str, ...]
    rung: str
    advice: str
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class CausesCard:
    """What is behind an incident, as far as the numbers tell. `sentence` is the finding in one line."""

    header: Header
    sentence: str
    at: datetime | None
    onset: datetime | None
    causes: tuple[CauseLine, ...] = ()
    playbooks: tuple[PlaybookLine, ...] = ()
    unseen: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    named: str = ""
    """The cause by a person's word: "the tool ledger (Ana, 02:41 UTC)"."""
    changes: tuple[str, ...] = ()
    """What was posted around the onset, newest first."""


@dataclass(frozen=True, slots=True)
class NoticeCard:
    """A line to one person that belongs to no incident."""

    text: str


Card = (
    PageCard
    | AnnouncementCard
    | IncidentCard
    | PhaseCard
    | AutonomyCard
    | RestoreCard
    | RecoveryCard
    | ResolveCard
    | FleetCard
    | AgentCard
    | IncidentList
    | TimelineCard
    | CatchupCard
    | CausesCard
    | HandoffCard
    | NudgeCard
    | TrayCard
    | TaskList
    | FollowupList
    | HomeCard
    | NoticeCard
    | ConsoleCard
    | HotWashCard
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command says back. `ok` False: refused, and `text` says why and who could; nothing changed."""

    text: str
    ok: bool = True
    card: Card | None = None
    incident_id: int | None = None
    curve: tuple[str, str] | None = None
    """(agent, SLI) whose chart belongs to the answer; it is drawn after the words are out."""
