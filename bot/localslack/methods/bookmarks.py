"""bookmarks.*: the links above a channel."""

import re

from bot.localslack.methods.table import Asked, method
from bot.localslack.state.records import Conversation
from bot.localslack.state.refusal import Json, Refusal, invalid_arguments

MOST = 100


def _channel(asked: Asked) -> Conversation:
    found = asked.slack.conversation(asked.arguments.text("channel_id"))
    if found.is_private and asked.slack.bot_user not in found.members:
        raise Refusal("channel_not_found")
    if asked.slack.bot_user not in found.members:
        raise Refusal("not_in_channel")
    return found


def _link(asked: Asked) -> str:
    link = asked.arguments.text("link")
    if not re.match(r"https?://[^\s/]+|mailto:\S+@", link):
        raise Refusal("invalid_link")
    return link


@method("bookmarks.add", "bookmarks:write", "channel_id", "title", "type")
def add(asked: Asked) -> Json:
    """Put a link above a channel."""
    where, slack = _channel(asked), asked.slack
    if asked.arguments.text("type") != "link":
        raise Refusal("invalid_bookmark_type")
    if len(where.bookmarks) >= MOST:
        raise Refusal("too_many_bookmarks")
    link = _link(asked)
    bookmark: Json = {
        "id": slack.next_id("Bk"),
        "channel_id": where.id,
        "title": asked.arguments.text("title"),
        "link": link,
        "emoji": asked.arguments.text("emoji"),
        "icon_url": None,
        "type": "link",
        "entity_id": asked.arguments.optional("entity_id"),
        "date_created": slack.now(),
        "date_updated": 0,
        "rank": str(len(where.bookmarks)),
        "last_updated_by_user_id": slack.bot_user,
        "last_updated_by_team_id": slack.team_id,
        "shortcut_id": None,
        "app_id": slack.workspace.app.app_id,
    }
    where.bookmarks.append(bookmark)
    slack.touch()
    return {"bookmark": bookmark}


def _found(asked: Asked, where: Conversation) -> Json:
    wanted = asked.arguments.text("bookmark_id")
    found = next((bookmark for bookmark in where.bookmarks if bookmark["id"] == wanted), None)
    if found is None:
        raise Refusal("not_found")
    return found


@method("bookmarks.edit", "bookmarks:write", "channel_id", "bookmark_id")
def edit(asked: Asked) -> Json:
    """Change title, link or emoji."""
    bookmark = _found(asked, _channel(asked))
    if not any(asked.arguments.has(name) for name in ("title", "link", "emoji")):
        raise invalid_arguments("must provide at least one of title, link, emoji")
    if asked.arguments.has("link"):
        bookmark["link"] = _link(asked)
    for name in ("title", "emoji"):
        if asked.arguments.has(name):
            bookmark[name] = asked.arguments.text(name)
    bookmark["date_updated"] = asked.slack.now()
    asked.slack.touch()
    return {"bookmark": bookmark}


@method("bookmarks.remove", "bookmarks:write", "channel_id", "bookmark_id")
def remove(asked: Asked) -> Json:
    """Take one away."""
    where = _channel(asked)
    where.bookmarks.remove(_found(asked, where))
    asked.slack.touch()
    return {}


@method("bookmarks.list", "bookmarks:read", "channel_id")
def listed(asked: Asked) -> Json:
    """The links above a channel."""
    return {"bookmarks": list(_channel(asked).bookmarks)}
