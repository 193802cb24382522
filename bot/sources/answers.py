"""Numbers and times in somebody else's answer, the same for every source that reads values from fields or columns."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

MILLISECONDS = 1e11
"""Seconds since the epoch reach this in the year 5138; larger numbers are milliseconds."""


def number(value: object) -> float | None:
    """A finite number, also as text (Langfuse and others send text); True is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def says_none(value: object) -> bool:
    """NaN or infinity, also as text: how some say that there is no number."""
    try:
        return isinstance(value, float | Decimal | str) and not math.isfinite(float(value))
    except (ValueError, OverflowError):
        return False


def moment(value: object) -> datetime | None:
    """Seconds or milliseconds since the epoch, a time, or ISO 8601 (UTC where it names no zone)."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    seconds = number(value)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds / 1000 if seconds >= MILLISECONDS else seconds, UTC)
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        return (at if at is None or at.tzinfo else at.replace(tzinfo=UTC)) if at else None
    except (ValueError, OverflowError, OSError):
        return None


def kind_of(value: object) -> str:
    """What was found instead, in words; a value itself at 40 characters."""
    names: Mapping[type, str] = {list: "a list", dict: "an object", bool: "true or false", type(None): "nothing"}
    return names.get(type(value)) or repr(value)[:40]
