"""Whole numbers as people type them, on whatever keyboard."""

from typing import Final

MOST_DIGITS: Final = 9
"""More than any incident, step or question has; a longer one is no number that is meant."""


def typed_number(text: str) -> int | None:
    """The number in the digits of any script; None for anything else, such as `²` or digits without end."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None
