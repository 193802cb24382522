"""Slack's text format: what it mentions, what it becomes as rich text, and how a person's typing is turned into it."""

import re
from collections.abc import Callable

from bot.localslack.state.refusal import Json

TOKEN = re.compile(r"<([^<>\n]+)>")
USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")


def escape(text: str) -> str:
    """Exactly the three characters Slack's format gives a meaning."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """The text behind the three entities."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mentioned(text: str) -> set[str]:
    """Ids of the users a text mentions."""
    return set(USER.findall(text))


def rich_text(text: str, block_id: str) -> Json:
    """The rich_text block Slack makes of a plain message."""
    elements: list[Json] = []
    end = 0
    for found in TOKEN.finditer(text):
        if found.start() > end:
            elements.append({"type": "text", "text": unescape(text[end : found.start()])})
        elements.append(_inline(found.group(1)))
        end = found.end()
    if end < len(text):
        elements.append({"type": "text", "text": unescape(text[end:])})
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def _inline(token: str) -> Json:
    target, _, label = token.partition("|")
    if target.startswith("@"):
        return {"type": "user", "user_id": target[1:]}
    if target.startswith("#"):
        return {"type": "channel", "channel_id": target[1:]}
    if target.startswith("!subteam^"):
        return {"type": "usergroup", "usergroup_id": target.removeprefix("!subteam^")}
    if target.startswith("!"):
        word = target[1:].partition("^")[0]
        if word in {"here", "channel", "everyone"}:
            return {"type": "broadcast", "range": word}
        return {"type": "text", "text": label or word}
    return {"type": "link", "url": unescape(target)} | ({"text": unescape(label)} if label else {})


def outside_tokens(text: str, change: Callable[[str], str]) -> str:
    """Apply `change` to the parts of a text that are not `<…>` tokens."""
    parts = re.split(r"(<[@#!][^<>\n]+>)", text)
    return "".join(part if place % 2 else change(part) for place, part in enumerate(parts))


def with_mentions(text: str, find: Callable[[str, str], str | None]) -> str:
    """Turn `@name` and `#name` into tokens where `find(sigil, name)` knows them, and escape the rest."""

    def token(found: re.Match[str]) -> str:
        return find(found.group(1), found.group(2)) or found.group(0)

    def change(part: str) -> str:
        return re.sub(r"(?<![\w@#])([@#])([a-z0-9][a-z0-9._-]*[a-z0-9]|[a-z0-9])", token, escape(part))

    return outside_tokens(text, change)
