"""Signs that a source is not telling the present: its clock, its timestamps, a value that never moves.

Each answer is a sentence for people, empty where nothing is wrong. A value that stands still is the hardest to see: a
scraper that died without a mark gives the last value again and again, and it looks healthy.
"""

from collections.abc import Sequence

from bot.core.model.samples import MinuteRow

SKEW_LIMIT = 30.0
"""Seconds that a source's clock may be off before its minutes are not ours (`product.md` section 3)."""
FROZEN_MINUTES = 30


def skewed(skew: float | None) -> str:
    """Say that a source's clock is off. `skew`: its clock minus ours in seconds, None where it does not tell."""
    if skew is None or abs(skew) <= SKEW_LIMIT:
        return ""
    side = "ahead of" if skew > 0 else "behind"
    return f"its clock is {abs(skew):.0f} s {side} ours; more than {SKEW_LIMIT:.0f} s puts its minutes in doubt"


def stale(age: float, every: int) -> str:
    """Say that a timestamp is too old. `age` in seconds at the time asked for; `every`: seconds between polls."""
    if age <= 2 * every:
        return ""
    return f"its newest value is {age / 60:.0f} min old, though it is asked every {every} s"


def frozen(rows: Sequence[MinuteRow], least: int = FROZEN_MINUTES) -> str:
    """Say that one series has not moved for `least` minutes in a way that living numbers do not.

    Nothing and everything may rest (0 % escalated, 100 % good), a level may rest on a whole number (3 pending), and so
    may any value whose count of tasks moves. A fraction that stays the same to the last digit is a copy.
    """
    if least < 2 or len(rows) < least:  # noqa: PLR2004 - one value cannot stand still
        return ""
    last = rows[-least:]
    value, n = last[-1].value, last[-1].n
    same = all((row.value, row.n) == (value, n) for row in last)
    if value is None or n == 0 or not same or value in {0.0, 100.0} or (value.is_integer() and n is None):
        return ""
    count = "" if n is None else f", n={n:g}"
    return f"exactly {value:g}{count} for {least} minutes; it may be a copy of an old value"
