"""Text that did not come from our own source code, made inert and short (`slack.md`, "Rules that Slack imposes").

An agent, an alert, a runbook or a user may write anything. On its way to a card it loses what could mention, link,
format, hide or reorder: controls, bidi marks, zero-width characters, backticks, emphasis, emoji codes. It is clipped
before it is escaped, so that no entity is ever cut in half, and so short that it fits when it *is* escaped.
"""

import re
from datetime import UTC, datetime

ELLIPSIS = "…"
NEAR = 18 * 3600
"""Seconds within which a time of day can mean one day only."""
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb]"
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")
_EMOJI = re.compile(r":(?=[\w+'-]*[A-Za-z])([\w+'-]+):|:(100|1234):")
_EDGE_UNDERSCORE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_QUOTED_LINE = re.compile(r"^>+", re.MULTILINE)
_LOOKALIKE = str.maketrans({"`": "'", "*": "\u2217", "~": "\u223c"})
_COLON, _LOW_LINE, _ANGLE = "\ua789", "\uff3f", "\u203a"
"""Look like `:`, `_` and `>`, and mean nothing to Slack."""
_ENTITY = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_QUOTES = str.maketrans(
    dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"')
    | dict.fromkeys("\u2018\u2019\u201a\u201b", "'")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys("\u00a0\u202f", " ")
)
_MENTION = re.compile(r"^<@([UW][A-Z0-9]+)(?:\|([^>]*))?>$")
_WEB = re.compile(r"https?://[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]+")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,}")
_ID = re.compile(r"[A-Z][A-Z0-9]{2,20}|\d{1,12}\.\d{1,6}")
_USER = re.compile(r"[UW][A-Z0-9]{2,}")


def escape(text: str) -> str:
    """Escape `&`, `<` and `>`, in that order, and nothing else."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, the last an ellipsis where something was left out."""
    return text if len(text) <= limit else text[: max(0, limit - 1)].rstrip() + ELLIPSIS


def clip_escaped(text: str, limit: int) -> str:
    """Clip so that the text is at most `limit` characters once it is escaped, then escape it."""
    if len(escape(text)) <= limit:
        return escape(text)
    room, kept = limit - len(ELLIPSIS), []
    for letter in text:
        room -= len(_ENTITY.get(letter, letter))
        if room < 0:
            break
        kept.append(letter)
    return escape("".join(kept).rstrip()) + ELLIPSIS


def plain(text: str, limit: int, *, lines: bool = False) -> str:
    """For a `plain_text` carrier, where nothing is parsed: visible characters only, clipped, never empty.

    `lines`: keep line breaks; otherwise everything stands on one line.
    """
    seen = _INVISIBLE.sub("", _CONTROL.sub(" ", whole(text).replace("\r\n", "\n").replace("\u2028", "\n")))
    if not lines:
        seen = seen.replace("\n", " ")
    seen = _BLANK_LINES.sub("\n\n", _SPACES.sub(" ", seen)).strip()
    return clip(seen, limit) or "-"


def inert(text: str, limit: int, *, lines: bool = False) -> str:
    """For a mrkdwn carrier: `plain`, and with no effect on what stands around it. At most `limit` once escaped."""
    seen = plain(text, limit, lines=lines).translate(_LOOKALIKE)
    seen = _EMOJI.sub(lambda found: f"{_COLON}{found[1] or found[2]}{_COLON}", seen)
    seen = _EDGE_UNDERSCORE.sub(_LOW_LINE, seen)
    seen = _QUOTED_LINE.sub(lambda found: _ANGLE * len(found[0]), seen)
    return clip_escaped(seen, limit)


def bold(text: str, limit: int = 150) -> str:
    """Untrusted text in bold."""
    return f"*{inert(text, limit)}*"


def clock_time(at: datetime) -> str:
    """An hour and minute in the reader's own time zone; UTC where it cannot be told."""
    return f"<!date^{int(at.timestamp())}^{{time}}|{at.astimezone(UTC):%H:%M} UTC>"


def day_and_time(at: datetime) -> str:
    """A date and time in the reader's own time zone, for what may be on another day."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at.astimezone(UTC):%d %b %H:%M} UTC>"


def day(at: datetime) -> str:
    """A date in the reader's own time zone and language, without the time."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}}|{at.astimezone(UTC):%d %b}>"


def near_time(at: datetime, now: datetime) -> str:
    """The time alone within the day around `now`, with its date beyond."""
    return clock_time(at) if abs((at - now).total_seconds()) < NEAR else day_and_time(at)


def web_link(url: str, text: str, limit: int) -> str:
    """A link that a setting of ours made; the text alone where it is no address that a browser opens."""
    shown = inert(text, limit).replace("|", "\u2223")
    if not _WEB.fullmatch(url):
        return shown
    return f"<{url.replace('&', '&amp;')}|{shown}>"


def channel_link(channel: str) -> str:
    """A link to a channel; empty for what is not a channel id."""
    return f"<#{channel}>" if _CHANNEL.fullmatch(channel) else ""


def user_mention(user: str) -> str:
    """A mention that pings; empty for what is not a user id."""
    return f"<@{user}>" if _USER.fullmatch(user) else ""


def slack_id(text: str) -> str:
    """An id of Slack's, for a log; `?` for what is none: whoever sent it may have written anything."""
    return text if _ID.fullmatch(text) else "?"


def whole(text: str) -> str:
    """Text that can be stored and sealed: half an emoji, cut off by somebody's clipping, becomes a question mark."""
    return text.encode("utf-8", "replace").decode()


def straight(text: str) -> str:
    """What a phone's keyboard makes of quotes and dashes, turned back; what cannot be seen is dropped."""
    text = whole(text)
    return _SPACES.sub(" ", _INVISIBLE.sub("", _CONTROL.sub(" ", text.translate(_QUOTES).replace("\n", " ")))).strip()


def unescape(text: str) -> str:
    """What Slack escaped in a command's text, as the person typed it."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mentioned(word: str) -> str | None:
    """The user id in `<@U123|name>` or `<@U123>`; None for anything else."""
    found = _MENTION.match(word)
    return found[1] if found else None
