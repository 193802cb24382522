"""What can happen to an incident. An event is a fact: it happened, at a time, by an actor.

Folding the events of an incident over `incident.advance` gives its row (`product.md` section 5); so every event carries
all that the fold needs, and none of it is looked up later. Each class has a `kind` for storage.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from bot.core.diagnosis.attribution import Assessment
from bot.core.model.alert import IncidentAlert
from bot.core.model.cause import CauseKind
from bot.core.model.people import Actor, EscalationPolicy
from bot.core.model.restore_plan import PlanStep
from bot.core.model.samples import Series
from bot.core.model.slis import Breach
from bot.core.runbooks.runbook import Outcome, Plan

IncidentKind = Literal["slo", "blind", "manual", "lost-state", "alert"]
Severity = Literal["SEV1", "SEV2", "SEV3", "SEV4"]
PageOutcome = Literal["sent", "failed", "unknown", "late"]
Verdict = Literal["confirmed", "corrected", "ruled-out"]
"""A person's word on a cause."""
"""`late`: it does not get through and is tried on; nobody waits for it any more."""
TimerKind = Literal["escalate", "ack-reminder", "ack-lapse", "confirm", "rung-until", "plan-end", "watch-end", "nudge"]
Role = Literal["lead", "communications", "scribe"]
NudgeKind = Literal["lead", "update", "step", "restore", "postmortem"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A rung that a rule proposes, with the rule in words."""

    rung: str
    rule: str
    auto: bool = False


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is paged as what, and by which ways, snapshotted when the incident opens. Keys of people."""

    owner: str
    deputy: str = ""
    manager: str = ""
    everyone: tuple[str, ...] = ()
    ways: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Person key -> kinds of ways, Slack first."""
    phones: Mapping[str, str] = field(default_factory=dict)
    """Person key -> phone number, for a person to call when no page arrives."""
    covers: Mapping[str, str] = field(default_factory=dict)
    """Person key -> who is paged instead: the pager was handed over for a time."""
    covered: Mapping[str, str] = field(default_factory=dict)
    """`owner`, `deputy` or `manager` -> whose role it is, where somebody else has their pager."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The incident began. `pages` False: it is posted, nobody is woken (a blind agent on `approval` or lower)."""

    at: datetime
    actor: Actor
    incident_id: int
    agent: str
    incident_kind: IncidentKind
    title: str
    severity: Severity
    roster: Roster
    rung: str
    normal_rung: str
    breaches: tuple[Breach, ...] = ()
    policy: EscalationPolicy = field(default_factory=EscalationPolicy)
    plan: Plan = field(default_factory=lambda: Plan("none", "No runbook"))
    suggestion: Suggestion | None = None
    agent_channel: str = ""
    pages: bool = True
    exercise: bool = False
    received_at: datetime | None = None
    """When the sample that completed the breach arrived; the page's latency counts from here."""
    kind: Literal["opened"] = "opened"


@dataclass(frozen=True, slots=True)
class Breached:
    """One more SLI of the agent breached and joins the open incident."""

    at: datetime
    actor: Actor
    breach: Breach
    suggestion: Suggestion | None = None
    severity: Severity | None = None
    kind: Literal["breached"] = "breached"


@dataclass(frozen=True, slots=True)
class Cleared:
    """A breached SLI met its objective again for its sustain time. Never closes anything."""

    at: datetime
    actor: Actor
    series: Series
    why: str
    kind: Literal["cleared"] = "cleared"


@dataclass(frozen=True, slots=True)
class Alerted:
    """Another system told alerts of this agent: they fire, or no longer do. Never closes anything.

    `cut`: there are more than are told one by one.
    """

    at: datetime
    actor: Actor
    alerts: tuple[IncidentAlert, ...]
    severity: Severity | None = None
    cut: bool = False
    kind: Literal["alerted"] = "alerted"


@dataclass(frozen=True, slots=True)
class Doubted:
    """The numbers of this incident's SLIs came into doubt, as `why` says; an empty one: they are whole again."""

    at: datetime
    actor: Actor
    why: str
    kind: Literal["doubted"] = "doubted"


@dataclass(frozen=True, slots=True)
class Sighted:
    """A blind agent reports again."""

    at: datetime
    actor: Actor
    why: str
    kind: Literal["sighted"] = "sighted"


@dataclass(frozen=True, slots=True)
class TimerDue:
    """A deadline stored with the incident has passed. `token` must match, or the timer is stale."""

    at: datetime
    actor: Actor
    timer: TimerKind
    token: str
    kind: Literal["timer_due"] = "timer_due"


@dataclass(frozen=True, slots=True)
class ClockSetBack:
    """The machine's clock was set back by so many seconds. Deadlines move with it, or each would come so much later."""

    at: datetime
    actor: Actor
    seconds: float
    kind: Literal["clock_set_back"] = "clock_set_back"


@dataclass(frozen=True, slots=True)
class PageSettled:
    """How one page went."""

    at: datetime
    actor: Actor
    page_key: str
    person: str
    way: str
    outcome: PageOutcome
    detail: str = ""
    latency_ms: float | None = None
    kind: Literal["page_settled"] = "page_settled"


@dataclass(frozen=True, slots=True)
class ChannelReady:
    """The incident's channel exists."""

    at: datetime
    actor: Actor
    channel: str
    name: str
    kind: Literal["channel_ready"] = "channel_ready"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A person took the page. Stops every pending page, everywhere."""

    at: datetime
    actor: Actor
    kind: Literal["acknowledged"] = "acknowledged"


@dataclass(frozen=True, slots=True)
class PassedOn:
    """A paged person can't take it: the next one is paged at once."""

    at: datetime
    actor: Actor
    reason: str = ""
    kind: Literal["passed_on"] = "passed_on"


@dataclass(frozen=True, slots=True)
class PagingBegan:
    """An incident that was only posted begins to page: what made silence acceptable is over."""

    at: datetime
    actor: Actor
    why: str
    kind: Literal["paging_began"] = "paging_began"


@dataclass(frozen=True, slots=True)
class StepMarked:
    """A runbook step was marked."""

    at: datetime
    actor: Actor
    step_id: str
    outcome: Outcome
    note: str = ""
    kind: Literal["step_marked"] = "step_marked"


@dataclass(frozen=True, slots=True)
class RungLowered:
    """A lower rung was requested: published to the agent, not yet read back.

    From a rung to itself it is pinned: committed, so that no fleet file moves it.
    """

    at: datetime
    actor: Actor
    workflow: str
    from_rung: str
    to_rung: str
    epoch: int
    reason: str
    until: datetime | None = None
    confirm_within: int = 60
    follows: int | None = None
    """Set where state was lost: the newest epoch that the database knew before it."""
    kind: Literal["rung_lowered"] = "rung_lowered"


@dataclass(frozen=True, slots=True)
class RungSeen:
    """Some, not all, live instances have read back the requested rung."""

    at: datetime
    actor: Actor
    epoch: int
    seen: int
    instances: int
    kind: Literal["rung_seen"] = "rung_seen"


@dataclass(frozen=True, slots=True)
class RungConfirmed:
    """Every live instance read back the requested rung. `seconds` since it was requested."""

    at: datetime
    actor: Actor
    epoch: int
    seen: int
    instances: int
    seconds: float
    kind: Literal["rung_confirmed"] = "rung_confirmed"


@dataclass(frozen=True, slots=True)
class ContainmentDeclared:
    """A person says the agent is contained by other means, and how."""

    at: datetime
    actor: Actor
    reason: str
    kind: Literal["containment_declared"] = "containment_declared"


@dataclass(frozen=True, slots=True)
class RestoreAsked:
    """Somebody asks to go one rung up; a second person must agree."""

    at: datetime
    actor: Actor
    from_rung: str
    to_rung: str
    reason: str
    evidence: str
    workflow: str = ""
    then: tuple[PlanStep, ...] = ()
    """Further restores that the same approval would cover: a restore plan."""
    kind: Literal["restore_asked"] = "restore_asked"


@dataclass(frozen=True, slots=True)
class RestoreDeclined:
    """The second person said no."""

    at: datetime
    actor: Actor
    reason: str
    kind: Literal["restore_declined"] = "restore_declined"


@dataclass(frozen=True, slots=True)
class RungRaised:
    """One rung up: asked by one person, approved by another (`actor`)."""

    at: datetime
    actor: Actor
    from_rung: str
    to_rung: str
    epoch: int
    reason: str
    asked_by: Actor
    workflow: str = ""
    confirm_within: int = 60
    normal: str = ""
    """The agent's normal rung by the fleet file of now; "": as when the incident opened."""
    then: tuple[PlanStep, ...] = ()
    """The restores to come that this one's approval covers."""
    by_plan: bool = False
    """Made by the bot, in the names of the two people who approved the plan that it stands in."""
    kind: Literal["rung_raised"] = "rung_raised"


@dataclass(frozen=True, slots=True)
class PlanStopped:
    """A restore plan goes no further: somebody said so, or the numbers did (`actor` is the bot)."""

    at: datetime
    actor: Actor
    why: str
    kind: Literal["plan_stopped"] = "plan_stopped"


@dataclass(frozen=True, slots=True)
class RecoveryBegan:
    """Every breached SLI is back in its recovery band."""

    at: datetime
    actor: Actor
    minute: int
    why: str
    kind: Literal["recovery_began"] = "recovery_began"


@dataclass(frozen=True, slots=True)
class RecoveryReset:
    """A bad minute, or too long without data, put the clock back to zero."""

    at: datetime
    actor: Actor
    minute: int
    why: str
    kind: Literal["recovery_reset"] = "recovery_reset"


@dataclass(frozen=True, slots=True)
class RecoveryHeld:
    """The band held for 30 consecutive judged minutes ending with `minute`."""

    at: datetime
    actor: Actor
    minute: int
    why: str
    kind: Literal["recovery_held"] = "recovery_held"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A person closed the incident. `override`: why, although `unmet` was owed; `left_on` why the rung stays lower."""

    at: datetime
    actor: Actor
    reason: str = ""
    override: str = ""
    left_on: str = ""
    unmet: tuple[str, ...] = ()
    """What was owed and not there when it was overridden, as it was told to whoever did."""
    kind: Literal["resolved"] = "resolved"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A false alarm, with the reason."""

    at: datetime
    actor: Actor
    reason: str
    kind: Literal["cancelled"] = "cancelled"


@dataclass(frozen=True, slots=True)
class Reopened:
    """The incident is open again: a breach within 2 h of resolving (a relapse), or a person's word."""

    at: datetime
    actor: Actor
    why: str
    breach: Breach | None = None
    rung: str = ""
    """The rung in force now: another incident may have changed it meanwhile."""
    kind: Literal["reopened"] = "reopened"


@dataclass(frozen=True, slots=True)
class SeverityChanged:
    """A person set the severity."""

    at: datetime
    actor: Actor
    severity: Severity
    reason: str = ""
    kind: Literal["severity_changed"] = "severity_changed"


@dataclass(frozen=True, slots=True)
class RoleTaken:
    """Somebody took, or was given, a role."""

    at: datetime
    actor: Actor
    role: Role
    person: str
    kind: Literal["role_taken"] = "role_taken"


@dataclass(frozen=True, slots=True)
class Noted:
    """A line for the timeline: a note, a task or a follow-up."""

    at: datetime
    actor: Actor
    text: str
    sort: Literal["note", "task", "followup", "update", "attribution"] = "note"
    person: str = ""
    """Key of the person who is to do it; empty: whoever takes it (a task), the agent's owner (a follow-up)."""
    due: datetime | None = None
    item: str = ""
    """Id of the task or follow-up that it makes."""
    said_at: datetime | None = None
    """When it was said, where it was taken over from the chat later."""
    source: str = ""
    """`CHANNEL|TS` of the message it was taken from; taking it again changes nothing."""
    kind: Literal["noted"] = "noted"


@dataclass(frozen=True, slots=True)
class FollowupChanged:
    """A follow-up was done, moved to another day, given to somebody else, or linked to where it is tracked."""

    at: datetime
    actor: Actor
    item: str
    done: bool = False
    due: datetime | None = None
    person: str = ""
    link: str = ""
    kind: Literal["followup_changed"] = "followup_changed"


@dataclass(frozen=True, slots=True)
class TaskDone:
    """A task of the incident is done."""

    at: datetime
    actor: Actor
    item: str
    kind: Literal["task_done"] = "task_done"


@dataclass(frozen=True, slots=True)
class HandoffOffered:
    """Somebody asks a person (a key) to take a role; it is theirs when they accept."""

    at: datetime
    actor: Actor
    role: Role
    person: str
    kind: Literal["handoff_offered"] = "handoff_offered"


@dataclass(frozen=True, slots=True)
class HandoffDeclined:
    """The person does not take the role that was offered."""

    at: datetime
    actor: Actor
    role: Role
    kind: Literal["handoff_declined"] = "handoff_declined"


@dataclass(frozen=True, slots=True)
class Nudged:
    """Something is owed and a reminder goes out (`slack.md`, "Nudges"). `about` tells occasions apart."""

    at: datetime
    actor: Actor
    nudge: NudgeKind
    about: str
    kind: Literal["nudged"] = "nudged"


@dataclass(frozen=True, slots=True)
class NudgeHeld:
    """A reminder waits: a person snoozed it, or it is night where the person is."""

    at: datetime
    actor: Actor
    nudge: NudgeKind
    about: str
    until: datetime
    kind: Literal["nudge_held"] = "nudge_held"


@dataclass(frozen=True, slots=True)
class PostmortemFinished:
    """A person says that the postmortem is written and read."""

    at: datetime
    actor: Actor
    kind: Literal["postmortem_finished"] = "postmortem_finished"


@dataclass(frozen=True, slots=True)
class EvidenceGathered:
    """What a source said for a step of the runbook, asked off the drawing path. `at` is when it was asked."""

    at: datetime
    actor: Actor
    found: tuple[tuple[str, str], ...]
    """(what was asked, as the runbook names it; what it said)."""
    kind: Literal["evidence_gathered"] = "evidence_gathered"


@dataclass(frozen=True, slots=True)
class PostmortemDrafted:
    """The draft was written. `where` is a file path or Slack file id, never a secret URL."""

    at: datetime
    actor: Actor
    where: str
    gaps: int
    kind: Literal["postmortem_drafted"] = "postmortem_drafted"


@dataclass(frozen=True, slots=True)
class EffectFailed:
    """Something wanted could not be done for good. It is said, never swallowed."""

    at: datetime
    actor: Actor
    effect_key: str
    why: str
    kind: Literal["effect_failed"] = "effect_failed"


@dataclass(frozen=True, slots=True)
class Assessed:
    """What the bot makes of the evidence: causes, most likely first, and playbooks that fit."""

    at: datetime
    actor: Actor
    assessment: Assessment
    kind: Literal["assessed"] = "assessed"


@dataclass(frozen=True, slots=True)
class Attributed:
    """A person's word on a cause. `subject` is the tool or the change it is about, `words` what people call it."""

    at: datetime
    actor: Actor
    cause: CauseKind
    verdict: Verdict
    subject: str = ""
    words: str = ""
    note: str = ""
    kind: Literal["attributed"] = "attributed"


@dataclass(frozen=True, slots=True)
class RunbookAdopted:
    """A person walks the runbook of a playbook from here on. What was marked before stays."""

    at: datetime
    actor: Actor
    playbook: str
    plan: Plan
    kind: Literal["runbook_adopted"] = "runbook_adopted"


@dataclass(frozen=True, slots=True)
class PageAsked:
    """A person asks for one more person (a key) to be paged."""

    at: datetime
    actor: Actor
    person: str
    why: str
    kind: Literal["page_asked"] = "page_asked"


@dataclass(frozen=True, slots=True)
class PostmortemAsked:
    """A person asks for the draft now."""

    at: datetime
    actor: Actor
    kind: Literal["postmortem_asked"] = "postmortem_asked"


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody wanted something done that they may not. `actor` is the bot: a refused act is no sign of work."""

    at: datetime
    actor: Actor
    who: Actor
    why: str
    kind: Literal["refused"] = "refused"


Event = (
    Opened
    | Breached
    | Cleared
    | Alerted
    | Doubted
    | Sighted
    | TimerDue
    | ClockSetBack
    | PageSettled
    | ChannelReady
    | Acknowledged
    | PassedOn
    | PagingBegan
    | StepMarked
    | RungLowered
    | RungSeen
    | RungConfirmed
    | ContainmentDeclared
    | RestoreAsked
    | RestoreDeclined
    | RungRaised
    | PlanStopped
    | RecoveryBegan
    | RecoveryReset
    | RecoveryHeld
    | Resolved
    | Cancelled
    | Reopened
    | SeverityChanged
    | RoleTaken
    | Noted
    | FollowupChanged
    | TaskDone
    | HandoffOffered
    | HandoffDeclined
    | Nudged
    | NudgeHeld
    | PostmortemFinished
    | EvidenceGathered
    | PostmortemDrafted
    | EffectFailed
    | Assessed
    | Attributed
    | RunbookAdopted
    | PageAsked
    | PostmortemAsked
    | Refused
)
