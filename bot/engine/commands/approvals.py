"""What people do about writes that wait for them."""

from dataclasses import dataclass

from bot.core.cards.answer import Answer
from bot.core.enforcement.approvals import ApprovalAnswer, ApprovalClosedError, told
from bot.core.formatting.one_line import one_line
from bot.core.formatting.plurals import plural
from bot.core.model.people import Actor
from bot.engine.commands.act_recorder import ActRecorder
from bot.engine.enforcement.approval_queue import ApprovalQueue
from bot.engine.views.approvals import approval_list

SHOWN = 10
"""Approvals that a card lists."""
MOST_LISTED = 10_000
REASON = 500


@dataclass(frozen=True, slots=True)
class ApprovalCommands:
    """Acts and questions about approvals."""

    acts: ActRecorder
    queue: ApprovalQueue

    def pending(self, agent: str = "", limit: int = SHOWN) -> Answer:
        """What waits, the one that is due first first."""
        found = self.acts.store.pending_approvals(MOST_LISTED, agent)
        return Answer(
            f"{plural(len(found), 'write')} {'waits' if len(found) == 1 else 'wait'} for a person.",
            card=approval_list(found, limit),
        )

    def approve(self, actor: Actor, key: str) -> Answer:
        """Let a write pass; above the agent's amount a second person has to as well."""
        return self._answer(actor, key, approve=True)

    def deny(self, actor: Actor, key: str, reason: str = "") -> Answer:
        """Do not let it pass."""
        return self._answer(actor, key, approve=False, reason=reason)

    def _answer(self, actor: Actor, key: str, *, approve: bool, reason: str = "") -> Answer:
        approval = self.acts.store.approval(key)
        agent = self.acts.fleet().agents.get(approval.agent) if approval is not None else None
        if approval is None or agent is None:
            return Answer(
                f"There is no approval {one_line(key, 64)}. `stepdown approvals` lists those that wait.", ok=False
            )
        said = ApprovalAnswer(actor, self.acts.now(), approve, one_line(reason, REASON))
        try:
            return Answer(told(self.queue.answer(approval, agent, said)))
        except ApprovalClosedError as why:
            return self.acts.refuse(actor, str(why))
