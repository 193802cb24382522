"""The incident: its row, its legal moves, and what each event does to it (`product.md` sections 5 to 8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.core.diagnosis.attribution import Assessment
from bot.core.incident.effects import Effect
from bot.core.incident.events import IncidentKind, Roster, Severity, Suggestion, TimerKind
from bot.core.incident.incident_rungs import IncidentRungs
from bot.core.incident.timeline import Entry
from bot.core.model.alert import IncidentAlert
from bot.core.model.cause import CauseKind
from bot.core.model.people import Actor, EscalationPolicy
from bot.core.model.slis import Breach
from bot.core.runbooks.runbook import Plan, StepMark


class IncidentState(StrEnum):
    """Where an incident stands."""

    PAGING = "paging"
    RESPONDING = "responding"
    CONTAINED = "contained"
    RECOVERING = "recovering"
    RECOVERED = "recovered"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"


CLOSED = frozenset({IncidentState.RESOLVED, IncidentState.CANCELLED})
_ANY = frozenset(IncidentState) - CLOSED

MOVES: Mapping[str, Mapping[IncidentState, frozenset[IncidentState]]] = {
    "acknowledged": {
        IncidentState.PAGING: frozenset({IncidentState.RESPONDING, IncidentState.CONTAINED, IncidentState.RECOVERED}),
        IncidentState.RESPONDING: frozenset({IncidentState.RESPONDING}),
        IncidentState.CONTAINED: frozenset({IncidentState.CONTAINED}),
        IncidentState.RECOVERING: frozenset({IncidentState.RECOVERING}),
        IncidentState.RECOVERED: frozenset({IncidentState.RECOVERED}),
    },
    "passed_on": {
        IncidentState.PAGING: frozenset({IncidentState.PAGING}),
        IncidentState.RESPONDING: frozenset({IncidentState.RESPONDING, IncidentState.PAGING}),
        IncidentState.CONTAINED: frozenset({IncidentState.CONTAINED, IncidentState.PAGING}),
        IncidentState.RECOVERING: frozenset({IncidentState.RECOVERING}),
        IncidentState.RECOVERED: frozenset({IncidentState.RECOVERED}),
    },
    "timer_due": {
        IncidentState.PAGING: frozenset({IncidentState.PAGING}),
        IncidentState.RESPONDING: frozenset({IncidentState.RESPONDING, IncidentState.PAGING}),
        IncidentState.CONTAINED: frozenset({IncidentState.CONTAINED, IncidentState.PAGING}),
        IncidentState.RECOVERING: frozenset({IncidentState.RECOVERING}),
        IncidentState.RECOVERED: frozenset({IncidentState.RECOVERED}),
    },
    "rung_confirmed": {
        IncidentState.PAGING: frozenset({IncidentState.PAGING}),
        IncidentState.RESPONDING: frozenset({IncidentState.RESPONDING, IncidentState.CONTAINED}),
        IncidentState.CONTAINED: frozenset({IncidentState.CONTAINED}),
        IncidentState.RECOVERING: frozenset({IncidentState.RECOVERING}),
        IncidentState.RECOVERED: frozenset({IncidentState.RECOVERED}),
    },
    "containment_declared": {
        IncidentState.PAGING: frozenset({IncidentState.PAGING}),
        IncidentState.RESPONDING: frozenset({IncidentState.CONTAINED}),
        IncidentState.CONTAINED: frozenset({IncidentState.CONTAINED}),
    },
    "recovery_began": {
        IncidentState.RESPONDING: frozenset({IncidentState.RECOVERING}),
        IncidentState.CONTAINED: frozenset({IncidentState.RECOVERING}),
    },
    "recovery_reset": {
        IncidentState.RECOVERING: frozenset({IncidentState.RESPONDING, IncidentState.CONTAINED}),
        IncidentState.RECOVERED: frozenset({IncidentState.RESPONDING, IncidentState.CONTAINED}),
    },
    "recovery_held": {IncidentState.RECOVERING: frozenset({IncidentState.RECOVERED})},
    "sighted": {
        IncidentState.PAGING: frozenset({IncidentState.PAGING}),
        IncidentState.RESPONDING: frozenset({IncidentState.RECOVERED, IncidentState.RESPONDING}),
        IncidentState.CONTAINED: frozenset({IncidentState.RECOVERED, IncidentState.CONTAINED}),
        IncidentState.RECOVERING: frozenset({IncidentState.RECOVERING}),
    },
    "restore_asked": {
        IncidentState.RECOVERED: frozenset({IncidentState.RECOVERED}),
        IncidentState.RECOVERING: frozenset({IncidentState.RECOVERING}),
    },
    "rung_raised": {
        IncidentState.RECOVERED: frozenset({IncidentState.RECOVERING}),
        IncidentState.RECOVERING: frozenset({IncidentState.RECOVERING}),
    },
    "resolved": {state: frozenset({IncidentState.RESOLVED}) for state in _ANY},
    "cancelled": {state: frozenset({IncidentState.CANCELLED}) for state in _ANY},
    "reopened": {
        IncidentState.RESOLVED: frozenset({IncidentState.PAGING, IncidentState.RESPONDING}),
        IncidentState.CANCELLED: frozenset({IncidentState.PAGING, IncidentState.RESPONDING}),
    },
}
"""Every legal move: event kind -> from -> the states it may lead to. What is not here is refused.

`resolved` out of any state but `recovered` needs an override (`advance` insists); `restore_*` and `rung_raised` need
recovery evidence, which `permission` checks.
"""

STAYS = frozenset(
    {
        "alerted",
        "breached",
        "cleared",
        "clock_set_back",
        "doubted",
        "page_settled",
        "channel_ready",
        "paging_began",
        "step_marked",
        "rung_lowered",
        "rung_seen",
        "restore_declined",
        "plan_stopped",
        "severity_changed",
        "role_taken",
        "noted",
        "postmortem_drafted",
        "effect_failed",
        "page_asked",
        "postmortem_asked",
        "refused",
        "assessed",
        "attributed",
        "runbook_adopted",
        "followup_changed",
        "task_done",
        "handoff_offered",
        "handoff_declined",
        "nudged",
        "nudge_held",
        "evidence_gathered",
    }
)
"""Events that an open incident takes without changing its state."""

AFTERWARDS = frozenset(
    {
        "page_settled",
        "channel_ready",
        "rung_seen",
        "rung_confirmed",
        "noted",
        "postmortem_drafted",
        "postmortem_asked",
        "refused",
        "effect_failed",
        "attributed",
        "followup_changed",
        "task_done",
        "nudged",
        "nudge_held",
        "postmortem_finished",
        "evidence_gathered",
    }
)
"""Events that a closed incident still takes, without changing its state: late outcomes and after-work."""


@dataclass(frozen=True, slots=True)
class Timer:
    """A deadline kept in a row. `token` fences it: a timer whose token is gone from the incident does nothing."""

    kind: TimerKind
    token: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do now. `item` is `INCIDENT-tNUMBER`; `person` a key, empty while nobody was named."""

    item: str
    text: str
    person: str = ""
    by: str = ""
    done_at: datetime | None = None
    done_by: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A role that somebody is asked to take."""

    person: str
    by: Actor
    at: datetime
    card: str
    """Name of the card that asks."""


@dataclass(frozen=True, slots=True)
class Nudge:
    """How often one thing was reminded of. `about` tells occasions apart; a new one counts from zero."""

    about: str
    count: int = 0
    last_at: datetime | None = None
    held_until: datetime | None = None
    card: str = ""
    """Name of the card of the last reminder."""
    person: str = ""
    """Key of the person it went to directly; empty where it stands in the incident's channel."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a source said for the runbook, and when it was asked."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Escalation:
    """How far paging has come. `serial` counts pages, `step` the policy's steps, `rounds` pages to everyone."""

    serial: int = 0
    step: int = 0
    rounds: int = 0
    paged: tuple[str, ...] = ()
    """Keys of the people paged since paging (re)started, in order."""
    awaiting: tuple[str, ...] = ()
    """Keys of the pages of the newest serial that are not settled yet."""
    landed: bool = False
    """True when a page of the newest serial was sent by at least one way."""
    beside: tuple[str, ...] = ()
    """Keys of pages asked for beside the policy that are not settled yet."""
    exhausted: bool = False
    declined: tuple[str, ...] = ()
    """Keys of people who can't take it since paging (re)started: paged again only when nobody else is left."""
    episode: int = 0
    """How often paging began: at the start, and again each time an acknowledgement lapsed or the incident reopened."""


@dataclass(frozen=True, slots=True)
class NamedCause:
    """A cause by a person's word: confirmed, put in place of the bot's, or ruled out."""

    kind: CauseKind
    subject: str
    words: str
    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """One problem of one agent, as stored. `version` is the compare-and-set fence, `entries` the timeline's length."""

    id: int
    agent: str
    kind: IncidentKind
    title: str
    state: IncidentState
    severity: Severity
    opened_at: datetime
    roster: Roster
    policy: EscalationPolicy
    plan: Plan
    rungs: IncidentRungs
    version: int = 0
    entries: int = 0
    breaches: tuple[Breach, ...] = ()
    escalation: Escalation = field(default_factory=Escalation)
    timers: tuple[Timer, ...] = ()
    marks: Mapping[str, StepMark] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    suggestion: Suggestion | None = None
    channel: str = ""
    agent_channel: str = ""
    pages: bool = True
    exercise: bool = False
    received_at: datetime | None = None
    acked_by: str = ""
    acked_at: datetime | None = None
    active_at: datetime | None = None
    """The last sign of a person working on it; acknowledging lapses without one."""
    contained_at: datetime | None = None
    recovering_at: datetime | None = None
    recovered_at: datetime | None = None
    resolved_at: datetime | None = None
    last_reset: str = ""
    resets: int = 0
    hold_from: int = 0
    """Recovery minutes before this one do not count: the minute after the last restore, else onset."""
    relapses: int = 0
    postmortem: str = ""
    override: str = ""
    """Why it was closed although `unmet` was owed."""
    unmet: tuple[str, ...] = ()
    left_on: str = ""
    followups: tuple[str, ...] = ()
    """What they say; who does them and by when stands in rows of their own (`followup.py`)."""
    tasks: tuple[Task, ...] = ()
    offers: Mapping[str, Offer] = field(default_factory=dict)
    """Roles that somebody was asked to take, by role."""
    nudges: Mapping[str, Nudge] = field(default_factory=dict)
    updated_at: datetime | None = None
    """When people were last told how it stands."""
    update: str = ""
    """What they were told."""
    doubt: str = ""
    """Why its numbers are not to be trusted now; empty while they are whole."""
    captured: tuple[str, ...] = ()
    """Messages taken over from the chat (`CHANNEL|TS`)."""
    postmortem_done_at: datetime | None = None
    gathered: Mapping[str, Gathered] = field(default_factory=dict)
    """What sources said, by what was asked."""
    assessment: Assessment | None = None
    """What the bot last made of the evidence."""
    cause: NamedCause | None = None
    """What a person says it was; the bot's own opinion is never recorded as that."""
    ruled_out: tuple[NamedCause, ...] = ()
    playbook: str = ""
    """The playbook whose runbook was adopted."""
    alerts: tuple[IncidentAlert, ...] = ()
    """Alerts of other systems, each as it was told last."""
    alerts_cut: bool = False
    """More came than are told one by one."""

    @property
    def number(self) -> str:
        """The public number: `INC-0042`."""
        return f"INC-{self.id:04d}"

    @property
    def by_clock(self) -> bool:
        """Whether recovery is told by the clock. A blind agent on its normal rung has recovered when data is back."""
        return self.kind != "blind" or self.rungs.epoch > 0 or self.rungs.rung != self.rungs.normal

    @property
    def open(self) -> bool:
        """True until somebody resolved or cancelled it."""
        return self.state not in CLOSED

    @property
    def tool_fault(self) -> str:
        """The tool at fault, by a person's word, else by the evidence: no reason to demote the agent by rule."""
        if self.cause is not None:
            return self.cause.subject or "a tool" if self.cause.kind == "tool" else ""
        found = self.assessment.tool_fault if self.assessment else ""
        return "" if ("tool", found) in {(one.kind, one.subject) for one in self.ruled_out} else found


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from an event: the new row, what to write down, what to do. Stored in one transaction."""

    incident: Incident
    entries: tuple[Entry, ...] = ()
    effects: tuple[Effect, ...] = ()
    drop: tuple[str, ...] = ()
    """Key prefixes of pending effects that are no longer wanted (an acknowledged page)."""


def check_move(before: IncidentState, kind: str, after: IncidentState) -> None:
    """Raise IllegalMove unless the tables allow this event to lead from one state to the other."""
    if before in CLOSED:
        allowed = MOVES["reopened"][before] if kind == "reopened" else frozenset({before} if kind in AFTERWARDS else ())
    elif kind in STAYS:
        allowed = frozenset({before})
    else:
        allowed = MOVES.get(kind, {}).get(before, frozenset())
    if after not in allowed:
        words = kind.replace("_", " ")
        raise IllegalMove(f"The incident is {before}: {words} is not possible now.")


class IllegalMove(Exception):  # noqa: N818 - the sentence goes to a person, it is an answer
    """The event does not fit the incident's state; nothing changes. The message says why and what would."""
