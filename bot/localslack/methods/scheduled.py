"""chat.scheduleMessage and what belongs to it."""

from bot.localslack.methods.chat import draft_in, target
from bot.localslack.methods.table import Arguments, Asked, method, page
from bot.localslack.state import posts
from bot.localslack.state.records import Scheduled
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.state.slack import Slack

FURTHEST = 120 * 24 * 3600  # seconds ahead
WINDOW, MOST_IN_WINDOW = 300, 30


@method("chat.scheduleMessage", "chat:write", "channel", "post_at")
def schedule(asked: Asked) -> Json:
    """Keep a message until `post_at`. Slack takes one with metadata too, and then never posts it."""
    slack = asked.slack
    where = target(asked)
    draft = draft_in(asked)
    post_at = asked.arguments.whole("post_at", 0, 0, 10**11, "invalid_time")
    if post_at <= slack.clock.now():
        raise Refusal("time_in_past")
    if post_at > slack.clock.now() + FURTHEST:
        raise Refusal("time_too_far")
    near = [
        kept
        for kept in slack.scheduled.values()
        if kept.channel == where.id and kept.post_at // WINDOW == post_at // WINDOW
    ]
    if len(near) >= MOST_IN_WINDOW:
        raise Refusal("restricted_too_many")
    kept = Scheduled(slack.next_id("Q"), where.id, post_at, slack.now(), dict(asked.arguments.raw))
    slack.scheduled[kept.id] = kept
    slack.touch()
    return {
        "channel": where.id,
        "scheduled_message_id": kept.id,
        "post_at": post_at,
        "message": {"text": draft.text, "type": "delayed_message", "bot_id": slack.workspace.app.bot_id},
    }


@method("chat.scheduledMessages.list")
def listed(asked: Asked) -> Json:
    """What is still to be posted."""
    channel = asked.arguments.optional("channel")
    kept = [
        {
            "id": entry.id,
            "channel_id": entry.channel,
            "post_at": entry.post_at,
            "date_created": entry.created,
            "text": entry.arguments.get("text", ""),
        }
        for entry in asked.slack.scheduled.values()
        if channel in {None, entry.channel}
    ]
    return page(kept, asked, "scheduled_messages")


@method("chat.deleteScheduledMessage", "chat:write", "channel", "scheduled_message_id")
def unschedule(asked: Asked) -> Json:
    """Forget one."""
    kept = asked.slack.scheduled.get(asked.arguments.text("scheduled_message_id"))
    if kept is None or kept.channel != asked.arguments.text("channel"):
        raise Refusal("invalid_scheduled_message_id")
    del asked.slack.scheduled[kept.id]
    return {}


def post_due(slack: Slack) -> None:
    """Post what is due; with metadata nothing is posted, which is what Slack does."""
    due = [kept for kept in slack.scheduled.values() if kept.post_at <= slack.clock.now()]
    for kept in due:
        del slack.scheduled[kept.id]
        if not kept.arguments.get("metadata"):
            asked = Asked(slack, Arguments(kept.arguments))
            posts.post(slack, slack.conversation(kept.channel), draft_in(asked))
