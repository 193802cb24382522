"""Foreign text on one line of ours: what it holds is seen, and does nothing to what stands around it."""

import unicodedata

DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of writing, and so can show a text that is not there."""


def one_line(text: str, limit: int | None = None) -> str:
    """The text without control characters, lone surrogates and marks that turn the direction.

    At most `limit` characters, and three dots where some are left out.
    """
    line = " ".join("".join(_kept(character) for character in text).split())
    return line if limit is None or len(line) <= limit else f"{line[:limit]}..."


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    return " " if category == "Cc" else "" if character in DIRECTION else character
