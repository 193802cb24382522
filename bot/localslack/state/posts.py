"""Writing, changing and deleting messages, with the events that follow. The Web API and people both come here."""

import uuid
from dataclasses import dataclass, field

from bot.localslack.state.mrkdwn import mentioned, rich_text
from bot.localslack.state.records import Conversation, Message
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.state.slack import Slack

LONGEST_TEXT = 40_000


@dataclass
class Draft:
    """What is to be written. `extra` goes into the message as it is (files, subtype, ...)."""

    user: str
    text: str = ""
    blocks: list[Json] | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    metadata: Json | None = None
    attachments: list[Json] | None = None
    extra: Json = field(default_factory=dict)


def post(slack: Slack, where: Conversation, draft: Draft) -> Message:
    """Write a message and tell the app."""
    message = _written(slack, where, draft)
    where.messages[message.ts] = message
    if draft.user != slack.bot_user:
        where.read[draft.user] = message.ts
    _tell_thread(where, message)
    slack.emit_message(where, _without_metadata(message.body))
    if draft.user != slack.bot_user and slack.bot_user in mentioned(draft.text):
        _mention(slack, where, message)
    if draft.metadata:
        _metadata_posted(slack, where, message)
    slack.touch()
    return message


def post_ephemeral(slack: Slack, where: Conversation, draft: Draft, user: str) -> Message:
    """Show a message to one person; it is never in the history and causes no event."""
    message = _written(slack, where, draft)
    message.only_for = user
    message.body["is_ephemeral"] = True
    where.messages[message.ts] = message
    slack.touch()
    return message


def _written(slack: Slack, where: Conversation, draft: Draft) -> Message:
    body: Json = {"type": "message", "user": draft.user, "text": draft.text[:LONGEST_TEXT]}
    body |= {"ts": slack.next_ts(), "team": slack.team_id}
    body |= bot_fields(slack) if draft.user == slack.bot_user else {"client_msg_id": _client_id(slack)}
    body["blocks"] = draft.blocks or [rich_text(draft.text, slack.next_id("b"))]
    if not draft.blocks and not draft.text:
        del body["blocks"]
    if draft.attachments:
        body["attachments"] = draft.attachments
    if draft.metadata:
        body["metadata"] = draft.metadata
    if draft.thread_ts:
        body["thread_ts"] = draft.thread_ts
        if (parent := where.messages.get(draft.thread_ts)) is not None:
            body["parent_user_id"] = parent.body.get("user")
    if draft.broadcast and draft.thread_ts:
        body["subtype"] = "thread_broadcast"
    return Message(body | draft.extra, plain=not draft.blocks)


def bot_fields(slack: Slack) -> Json:
    """What marks a message as the app's."""
    app = slack.workspace.app
    icon = f"{slack.url}/avatar/{app.bot_user_id}.svg"
    return {
        "bot_id": app.bot_id,
        "app_id": app.app_id,
        "bot_profile": {
            "id": app.bot_id,
            "app_id": app.app_id,
            "name": app.display_name,
            "icons": {"image_36": icon, "image_48": icon, "image_72": icon},
            "deleted": False,
            "updated": slack.now(),
            "team_id": slack.team_id,
        },
    }


def _client_id(slack: Slack) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, slack.next_id("client")))


def _without_metadata(body: Json) -> Json:
    return {name: value for name, value in body.items() if name != "metadata"}


def _mention(slack: Slack, where: Conversation, message: Message) -> None:
    if slack.bot_user in where.members:
        event = {**message.body, "type": "app_mention", "channel": where.id}
        slack.emit(event)


def _metadata_posted(slack: Slack, where: Conversation, message: Message) -> None:
    event = {
        "type": "message_metadata_posted",
        "app_id": slack.workspace.app.app_id,
        "bot_id": slack.workspace.app.bot_id,
        "user_id": message.body["user"],
        "team_id": slack.team_id,
        "channel_id": where.id,
        "metadata": message.body["metadata"],
        "message_ts": message.ts,
    }
    slack.emit(event)


def _tell_thread(where: Conversation, message: Message) -> None:
    """Keep the parent's account of its replies."""
    thread_ts = message.thread
    parent = where.messages.get(thread_ts) if thread_ts else None
    if parent is None:
        return
    replies = where.replies(parent.ts)
    parent.revision += 1
    if not replies:
        for name in ("reply_count", "reply_users", "reply_users_count", "latest_reply", "thread_ts"):
            parent.body.pop(name, None)
        return
    users = list(dict.fromkeys(str(reply.body["user"]) for reply in replies))
    parent.body |= {
        "thread_ts": parent.ts,
        "reply_count": len(replies),
        "reply_users": users,
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
    }


def find(where: Conversation, ts: object, user: str | None = None) -> Message:
    """The message with this ts that `user` can see, or `message_not_found`."""
    message = where.messages.get(str(ts))
    if message is None or message.only_for not in {None, user}:
        raise Refusal("message_not_found")
    return message


def change(slack: Slack, where: Conversation, message: Message, new: Json) -> None:
    """Put the new fields into a message and tell the app what it was before."""
    previous = dict(message.body)
    message.body |= new
    message.body["edited"] = {"user": message.body["user"], "ts": f"{slack.now()}.000000"}
    message.revision += 1
    if message.only_for is None:
        event = {
            "subtype": "message_changed",
            "hidden": True,
            "ts": slack.next_ts(),
            "message": _without_metadata(message.body),
            "previous_message": _without_metadata(previous),
        }
        slack.emit_message(where, event)
    slack.touch()


def delete(slack: Slack, where: Conversation, message: Message) -> None:
    """Take a message away; a parent with replies leaves a tombstone, as in Slack."""
    previous = dict(message.body)
    where.pins = [pin for pin in where.pins if pin["ts"] != message.ts]
    if message.only_for is not None:
        del where.messages[message.ts]
        slack.touch()
        return
    if where.replies(message.ts):
        _bury(message)
    else:
        del where.messages[message.ts]
        _tell_thread(where, message)
    event = {
        "subtype": "message_deleted",
        "hidden": True,
        "ts": slack.next_ts(),
        "deleted_ts": message.ts,
        "previous_message": _without_metadata(previous),
    }
    slack.emit_message(where, event)
    slack.touch()


def _bury(message: Message) -> None:
    for name in ("blocks", "files", "metadata", "bot_id", "bot_profile", "app_id", "reactions"):
        message.body.pop(name, None)
    message.body |= {"subtype": "tombstone", "user": "USLACKBOT", "hidden": True}
    message.body["text"] = "This message was deleted."
    message.revision += 1


def announce(slack: Slack, where: Conversation, user: str, subtype: str, text: str, **extra: object) -> Message:
    """One of the lines Slack writes itself: somebody joined, the topic changed, ..."""
    body: Json = {"type": "message", "subtype": subtype, "user": user, "text": text, "ts": slack.next_ts()}
    message = Message(body | extra)
    where.messages[message.ts] = message
    slack.emit_message(where, dict(message.body))
    slack.touch()
    return message


def join(slack: Slack, where: Conversation, user: str, inviter: str | None = None) -> None:
    """Make somebody a member, with the line and the event that belong to it."""
    where.members.append(user)
    invited = {"inviter": inviter} if inviter and inviter != user else {}
    if where.kind in {"channel", "group"}:
        announce(slack, where, user, f"{where.kind}_join", f"<@{user}> has joined the channel", **invited)
    if slack.bot_user in where.members:
        event = {
            "type": "member_joined_channel",
            "user": user,
            "channel": where.id,
            "channel_type": "G" if where.kind == "group" else "C",
            "team": slack.team_id,
            **invited,
        }
        slack.emit(event)
    slack.touch()


def leave(slack: Slack, where: Conversation, user: str) -> None:
    """Take somebody out, with the line and the event that belong to it."""
    was_there = slack.bot_user in where.members
    where.members.remove(user)
    announce(slack, where, user, f"{where.kind}_leave", f"<@{user}> has left the channel")
    if was_there:
        event = {"type": "member_left_channel", "user": user, "channel": where.id, "team": slack.team_id}
        slack.emit(event | {"channel_type": "G" if where.kind == "group" else "C"})
    slack.touch()


def as_text(slack: Slack, text: str) -> Json:
    """The fields of a message that holds only this text."""
    return {"text": text, "blocks": [rich_text(text, slack.next_id("b"))]}
