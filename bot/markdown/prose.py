"""Text in and out of Markdown: untrusted text made harmless in it, and Markdown made plain for a phone.

`to_plain(escape(text))` is the text itself, apart from its white space; a property test holds the two to that.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup

from bot.core.formatting.one_line import one_line
from bot.core.reports.postmortem_report import Gap

_ANYWHERE = re.compile(r"[\\`*\[\]|~$]|<(?=[A-Za-z/!?]|$)|&(?=[A-Za-z#]|$)|(?<![^\W_])_|_(?![^\W_])")
"""What CommonMark (or a table, strike-through, maths on GitHub) would read. An underscore inside a word is harmless."""
_OPENING = re.compile(r"^(?:[#>=]|[-+](?=[-+ ]|$)|\d{1,9}(?=[.)](?: |$)))")
"""What makes a heading, list, quote or underline where it opens a line."""


def escape(text: str) -> str:
    """Make untrusted text stand in Markdown as it is: no markup, no link, no table cell, no new line."""
    escaped = _ANYWHERE.sub(lambda found: f"\\{found[0]}", one_line(text))
    return _OPENING.sub(_defused, escaped)


def _defused(found: re.Match[str]) -> str:
    """A digit cannot be escaped; the dot or bracket after it can, so it is left for the next character."""
    opening = found[0]
    return f"\\{opening}" if not opening.isdigit() else f"{opening}\\"


def finalize(value: object) -> Markup:
    """Turn what a template puts out into Markdown. Only markup that our own code made passes unescaped."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, Gap):
        return Markup("**[GAP: {}]**").format(Markup(escape(value.ask)))  # noqa: S704 - escaped for Markdown right here
    return Markup(escape(str(value)))  # noqa: S704 - escaped for Markdown right here


_READER = MarkdownIt("commonmark").enable("table")


@lru_cache(maxsize=512)
def to_plain(markdown: str) -> str:
    """Markdown as plain text for a card: bullets, numbers and `code` stay; emphasis goes; links show where they lead.

    The result is text, not markup: whoever draws it escapes it for Slack.
    """
    root = SyntaxTreeNode(_READER.parse(markdown))
    return "\n\n".join(_blocks(root)).strip()


def _blocks(node: SyntaxTreeNode) -> list[str]:
    return [text for child in node.children if (text := _block(child))]


def _block(node: SyntaxTreeNode) -> str:
    draw = _BLOCKS.get(node.type)
    if draw is not None:
        return draw(node)
    if node.type in ("fence", "code_block", "html_block"):
        return node.content.rstrip("\n")
    return "\n\n".join(_blocks(node)) if node.children else ""


def _prose(node: SyntaxTreeNode) -> str:
    return "".join(_inline(part) for child in node.children for part in child.children)


def _bullets(node: SyntaxTreeNode) -> str:
    return "\n".join(_item(child, "\N{BULLET} ") for child in node.children)


def _numbers(node: SyntaxTreeNode) -> str:
    first = int(node.attrs.get("start", 1))
    return "\n".join(_item(child, f"{number}. ") for number, child in enumerate(node.children, start=first))


def _item(node: SyntaxTreeNode, sign: str) -> str:
    """One item; what follows its first line is set in under it."""
    return sign + "\n".join(_blocks(node)).replace("\n", "\n" + " " * len(sign))


def _table(node: SyntaxTreeNode) -> str:
    rows = (row for part in node.children for row in part.children)
    return "\n".join(" | ".join(_prose(cell) for cell in row.children) for row in rows)


_BLOCKS: Mapping[str, Callable[[SyntaxTreeNode], str]] = {
    "paragraph": _prose,
    "heading": _prose,
    "bullet_list": _bullets,
    "ordered_list": _numbers,
    "table": _table,
}


def _inline(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text" | "html_inline":
            return node.content
        case "code_inline":
            return f"`{node.content}`"
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "link":
            return _link(node)
        case _:
            return node.content if node.type == "image" else "".join(_inlines(node))


def _inlines(node: SyntaxTreeNode) -> Iterator[str]:
    return (_inline(child) for child in node.children)


def _link(node: SyntaxTreeNode) -> str:
    text, target = "".join(_inlines(node)), str(node.attrs.get("href", ""))
    return text if text == target else f"{text} ({target})"
