"""What cards show of writes that wait for people."""

from collections.abc import Sequence

from bot.core.cards.enforcement import ApprovalCard, ApprovalLine, ApprovalList
from bot.core.enforcement.approvals import Approval, summary, told
from bot.core.model.fleet import Fleet


def approval_card(approval: Approval, fleet: Fleet) -> ApprovalCard:
    """The card of one approval, as it stands; an agent that went from the file is shown by its key."""
    agent = fleet.agents.get(approval.agent)
    return ApprovalCard(
        approval.id,
        approval.agent,
        agent.title if agent is not None and agent.title else approval.agent,
        summary(approval),
        str(approval.state),
        "" if approval.open and not approval.answers else told(approval),
        approval.tool,
        approval.workflow,
        approval.task,
        approval.arguments,
        approval.evidence,
        approval.needed,
        approval.due,
    )


def approval_list(approvals: Sequence[Approval], limit: int) -> ApprovalList:
    """The first of them, a line each."""
    lines = (ApprovalLine(one.id, one.agent, summary(one), one.due) for one in approvals[:limit])
    return ApprovalList(tuple(lines), max(0, len(approvals) - limit))
