"""chat.*: writing, changing and deleting messages."""

from bot.localslack.blockkit import surfaces
from bot.localslack.methods.table import Asked, method
from bot.localslack.state import posts
from bot.localslack.state.mrkdwn import rich_text
from bot.localslack.state.posts import Draft
from bot.localslack.state.records import Conversation, Message
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.state.slack import Slack

LONGEST_UPDATE = 4_000
LONGEST_MARKDOWN = 12_000
MOST_ATTACHMENTS = 100
MOST_METADATA = 16_384  # bytes of JSON; Slack names the error but not the number


def blocks_in(asked: Asked) -> list[Json] | None:
    """The checked blocks of a call with Slack's defaults, None when it has none."""
    blocks = asked.arguments.listing("blocks", "invalid_blocks_format")
    if not blocks:
        return blocks
    if complaints := surfaces.complaints_about(blocks, "message") or _strange_files(asked.slack, blocks):
        raise Refusal(
            "invalid_blocks",
            errors=complaints,
            response_metadata={"messages": [f"[ERROR] {complaint}" for complaint in complaints]},
        )
    if surfaces.text_of(blocks) > surfaces.MOST_BLOCK_TEXT:
        raise Refusal("msg_blocks_too_long")
    return surfaces.filled_in(blocks, lambda: asked.slack.next_id("b"))


def _strange_files(slack: Slack, blocks: list[Json]) -> list[str]:
    """A picture in a block must be an upload of this workspace that is finished."""
    wanted = [(at, str((block.get("slack_file") or {}).get("id", ""))) for at, block in enumerate(blocks)]
    return [
        f"invalid slack file [json-pointer:/blocks/{at}/slack_file]"
        for at, file_id in wanted
        if file_id and (file_id not in slack.files or not slack.files[file_id].shared)
    ]


def attachments_in(asked: Asked) -> list[Json] | None:
    """Legacy attachments, taken as they are."""
    attachments = asked.arguments.listing("attachments", "invalid_attachments")
    if attachments and len(attachments) > MOST_ATTACHMENTS:
        raise Refusal("too_many_attachments")
    return attachments


def metadata_in(asked: Asked) -> Json | None:
    """Message metadata: an event type and an object of values."""
    metadata = asked.arguments.mapping("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if metadata.keys() - {"event_type", "event_payload", "entities"}:
        raise Refusal("invalid_metadata_schema")
    named = isinstance(metadata.get("event_type"), str) and metadata["event_type"]
    if "entities" not in metadata and not (named and isinstance(metadata.get("event_payload"), dict)):
        raise Refusal("invalid_metadata_schema")
    if surfaces.size_of(metadata) > MOST_METADATA:
        raise Refusal("metadata_too_large")
    return metadata


def draft_in(asked: Asked) -> Draft:
    """The message a call describes, checked."""
    arguments = asked.arguments
    text, blocks, attachments = arguments.text("text"), blocks_in(asked), attachments_in(asked)
    if (markdown := arguments.text("markdown_text")) != "":
        if text or blocks:
            raise Refusal("markdown_text_conflict")
        if len(markdown) > LONGEST_MARKDOWN:
            raise Refusal("msg_too_long")
        blocks = [{"type": "markdown", "text": markdown}]
    if not (text.strip() or blocks or attachments):
        raise Refusal("no_text")
    return Draft(
        user=asked.slack.bot_user,
        text=text,
        blocks=blocks,
        attachments=attachments,
        thread_ts=arguments.optional("thread_ts"),
        broadcast=arguments.flag("reply_broadcast"),
        metadata=metadata_in(asked),
        extra=_persona(asked),
    )


def _persona(asked: Asked) -> Json:
    """Another name and icon, for an app that may choose them."""
    if not asked.granted("chat:write.customize"):
        return {}
    names = ("username", "icon_emoji", "icon_url")
    return {name: asked.arguments.text(name) for name in names if asked.arguments.has(name)}


def target(asked: Asked, name: str = "channel") -> Conversation:
    """Where a message goes: a conversation id, a channel's name, or a user id for the direct message."""
    slack, wanted = asked.slack, asked.arguments.text(name)
    found = slack.conversations.get(wanted) or slack.channel_named(wanted)
    if found is None and wanted in slack.people and wanted != slack.bot_user:
        asked.needs("im:write", "chat:write")
        found = slack.direct([wanted, slack.bot_user])
    if found is None or (found.is_private and slack.bot_user not in found.members):
        raise Refusal("channel_not_found")
    if found.archived:
        raise Refusal("is_archived")
    if slack.bot_user not in found.members and not asked.granted("chat:write.public"):
        raise Refusal("not_in_channel")
    return found


@method("chat.postMessage", "chat:write", "channel")
def post_message(asked: Asked) -> Json:
    """Write a message."""
    where = target(asked)
    draft = draft_in(asked)
    if draft.thread_ts:
        _check_thread(where, draft)
    message = posts.post(asked.slack, where, draft)
    answer: Json = {"channel": where.id, "ts": message.ts, "message": dict(message.body)}
    if len(asked.arguments.text("text")) > posts.LONGEST_TEXT:
        answer |= {"warning": "message_truncated", "response_metadata": {"warnings": ["message_truncated"]}}
    return answer


def _check_thread(where: Conversation, draft: Draft) -> None:
    parent = where.messages.get(str(draft.thread_ts))
    if parent is None or parent.only_for:
        raise Refusal("thread_not_found")
    if parent.thread:  # a reply to a reply belongs to the parent
        draft.thread_ts = parent.thread


@method("chat.postEphemeral", "chat:write", "channel", "user")
def post_ephemeral(asked: Asked) -> Json:
    """Show a message to one member of the channel."""
    where, user = target(asked), asked.arguments.text("user")
    draft = draft_in(asked)
    if user not in where.members:
        raise Refusal("user_not_in_channel")
    message = posts.post_ephemeral(asked.slack, where, draft, user)
    return {"message_ts": message.ts}


def own_message(asked: Asked, error: str) -> tuple[Conversation, Message]:
    """The app's own message that a call names by channel id and ts."""
    where = asked.slack.conversation(asked.arguments.text("channel"))
    if where.is_private and asked.slack.bot_user not in where.members:
        raise Refusal("channel_not_found")
    message = posts.find(where, asked.arguments.text("ts"))
    if message.body.get("user") != asked.slack.bot_user or "bot_id" not in message.body:
        raise Refusal(error)
    if where.archived:
        raise Refusal("is_archived")
    return where, message


@method("chat.update", "chat:write", "channel", "ts")
def update(asked: Asked) -> Json:
    """Change a message of the app. What is left out (blocks, metadata) stays as it was."""
    arguments = asked.arguments
    where, message = own_message(asked, "cant_update_message")
    given = any(arguments.has(name) for name in ("text", "blocks", "attachments", "markdown_text", "metadata"))
    if not given:
        raise Refusal("no_text")
    if len(arguments.text("text")) > LONGEST_UPDATE:
        raise Refusal("msg_too_long")
    new = changes_in(asked, message)
    left = message.body | new
    if not (left.get("text") or left.get("blocks") or left.get("attachments") or left.get("files")):
        raise Refusal("no_text")
    posts.change(asked.slack, where, message, new)
    text = str(message.body.get("text", ""))
    return {"channel": where.id, "ts": message.ts, "text": text, "message": dict(message.body)}


def changes_in(asked: Asked, message: Message) -> Json:
    """The fields that a call gives anew."""
    arguments = asked.arguments
    new: Json = {}
    blocks = blocks_in(asked)
    if blocks is not None:
        new["blocks"] = blocks
        message.plain = False
    if arguments.has("markdown_text"):
        new["blocks"] = [{"type": "markdown", "text": arguments.text("markdown_text")}]
        message.plain = False
    if arguments.has("text"):
        new["text"] = arguments.text("text")
        if message.plain:
            new["blocks"] = [rich_text(new["text"], asked.slack.next_id("b"))]
    if arguments.has("attachments"):
        new["attachments"] = attachments_in(asked) or []
    if arguments.has("metadata"):
        new["metadata"] = metadata_in(asked)
    return new


@method("chat.delete", "chat:write", "channel", "ts")
def delete(asked: Asked) -> Json:
    """Take a message of the app away."""
    where, message = own_message(asked, "cant_delete_message")
    posts.delete(asked.slack, where, message)
    return {"channel": where.id, "ts": message.ts}


@method("chat.getPermalink", None, "channel", "message_ts")
def permalink(asked: Asked) -> Json:
    """The address of a message; it opens in the page."""
    slack = asked.slack
    where = slack.conversation(asked.arguments.text("channel"))
    if where.is_private and slack.bot_user not in where.members:
        raise Refusal("channel_not_found")
    message = posts.find(where, asked.arguments.text("message_ts"))
    address = f"{slack.url}/archives/{where.id}/p{message.ts.replace('.', '')}"
    if message.thread:
        address += f"?thread_ts={message.thread}&cid={where.id}"
    return {"channel": where.id, "permalink": address}
