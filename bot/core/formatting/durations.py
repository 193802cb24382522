"""Spans of time as people write them: `90s`, `2m`, `30 min`, `1h`, `1h 30m`, `14 days`.

A bare number is refused: nobody can know whether `5` means seconds or minutes.
"""

import re

ALLOWED = "a number with its unit, such as 60s, 2m, 30 min or 1h"
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PART = re.compile(
    r"(\d+(?:\.\d+)?)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)(?![a-z])\s*", re.IGNORECASE
)


LONGEST = 100 * 365 * 86_400.0
"""Seconds; no calendar reckons with more."""


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
    if total > LONGEST:
        raise ValueError(f"{text[:40]!r} is longer than a hundred years; write {ALLOWED}")
    return total


def words(span: float) -> str:
    """Write seconds the short way: 90 is `90s`, 120 is `2m`, 3600 is `1h`."""
    for unit in ("d", "h", "m"):
        if span and span % _SECONDS[unit] == 0:
            return f"{span / _SECONDS[unit]:g}{unit}"
    return f"{span:g}s"


def span(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h 05 min`, `2 d 4 h`."""
    whole = max(0, int(seconds))
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:  # noqa: PLR2004 - an hour
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:  # noqa: PLR2004 - a day
        return f"{hours} h {minutes:02d} min"
    return f"{hours // 24} d {hours % 24} h"
