"""Spans of time as people write them: `90s`, `2m`, `30 min`, `1h`, `1h 30m`, `14 days`.

A bare number is refused: nobody can know whether `5` means seconds or minutes.
"""

import re

ALLOWED = "a number with its unit, such as 60s, 2m, 30 min or 1h"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PART = re.compile(
    r"(\d+(?:\.\d+)?)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])\s*", re.IGNORECASE
)


def seconds(text: str) -> float:
    """Seconds of a span such as `30 min` or `1h 30m`. Raises ValueError that says what is allowed."""
    rest, total = text.strip(), 0.0
    if not rest:
        raise ValueError(f"nothing stands here; write {ALLOWED}")
    while rest:
        part = _PART.match(rest)
        if part is None:
            raise ValueError(f"{text!r} is not a span of time; write {ALLOWED}")
        total += float(part[1]) * _SECONDS[part[2][0].lower()]
        rest = rest[part.end() :]
    return total


def lasting(seconds: float) -> str:
    """How long something has lasted, as people say it: `40 s`, `26 min`, `3 h 05 min`."""
    whole = max(0, int(seconds))
    if whole < _SECONDS["m"]:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def words(span: float) -> str:
    """Write seconds the short way: 90 is `90s`, 120 is `2m`, 3600 is `1h`."""
    for unit in ("d", "h", "m"):
        if span and span % _SECONDS[unit] == 0:
            return f"{span / _SECONDS[unit]:g}{unit}"
    return f"{span:g}s"
