"""What people are shown, as values: one dataclass a card (`slack.md`, "Cards").

Slack draws them as blocks, the CLI as text. They are built by `engine/views.py` from the stored state at the moment
they are shown, so that an edit always shows the truth. Every string may hold untrusted text: whoever draws it escapes
it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.cause import CauseKind
from bot.core.events import IncidentKind, Severity
from bot.core.runbook import Outcome, Phase, StepKind

ClockState = Literal["waiting", "running", "paused", "reset", "held", "off"]
ConfirmState = Literal["none", "requested", "seen", "confirmed", "not-confirmed"]


@dataclass(frozen=True, slots=True)
class Header:
    """What every incident card begins with. `owner` is a name, `owner_slack` a user id or empty."""

    incident_id: int
    number: str
    agent: str
    title: str
    incident_kind: IncidentKind
    severity: Severity
    state: str
    opened_at: datetime
    now: datetime
    owner: str
    owner_slack: str = ""
    acked_by: str = ""
    acked_at: datetime | None = None
    exercise: bool = False
    channel: str = ""
    episode: int = 1
    """Which run of paging this is: a pager that merges repeats must not merge across runs."""
    mark: str = ""
    """Stands before the title wherever the card is shown; who wires the chat sets it."""


@dataclass(frozen=True, slots=True)
class SliLine:
    """One SLI: now against its objective, baseline and recovery band. Numbers in `unit`, None when unknown."""

    name: str
    title: str
    workflow: str
    unit: str
    now: float | None
    n: float | None
    objective: str
    baseline: float | None
    band: float | None
    """The recovery limit: the baseline worsened by its tolerance."""
    better: Literal["higher", "lower"]
    status: Literal["breach", "in-band", "out-of-band", "ok", "unknown", "exempt"]
    why: str = ""


@dataclass(frozen=True, slots=True)
class RungLine:
    """The rung, and what is known of it. `seen` of `instances` have read it back; `seconds` it took."""

    rung: str
    normal: str
    may: str
    state: ConfirmState = "none"
    seen: int = 0
    instances: int = 0
    seconds: float | None = None
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rung to step down to, and the rule that proposes it in words."""

    rung: str
    may: str
    rule: str


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


@dataclass(frozen=True, slots=True)
class AnnouncementCard:
    """One per incident in the agent's channel, edited in place."""

    header: Header
    lines: tuple[SliLine, ...]
    rung: RungLine


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
    followups: tuple[str, ...] = ()
    postmortem: str = ""
    resolved: str = ""


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
    """For a late joiner: what, since when, tried, now, next, who. Fits one phone screen."""

    header: Header
    what: str
    since: str
    tried: tuple[str, ...]
    now_line: str
    next_line: str
    who: str


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
