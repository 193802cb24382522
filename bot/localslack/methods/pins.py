"""pins.*."""

from bot.localslack.methods.history import shown
from bot.localslack.methods.table import Asked, method
from bot.localslack.state import posts
from bot.localslack.state.records import Conversation, Message
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.state.slack import Slack

MOST_PINS = 100


def named_message(asked: Asked) -> tuple[Conversation, Message]:
    """The message a call names by channel and timestamp, in a channel the app is in."""
    where = asked.slack.conversation(asked.arguments.text("channel"))
    if where.is_private and asked.slack.bot_user not in where.members:
        raise Refusal("channel_not_found")
    if not asked.arguments.optional("timestamp"):
        raise Refusal("no_item_specified")
    if asked.slack.bot_user not in where.members:
        raise Refusal("not_in_channel")
    return where, posts.find(where, asked.arguments.text("timestamp"))


@method("pins.add", "pins:write", "channel")
def add(asked: Asked) -> Json:
    """Pin a message."""
    where, message = named_message(asked)
    if where.archived:
        raise Refusal("is_archived")
    pin(asked.slack, where, message, asked.slack.bot_user)
    return {}


def pin(slack: Slack, where: Conversation, message: Message, user: str) -> None:
    """Pin a message for somebody, with its event; `already_pinned` when it is."""
    if any(entry["ts"] == message.ts for entry in where.pins):
        raise Refusal("already_pinned")
    if len(where.pins) >= MOST_PINS:
        raise Refusal("too_many_pins")
    where.pins.append({"ts": message.ts, "created": slack.now(), "created_by": user})
    message.body["pinned_to"] = [where.id]
    _tell(slack, "pin_added", where, message, user)


def unpin(slack: Slack, where: Conversation, message: Message, user: str) -> None:
    """Take a pin out; `no_pin` when there is none."""
    if not any(entry["ts"] == message.ts for entry in where.pins):
        raise Refusal("no_pin")
    where.pins = [entry for entry in where.pins if entry["ts"] != message.ts]
    message.body.pop("pinned_to", None)
    _tell(slack, "pin_removed", where, message, user)


def _tell(slack: Slack, event: str, where: Conversation, message: Message, user: str) -> None:
    message.revision += 1
    if slack.bot_user in where.members:
        item = {
            "type": "message",
            "channel": where.id,
            "created": slack.now(),
            "created_by": user,
            "message": dict(message.body),
        }
        slack.emit({"type": event, "user": user, "channel_id": where.id, "item": item, "pin_count": len(where.pins)})
    slack.touch()


@method("pins.remove", "pins:write", "channel")
def remove(asked: Asked) -> Json:
    """Take a pin out."""
    where, message = named_message(asked)
    unpin(asked.slack, where, message, asked.slack.bot_user)
    return {}


@method("pins.list", "pins:read", "channel")
def listed(asked: Asked) -> Json:
    """The pinned messages, latest pin first."""
    where = asked.slack.conversation(asked.arguments.text("channel"))
    if where.is_private and asked.slack.bot_user not in where.members:
        raise Refusal("channel_not_found")
    items = [
        {
            "type": "message",
            "channel": where.id,
            "created": entry["created"],
            "created_by": entry["created_by"],
            "message": shown(where.messages[entry["ts"]], metadata=False),
        }
        for entry in reversed(where.pins)
    ]
    return {"items": items}
