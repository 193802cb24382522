"""Cards of writes that wait for people: posted once, edited as they stand."""

from collections.abc import Callable

from bot.core.incident.approval_effects import EditApproval, PostApproval
from bot.core.model.fleet import Fleet
from bot.engine.adapters import Folded, NotYet
from bot.engine.views.approvals import approval_card
from bot.ports.chat import Chat, Receipt
from bot.ports.errors import Gone
from bot.ports.store import Job, Store


def post_approval(job: Job, effect: PostApproval, store: Store, chat: Chat, fleet: Fleet) -> Receipt:
    """Post the card where the agent's people are: its channel, the announcement channel, else its owner directly.

    Raises Folded where there is nowhere to post it, or nothing to ask any more.
    """
    approval = store.approval(effect.approval)
    if approval is None or not approval.open:
        raise Folded("it is asked for no more")
    card, repeat = approval_card(approval, fleet), job.attempts > 1
    agent = fleet.agents.get(approval.agent)
    owner = fleet.people.get(agent.owner) if agent is not None else None
    channel = (agent.channel if agent is not None else "") or fleet.announcements
    if channel:
        return chat.post(channel, card, job.key, mention=owner, repeat=repeat, urgent=True)
    if owner is None or not owner.slack:
        raise Folded("there is no channel for it, and its owner is not in Slack")
    return chat.direct(owner, card, job.key, repeat=repeat)


def edit_approval(
    job: Job, effect: EditApproval, store: Store, chat: Chat, fleet: Fleet, mark: Callable[[str], str]
) -> None:
    """Show how it stands. `mark`: a key as the world sees it. Raises Folded where a younger edit shows the same."""
    if store.newer(job, f"approval/{effect.approval}/edit/"):
        raise Folded("a younger edit shows the same")
    key = PostApproval(effect.approval).key
    receipt, approval = store.receipt(key), store.approval(effect.approval)
    if receipt is None:
        if store.outstanding(key):
            raise NotYet("the card is not posted yet", key)
        raise Folded("it has no card")
    if approval is None:
        raise Folded("it is gone")
    try:
        chat.edit(receipt, approval_card(approval, fleet), mark(key))
    except Gone as gone:
        raise Folded(f"{gone}: it is not posted again") from gone
