"""What stands around an incident's channel: bookmarks, its canvas; and coming back to one we were removed from."""

from typing import Final

import structlog

from bot.ports.chat import Receipt
from bot.slack.client.web_api import SlackClient, SlackError, call
from bot.slack.text import plain

MOST_TITLE: Final = 60
THERE: Final = "channel_canvas_already_exists"

log = structlog.get_logger("stepdown.slack")


def bookmark(client: SlackClient, channel: str, title: str, receipt: Receipt) -> None:
    """A link to a message; one of that title is left where it is, so that a repeat makes no second one."""
    shown = plain(title, MOST_TITLE)
    if any(one.get("title") == shown for one in call(client.bookmarks_list, channel_id=channel)["bookmarks"]):
        return
    link = call(client.chat_getPermalink, channel=receipt.channel, message_ts=receipt.ts)["permalink"]
    call(client.bookmarks_add, channel_id=channel, title=shown, type="link", link=link)


def canvas(client: SlackClient, channel: str, title: str, markdown: str) -> None:
    """The channel's canvas holds this document from now on."""
    content = {"type": "markdown", "markdown": markdown}
    try:
        call(client.conversations_canvases_create, channel_id=channel, document_content=content, title=title)
    except SlackError as error:
        if error.code != THERE:
            raise
        found = call(client.conversations_info, channel=channel)["channel"]
        canvas_id = ((found.get("properties") or {}).get("canvas") or {}).get("file_id", "")
        change = {"operation": "replace", "document_content": content}
        call(client.canvases_edit, canvas_id=canvas_id, changes=[change])


def joined(client: SlackClient, channel: str) -> bool:
    """Join a public channel again; False where the app may not."""
    try:
        call(client.conversations_join, channel=channel)
    except SlackError as error:
        log.warning("a channel cannot be joined again: invite the app", channel=channel, why=str(error))
        return False
    return True
