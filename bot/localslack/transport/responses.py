"""Response URLs, and what an app answers straight to a slash command."""

from bot.localslack.methods.chat import blocks_in, changes_in
from bot.localslack.methods.table import Arguments, Asked
from bot.localslack.state import posts
from bot.localslack.state.posts import Draft
from bot.localslack.state.records import RESPONSE_USES, Conversation, Message, ResponseUrl
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.state.slack import Slack


def answer_command(slack: Slack, where: Conversation, user: str, body: Json) -> Message:
    """Show the acknowledgement's body: to the user alone unless it says `in_channel`."""
    return _shown(slack, where, user, body, None)


def respond(slack: Slack, url_id: str, body: Json) -> None:
    """Take a POST to a response URL, or refuse: `used_url` after five, `expired_url` after half an hour."""
    url = slack.response_urls.get(url_id)
    if url is None:
        raise Refusal("invalid_url")
    if slack.clock.now() > url.due:
        raise Refusal("expired_url")
    if url.uses >= RESPONSE_USES:
        raise Refusal("used_url")
    where = slack.conversation(url.channel)
    _act(slack, where, url, body)
    url.uses += 1


def _act(slack: Slack, where: Conversation, url: ResponseUrl, body: Json) -> None:
    original = where.messages.get(url.message_ts or "")
    if body.get("delete_original"):
        if original is not None:
            posts.delete(slack, where, original)
        return
    if body.get("replace_original") and original is not None:
        _replace(slack, where, original, body)
        return
    shown = _shown(slack, where, url.user, body, body.get("thread_ts"))
    if url.message_ts is None:  # a command has no original until its first answer
        url.message_ts = shown.ts


def _replace(slack: Slack, where: Conversation, original: Message, body: Json) -> None:
    _check(body)
    new = changes_in(Asked(slack, Arguments(body)), original)
    if "text" in new and "blocks" not in new:
        new["blocks"] = []
    posts.change(slack, where, original, new)


def _check(body: Json) -> None:
    if not (body.get("text") or body.get("blocks") or body.get("attachments")):
        raise Refusal("no_text")


def _shown(slack: Slack, where: Conversation, user: str, body: Json, thread_ts: str | None) -> Message:
    _check(body)
    asked = Asked(slack, Arguments(body))
    draft = Draft(
        slack.bot_user, str(body.get("text") or ""), blocks_in(asked), thread_ts, metadata=body.get("metadata")
    )
    if body.get("response_type") == "in_channel":
        return posts.post(slack, where, draft)
    return posts.post_ephemeral(slack, where, draft, user)
