"""Slack's text in HTML. Every piece of text is escaped before any markup is put around it."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from bot.localslack.page.emoji import sign
from bot.localslack.state.mrkdwn import unescape
from bot.localslack.state.refusal import Json
from bot.localslack.state.slack import Slack

FENCE = re.compile(r"```\n?(.*?)```", re.DOTALL)
PIECES = re.compile(r"`(?P<code>[^`\n]+)`|<(?P<token>[^<>\n]+)>")
EMOJI = re.compile(r":([a-z0-9_+'-]+(?:::skin-tone-\d)?):")
MARKS = (
    (re.compile(r"(?<![\w*])\*(\S|\S[^*\n]*\S)\*(?![\w*])"), "strong"),
    (re.compile(r"(?<![\w_])_(\S|\S[^_\n]*\S)_(?![\w_])"), "em"),
    (re.compile(r"(?<![\w~])~(\S|\S[^~\n]*\S)~(?![\w~])"), "del"),
)
SAFE_LINK = re.compile(r"(https?://|mailto:|tel:|slack://)", re.IGNORECASE)
KEPT = re.compile("\ue000(\\d+)\ue001")


def link(url: str, words: str) -> Markup:
    """A link that opens elsewhere; an address that could run script is shown as text."""
    if not SAFE_LINK.match(url):
        return escape(words)
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(url, words)


def with_emoji(text: str) -> Markup:
    """Plain text with `:short_names:` drawn."""

    def drawn(found: re.Match[str]) -> str:
        character = sign(found.group(1))
        if character is None:
            return found.group(0)
        return str(Markup('<span class="emoji" role="img" aria-label="{}">{}</span>').format(found.group(1), character))

    return Markup(EMOJI.sub(drawn, str(escape(text))))  # noqa: S704  escaped in this very line


def plain(text: str) -> Markup:
    """A plain_text object's text."""
    return Markup("<br>").join(with_emoji(line) for line in text.split("\n"))


class Formatted:
    """Texts that mention people and channels need the workspace to name them."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self._markdown = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])

    # -- mrkdwn ------------------------------------------------------------------------------------

    def mrkdwn(self, text: str) -> Markup:
        """A mrkdwn text: fences, quotes, inline marks, tokens, emoji."""
        parts = FENCE.split(text)
        drawn = [
            Markup("<pre>{}</pre>").format(unescape(part)) if place % 2 else self._lines(part)
            for place, part in enumerate(parts)
        ]
        return Markup("").join(drawn)

    def _lines(self, text: str) -> Markup:
        made: list[Markup] = []
        quote: list[str] = []
        lines = text.split("\n")
        for line in lines:
            if line.startswith(("&gt;", ">")):
                quote.append(line.removeprefix("&gt;").removeprefix(">").removeprefix(" "))
                continue
            self._close(quote, made)
            made.append(self.inline(line))
        self._close(quote, made)
        joined = Markup("<br>").join(made)
        return Markup(re.sub(r"(</blockquote>)<br>", r"\1", joined))  # noqa: S704  only drops breaks from safe HTML

    def _close(self, quote: list[str], made: list[Markup]) -> None:
        if quote:
            inner = Markup("<br>").join(self.inline(line) for line in quote)
            made.append(Markup("<blockquote>{}</blockquote>").format(inner))
            quote.clear()

    def inline(self, text: str) -> Markup:
        """One line: code and tokens are set aside, the rest gets its marks, then they come back."""
        kept: list[Markup] = []

        def aside(found: re.Match[str]) -> str:
            code = found.group("code")
            piece = Markup("<code>{}</code>").format(unescape(code)) if code else self.token(found.group("token"))
            kept.append(piece)
            return f"\ue000{len(kept) - 1}\ue001"

        rest = PIECES.sub(aside, text.replace("\ue000", "").replace("\ue001", ""))
        drawn = str(with_emoji(unescape(rest)))
        for pattern, tag in MARKS:
            drawn = pattern.sub(rf"<{tag}>\1</{tag}>", drawn)
        return Markup(KEPT.sub(lambda found: str(kept[int(found.group(1))]), drawn))  # noqa: S704  pieces are escaped

    def token(self, token: str) -> Markup:
        """What stands between `<` and `>`."""
        target, _, label = token.partition("|")
        words = unescape(label)
        if target.startswith("@"):
            return self.user(target[1:], words)
        if target.startswith("#"):
            return self.channel(target[1:], words)
        if target.startswith("!"):
            return self._special(target[1:], words)
        if not SAFE_LINK.match(target):
            return escape(f"<{unescape(token)}>")
        return link(unescape(target), words or unescape(target))

    def _special(self, target: str, words: str) -> Markup:
        word, _, rest = target.partition("^")
        if word == "subteam":
            return self.usergroup(rest, words)
        if word == "date":
            stamp, _, form = rest.partition("^")
            return self.date(stamp, form.partition("^")[0] or "{date_short_pretty} {time}", words)
        if word in {"here", "channel", "everyone"}:
            return _mention(f"@{word}", "mention all")
        return escape(words or f"<!{target}>")

    # -- names ---------------------------------------------------------------------------------------

    def user(self, user_id: str, words: str = "") -> Markup:
        """A person's name as a mention."""
        person = self.slack.people.get(user_id)
        name = (person.real_name if person else "") or words.removeprefix("@") or user_id
        return _mention(f"@{name}", "mention")

    def channel(self, channel_id: str, words: str = "") -> Markup:
        """A channel's name as a mention."""
        found = self.slack.conversations.get(channel_id)
        return _mention(f"#{found.name if found else words or channel_id}", "mention")

    def usergroup(self, group_id: str, words: str = "") -> Markup:
        """A group's handle as a mention."""
        group = self.slack.groups.get(group_id)
        return _mention(f"@{group.handle}" if group else words or group_id, "mention all")

    @staticmethod
    def date(stamp: object, form: str, fallback: str = "") -> Markup:
        """A date in Slack's form language, in UTC."""
        try:
            moment = datetime.fromtimestamp(int(str(stamp)), UTC)
        except (ValueError, OverflowError, OSError):
            return escape(fallback)
        long = f"{moment:%B} {moment.day}, {moment.year}"
        words = {
            "date_num": f"{moment:%Y-%m-%d}", "date": long, "date_long": f"{moment:%A}, {long}",
            "date_pretty": long, "date_long_pretty": f"{moment:%A}, {long}",
            "date_short": f"{moment:%b} {moment.day}, {moment.year}",
            "date_short_pretty": f"{moment:%b} {moment.day}, {moment.year}",
            "time": f"{moment:%H:%M}", "time_secs": f"{moment:%H:%M:%S}", "ago": f"{moment:%Y-%m-%d %H:%M}",
        }  # fmt: skip
        shown = re.sub(r"\{(\w+)\}", lambda found: words.get(found.group(1), found.group(0)), form)
        return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), shown)

    # -- rich text and markdown ----------------------------------------------------------------------

    def rich(self, elements: Iterable[Json]) -> Markup:
        """The inline elements of a rich text section."""
        return Markup("").join(self._rich_inline(element) for element in elements)

    def _rich_inline(self, element: Json) -> Markup:
        kind = element.get("type")
        drawn = self._RICH[kind](self, element) if kind in self._RICH else unknown("rich text element", kind)
        for style, tag in (
            ("code", "code"),
            ("bold", "strong"),
            ("italic", "em"),
            ("strike", "del"),
            ("underline", "u"),
        ):
            if (element.get("style") or {}).get(style):
                drawn = Markup("<{0}>{1}</{0}>").format(Markup(tag), drawn)  # noqa: S704  a constant of this line
        return drawn

    def _rich_text(self, element: Json) -> Markup:
        return plain(str(element.get("text", "")))

    def _rich_link(self, element: Json) -> Markup:
        url = str(element.get("url", ""))
        return link(url, str(element.get("text") or url))

    def _rich_emoji(self, element: Json) -> Markup:
        return with_emoji(f":{element.get('name')}:")

    def _rich_color(self, element: Json) -> Markup:
        return Markup('<code class="colour">{}</code>').format(element.get("value"))

    def _rich_name(self, element: Json) -> Markup:
        """Somebody or something that has an id."""
        kind = str(element["type"])
        name = str(element.get("range" if kind == "broadcast" else f"{kind}_id"))
        if kind == "team":
            return escape(name)
        return self._special(name, "") if kind == "broadcast" else getattr(self, kind)(name)

    def _rich_date(self, element: Json) -> Markup:
        return self.date(element.get("timestamp"), str(element.get("format")), str(element.get("fallback", "")))

    _RICH = {  # noqa: RUF012  a table of methods, never changed
        "text": _rich_text,
        "link": _rich_link,
        "emoji": _rich_emoji,
        "color": _rich_color,
        "user": _rich_name,
        "channel": _rich_name,
        "usergroup": _rich_name,
        "broadcast": _rich_name,
        "team": _rich_name,
        "date": _rich_date,
    }

    def markdown(self, text: str) -> Markup:
        """A markdown block; raw HTML in it stays text and script addresses are no links."""
        return Markup(self._markdown.render(text))  # noqa: S704  markdown-it escapes with html off

    def text(self, found: Json | str | None) -> Markup:
        """A text object, or text."""
        if found is None:
            return Markup("")
        if isinstance(found, str):
            return plain(found)
        return self.mrkdwn(found["text"]) if found.get("type") == "mrkdwn" else plain(str(found.get("text", "")))


def _mention(words: str, kind: str) -> Markup:
    return Markup('<span class="{}">{}</span>').format(kind, words)


def unknown(what: str, kind: object) -> Markup:
    """The red panel that nobody can overlook."""
    return Markup('<div class="unknown" role="alert">Unknown {}: <code>{}</code></div>').format(what, str(kind))
