"""Cards of one incident: its state, phases, recovery clock and timeline."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.cards.page import ChartImage
from bot.core.cards.parts import Header, Proposal, RungLine, SliLine
from bot.core.cards.team import FollowupLine, TaskLine
from bot.core.runbooks.runbook import Outcome, Phase, StepKind

ClockState = Literal["waiting", "running", "paused", "reset", "held", "off"]


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
class BreachesCard:
    """Every SLI that joined an incident, on one message that is edited: what concerns the most tasks first."""

    header: Header
    lines: tuple[SliLine, ...]


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
    as_of: datetime | None = None
    """When the evidence beside the steps was gathered; None where there is none."""


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
    plan_to: str = ""
    """The rung a restore plan would lead to, where more than one restore is to come."""
    plan: str = ""
    """How far an approved restore plan has come, or why it was stopped; the button stands while `plan_walks`."""
    plan_walks: bool = False
    reason: str = ""
    """Why it paged and how sure that is, in one sentence; empty where no SLI broke."""
    charts: tuple[ChartImage, ...] = ()
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
    unmet: tuple[str, ...] = ()
    """What was owed and not there when it was closed by override."""
    scopes: tuple[tuple[str, str], ...] = ()
    """(workflow, rung) of other scopes that are off the normal rung."""


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One incident in a list."""

    header: Header
    headline: str


@dataclass(frozen=True, slots=True)
class IncidentList:
    """Open incidents, newest first."""

    rows: tuple[IncidentLine, ...]
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
