"""conversations.history and conversations.replies."""

import re

from bot.localslack.methods.table import Asked, method
from bot.localslack.state.records import Message
from bot.localslack.state.refusal import Json, Refusal

MOST_MESSAGES = 999
TS = re.compile(r"\d{1,12}(\.\d{1,6})?")


def shown(message: Message, *, metadata: bool) -> Json:
    """A message as a reader sees it; metadata only where it was asked for."""
    body = dict(message.body)
    if not metadata and "metadata" in body:
        del body["metadata"]
    return body


def _bound(asked: Asked, name: str) -> float | None:
    value = asked.arguments.optional(name)
    if value is None or value == "now":
        return None
    if not TS.fullmatch(value):
        raise Refusal(f"invalid_ts_{name}")
    return float(value)


def _between(asked: Asked, messages: list[Message]) -> list[Message]:
    oldest, latest = _bound(asked, "oldest"), _bound(asked, "latest")
    inclusive = asked.arguments.flag("inclusive")
    return [message for message in messages if _inside(float(message.ts), oldest, latest, inclusive=inclusive)]


def _inside(ts: float, oldest: float | None, latest: float | None, *, inclusive: bool) -> bool:
    if inclusive and ts in (oldest, latest):
        return True
    return (oldest is None or ts > oldest) and (latest is None or ts < latest)


def _page(asked: Asked, messages: list[Message], default: int) -> tuple[list[Message], Json]:
    limit = asked.arguments.whole("limit", default, 1, MOST_MESSAGES)
    cursor = asked.arguments.text("cursor")
    start = 0
    if cursor:
        places = {f"next_ts:{message.ts}": place for place, message in enumerate(messages)}
        if cursor not in places:
            raise Refusal("invalid_cursor")
        start = places[cursor]
    rest = messages[start + limit :]
    answer: Json = {"has_more": bool(rest)}
    if rest:
        answer["response_metadata"] = {"next_cursor": f"next_ts:{rest[0].ts}"}
    return messages[start : start + limit], answer


@method("conversations.history", None, "channel")
def history(asked: Asked) -> Json:
    """Messages of a conversation, newest first, without the replies in threads."""
    found = asked.own_channel("history")
    top = [
        entry for entry in found.seen_by(None) if not entry.thread or entry.body.get("subtype") == "thread_broadcast"
    ]
    chosen, answer = _page(asked, list(reversed(_between(asked, top))), 100)
    metadata = asked.arguments.flag("include_all_metadata")
    messages = [shown(message, metadata=metadata) for message in chosen]
    return {"messages": messages, "pin_count": len(found.pins), **answer}


@method("conversations.replies", None, "channel", "ts")
def replies(asked: Asked) -> Json:
    """A thread, oldest first, its parent at the head of each page."""
    found = asked.own_channel("history")
    ts = asked.arguments.text("ts")
    parent = found.messages.get(ts)
    if parent is None or parent.only_for:
        raise Refusal("thread_not_found")
    if parent.thread:  # asked with a reply's ts, Slack gives that reply alone
        return {"messages": [shown(parent, metadata=asked.arguments.flag("include_all_metadata"))], "has_more": False}
    chosen, answer = _page(asked, _between(asked, found.replies(ts)), MOST_MESSAGES)
    metadata = asked.arguments.flag("include_all_metadata")
    return {"messages": [shown(message, metadata=metadata) for message in [parent, *chosen]], **answer}
