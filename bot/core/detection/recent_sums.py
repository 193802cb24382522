"""What the newest minutes of a series add up to: enough to leave most healthy series alone.

A database adds up ten thousand series in the time in which their rows would be read. What they clear,
`rule_in_force.looks_bad` and `silent_failure_rule.worth_reading` clear too; what it does not is read minute by minute.
"""

from collections.abc import Iterable, Sequence
from math import isfinite

from bot.core.detection.literal_rule import answered
from bot.core.detection.silent_failure_rule import Sign
from bot.core.model.recent_sums import CLOSED, RECENT, Pooled, RecentSums
from bot.core.model.samples import MinuteRow
from bot.core.model.slis import Better, Sli

SLACK = 1e-6
"""Part of a line by which sums of another order may differ; far more than they do."""


def recent_sums_of(rows: Sequence[MinuteRow], closed: int) -> RecentSums | None:
    """The sums of these rows of one series; None where there are none. `closed`: the newest minute that is over."""
    if not rows:
        return None
    newest = max(row.minute for row in rows)
    values = [row.value for row in rows if row.value is not None]
    told = [row for row in rows if answered(row) and row.value is not None and row.n != 0]
    return RecentSums(
        newest,
        min(values, default=None),
        max(values, default=None),
        sum(row.n is not None for row in rows),
        sum(row.n is None and row.value is not None for row in rows),
        tuple(_pooled(told, newest, span) for span in RECENT),
        tuple(_pooled(told, closed, span) for span in CLOSED),
    )


def _pooled(told: Iterable[MinuteRow], newest: int, span: int) -> Pooled:
    held = [(row.value or 0.0, 1.0 if row.n is None else row.n) for row in told if newest - span < row.minute <= newest]
    return Pooled(sum(value * n for value, n in held), sum(n for _, n in held))


def may_look_bad(sli: Sli, seen: RecentSums, limit: float | None) -> bool:
    """Whether the rule in force may find anything; False only where reading the rows would say the same."""
    if limit is None:
        return False
    if sli.percentile or seen.mixed:
        return True
    if sli.rule == "evidence" and (sli.kind != "ratio" or seen.counted):
        return any(_past(sli.better, one, limit) for one in seen.recent)
    worst = seen.high if sli.better is Better.LOWER else seen.low
    return worst is not None and _past(sli.better, Pooled(worst, 1.0), limit)


def may_be_falling(fallen: Sign, seen: RecentSums) -> bool:
    """The same of `silent_failure_rule.fell_lately`."""
    return bool(_falling(fallen, seen))


def may_be_silent(fallen: Sign, seen: RecentSums, companions: Sequence[tuple[Sign, RecentSums]]) -> bool:
    """The same of `silent_failure_rule.worth_reading`. `companions`: those of which something is known."""
    spans = _falling(fallen, seen)
    if not spans:
        return False
    lined = [(other.lined, told) for other, told in companions if other.baseline is not None]
    return any(_left(other, told, span) for other, told in lined for span in spans)


def _falling(fallen: Sign, seen: RecentSums) -> list[int]:
    """Which of the spans CLOSED may have left what is normal in the good direction."""
    if fallen.baseline is None:
        return []
    low = fallen.turned
    return [span for span in range(len(CLOSED)) if _left(low, seen, span)]


def _left(sign: Sign, seen: RecentSums, span: int) -> bool:
    known = not (sign.sli.percentile or seen.mixed)
    return not known or _past(sign.sli.better, seen.closed[span], sign.sli.objective.limit)


def _past(better: Better, pooled: Pooled, limit: float) -> bool:
    if pooled.n == 0:
        return False
    value, slack = pooled.total / pooled.n, SLACK * abs(limit) + SLACK**2
    past = value > limit - slack if better is Better.LOWER else value < limit + slack
    return past or not isfinite(value)
