"""reactions.*."""

import re

from bot.localslack.methods.pins import named_message
from bot.localslack.methods.table import Asked, method
from bot.localslack.state.records import Conversation, Message
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.state.slack import Slack

MOST_EMOJI = 23
NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def react(slack: Slack, where: Conversation, message: Message, user: str, name: str) -> None:
    """Add somebody's reaction, with its event."""
    if not NAME.fullmatch(name):
        raise Refusal("invalid_name")
    reactions: list[Json] = message.body.setdefault("reactions", [])
    found = next((entry for entry in reactions if entry["name"] == name), None)
    if found is None:
        if len(reactions) >= MOST_EMOJI:
            raise Refusal("too_many_emoji")
        found = {"name": name, "users": [], "count": 0}
        reactions.append(found)
    if user in found["users"]:
        raise Refusal("already_reacted")
    found["users"].append(user)
    found["count"] = len(found["users"])
    _tell(slack, "reaction_added", where, message, user, name)


def unreact(slack: Slack, where: Conversation, message: Message, user: str, name: str) -> None:
    """Take somebody's reaction away, with its event."""
    reactions: list[Json] = message.body.get("reactions", [])
    found = next((entry for entry in reactions if entry["name"] == name), None)
    if found is None or user not in found["users"]:
        raise Refusal("no_reaction")
    found["users"].remove(user)
    found["count"] = len(found["users"])
    message.body["reactions"] = [entry for entry in reactions if entry["users"]]
    if not message.body["reactions"]:
        del message.body["reactions"]
    _tell(slack, "reaction_removed", where, message, user, name)


def _tell(slack: Slack, event: str, where: Conversation, message: Message, user: str, name: str) -> None:
    message.revision += 1
    if slack.bot_user in where.members:
        slack.emit(
            {
                "type": event,
                "user": user,
                "reaction": name,
                "item_user": message.body.get("user"),
                "item": {"type": "message", "channel": where.id, "ts": message.ts},
            }
        )
    slack.touch()


def _name(asked: Asked) -> str:
    return asked.arguments.text("name").strip(":")


@method("reactions.add", "reactions:write", "name")
def add(asked: Asked) -> Json:
    """React to a message."""
    where, message = named_message(asked)
    if where.archived:
        raise Refusal("is_archived")
    react(asked.slack, where, message, asked.slack.bot_user, _name(asked))
    return {}


@method("reactions.remove", "reactions:write", "name")
def remove(asked: Asked) -> Json:
    """Take the app's reaction away."""
    where, message = named_message(asked)
    unreact(asked.slack, where, message, asked.slack.bot_user, _name(asked))
    return {}


@method("reactions.get", "reactions:read")
def get(asked: Asked) -> Json:
    """A message with its reactions."""
    where, message = named_message(asked)
    return {"type": "message", "channel": where.id, "message": dict(message.body)}
