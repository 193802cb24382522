"""The approvals as a queue of rows: asked, answered, expired, withdrawn. A tick ends what is due by its row.

A change and the edit of its card are committed together. Of two who answer at once the first counts, and the other is
told so.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.enforcement.approvals import (
    Approval,
    ApprovalAnswer,
    answered,
    expired,
    people_needed,
    withdrawn,
)
from bot.core.incident.approval_effects import EditApproval, PostApproval
from bot.core.incident.effects import Effect, Lane, Notice
from bot.core.model.fleet import Agent, Fleet
from bot.ports.clock import Clock
from bot.ports.store import ApprovalStore

CARDS: Final = 20
"""Approvals of an agent that wait with a card each; for those beyond one line an hour says where they are."""
BATCH: Final = 500
log = structlog.get_logger("stepdown.audit")


@dataclass(frozen=True, slots=True)
class ApprovalQueue:
    """Acts on approvals. `wake` makes the lanes look at once."""

    store: ApprovalStore
    fleet: Callable[[], Fleet]
    clock: Clock
    wall: Callable[[], float]
    wake: Callable[[Iterable[Lane]], None]

    def ask(self, approval: Approval) -> Approval:
        """Keep a question; the same id again is the same question, as it stands now."""
        agent = self.fleet().agents[approval.agent]
        waiting = self.store.count_pending_approvals(agent.key)
        asked = replace(approval, needed=people_needed(agent, approval.amount))
        if not self.store.ask_approval(asked, self._asking(asked, waiting), self.wall()):
            return self.store.approval(approval.id) or asked
        self.wake(("slack",))
        return asked

    def _asking(self, approval: Approval, waiting: int) -> Sequence[Effect]:
        if waiting < CARDS:
            return (PostApproval(approval.id),)
        agent = self.fleet().agents[approval.agent]
        text = (
            f"{agent.key}: more writes wait for approval than are shown here. `stepdown approvals` lists all of them."
        )
        person = "" if agent.channel or self.fleet().announcements else agent.owner
        return (Notice(f"approvals/{agent.key}/{approval.asked_at:%Y-%m-%dT%H}", text, agent.channel, person),)

    def answer(self, approval: Approval, agent: Agent, answer: ApprovalAnswer) -> Approval:
        """Write an answer down. Raises ApprovalClosedError, with the sentence for whoever gave it."""
        while True:
            after = answered(approval, agent, answer)
            if self._change(approval, after):
                said = "a write was approved" if answer.approve else "a write was denied"
                log.info(said, approval=approval.id, who=answer.by.key, surface=answer.by.surface)
                return after
            approval = self.store.approval(approval.id) or approval

    def withdraw(self, key: str, why: str) -> Approval | None:
        """Ask for it no more; None where there is none. One that has ended stays as it is."""
        while (approval := self.store.approval(key)) is not None:
            after = withdrawn(approval, why, self.clock.now())
            if after is approval or self._change(approval, after):
                return after
        return None

    def tick(self) -> None:
        """End what nobody answered in time."""
        now = self.clock.now()
        while due := self.store.pending_approvals(BATCH, due=now):
            for approval in due:
                after = expired(approval, now)
                if after is not None:
                    self._change(approval, after)

    def _change(self, before: Approval, after: Approval) -> bool:
        edit = EditApproval(after.id, str(after.version))
        if not self.store.change_approval(before, after, (edit,), self.wall()):
            return False
        self.wake(("slack",))
        return True


def due_after(agent: Agent, asked_at: datetime, seconds: float | None) -> datetime:
    """Until when an approval may be answered: what was asked for, at most what the agent's policy allows."""
    longest = agent.approvals.expires_in
    return asked_at + timedelta(seconds=min(longest, longest if seconds is None else seconds))
