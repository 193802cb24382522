"""Approvals: a write that waits for a person, from the question to its one end (`enforcement.md` section 2).

`pending` ends as `approved`, `denied`, `expired` or `withdrawn`, once. Nobody answering is no denial, and is told as
what it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.core.formatting.numbers import short
from bot.core.model.fleet import Agent
from bot.core.model.people import Actor, same_person
from bot.core.model.tools import Reversible


class ApprovalState(StrEnum):
    """Where an approval stands."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class ApprovalClosedError(Exception):
    """The answer comes too late, or this person may not give it; the sentence says which."""


@dataclass(frozen=True, slots=True)
class ApprovalAnswer:
    """What one person said, and when."""

    by: Actor
    at: datetime
    approve: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """A question to a person. `due`: until when it may be answered; `needed`: how many people have to approve it.

    `requester`: the person for whom the agent acts, as a key or a Slack id; "" where it acts for nobody.
    """

    id: str
    agent: str
    tool: str
    asked_at: datetime
    due: datetime
    workflow: str = ""
    task: str = ""
    what: str = ""
    arguments: str = ""
    amount: float | None = None
    reversible: Reversible = "unknown"
    evidence: str = ""
    requester: str = ""
    needed: int = 1
    state: ApprovalState = ApprovalState.PENDING
    answers: tuple[ApprovalAnswer, ...] = ()
    ended_at: datetime | None = None
    why: str = ""
    """How it ended, where no answer says it."""
    version: int = 0

    @property
    def open(self) -> bool:
        """Whether it may still be answered."""
        return self.state is ApprovalState.PENDING


def people_needed(agent: Agent, amount: float | None) -> int:
    """One person; two above the agent's amount, and where nobody can say which amount it is."""
    above = agent.approvals.two_above
    return 2 if above is not None and (amount is None or not amount <= above) else 1


def may_answer(approval: Approval, agent: Agent, actor: Actor, *, approve: bool) -> str:
    """Why this person may not answer; "" where they may. To deny is easy, to approve takes a person who is proven."""
    who = ", ".join(dict.fromkeys(key for key in (agent.owner, agent.deputy, agent.manager) if key))
    if actor.responder is False:
        return f"{actor.name} is not among the responders of {agent.key}. {who} could."
    if not approve:
        return ""
    if actor.responder is None:
        return "Stepdown could not check who you are just now, so it approves nothing. Denying still works."
    if not actor.proven:
        return (
            f"An approval takes a person who is proven, and {actor.name} is only named. Approve it in Slack, or with a "
            "personal token (stepdown token person:SLACK_ID, then STEPDOWN_PERSONAL_TOKEN)."
        )
    if approval.requester and approval.requester in (actor.key, actor.slack):
        return f"{approval.agent} acts for you here, and nobody approves their own request. {who} could."
    if any(same_person(actor, answer.by) for answer in approval.answers):
        return f"You have approved this. A second person must: {who} could."
    return ""


def answered(approval: Approval, agent: Agent, answer: ApprovalAnswer) -> Approval:
    """The approval after an answer. Raises ApprovalClosedError."""
    if not approval.open or answer.at >= approval.due:
        raise ApprovalClosedError(told(expired(approval, answer.at) or approval))
    if refusal := may_answer(approval, agent, answer.by, approve=answer.approve):
        raise ApprovalClosedError(refusal)
    answers = (*approval.answers, answer)
    after = replace(approval, answers=answers, version=approval.version + 1)
    if not answer.approve:
        return replace(after, state=ApprovalState.DENIED, ended_at=answer.at)
    if len(answers) < approval.needed:
        return after
    return replace(after, state=ApprovalState.APPROVED, ended_at=answer.at)


def expired(approval: Approval, now: datetime) -> Approval | None:
    """The approval that nobody answered in time; None while it is not so."""
    if not approval.open or now < approval.due:
        return None
    return _ended(approval, ApprovalState.EXPIRED, now, "nobody answered in time")


def withdrawn(approval: Approval, why: str, now: datetime) -> Approval:
    """The approval that is asked for no more; one that has ended stays as it is."""
    return _ended(approval, ApprovalState.WITHDRAWN, now, why) if approval.open else approval


def _ended(approval: Approval, state: ApprovalState, now: datetime, why: str) -> Approval:
    return replace(approval, state=state, ended_at=now, why=why, version=approval.version + 1)


def told(approval: Approval) -> str:
    """How it stands, in one sentence."""
    last = approval.answers[-1] if approval.answers else None
    names = " and ".join(answer.by.name for answer in approval.answers)
    match approval.state:
        case ApprovalState.APPROVED:
            return f"{names} approved it."
        case ApprovalState.DENIED if last is not None:
            return f"{last.by.name} denied it{f': {last.reason}' if last.reason else ''}."
        case ApprovalState.EXPIRED:
            return f"Nobody answered by {approval.due:%H:%M} UTC, so it was not done. Nobody denied it."
        case ApprovalState.WITHDRAWN:
            return f"It was withdrawn: {approval.why}."
        case _:
            first = f"{names} approved it, and a second person has to" if names else "It waits for a person"
            return f"{first}, until {approval.due:%H:%M} UTC."


UNDONE: Mapping[Reversible, str] = {
    "yes": "can be undone",
    "no": "cannot be undone",
    "by hand": "can be undone by hand",
    "unknown": "nobody said if it can be undone",
}


def summary(approval: Approval) -> str:
    """What is asked for, in one line: `payments.refund, 40, cannot be undone`."""
    undo = UNDONE[approval.reversible]
    amount = [] if approval.amount is None else [short(approval.amount)]
    return ", ".join([approval.what or approval.tool, *amount, undo])
