"""What a change of rung did: the SLIs from the onset to it, against after it (`docs/design/detection.md`).

Minutes before the onset were healthy: with them in the before, a fall from 13 calls a task to 4 reads "6.1 before, 6.1
after". So *before* is from the onset, or from the change before this one, up to the change; *after* is up to ten
minutes from when the rung was read back, and no longer than the next change. Whether the two differ by more than chance
is said in words. Nothing is claimed of an SLI that the rung moves by itself.
"""

from collections.abc import Sequence
from statistics import fmean

from bot.core.detection.literal_rule import answered, pooled_value
from bot.core.diagnosis.comparison import Comparison, means, shares
from bot.core.formatting.numbers import figure
from bot.core.model.rungs import Ladder
from bot.core.model.samples import MinuteRow
from bot.core.model.slis import Breach
from bot.core.reports.postmortem_report import SliEffect
from bot.core.telemetry.tail import merged_rows
from bot.core.telemetry.weighted_mean import weighted_mean

Rows = Sequence[MinuteRow]

AFTER = 10
"""Minutes after the read-back that are compared."""
LEAST = 3
"""Minutes on each side below which nothing is said."""
SURE, LIKELY = 3.5, 2.0
"""Standard errors: more than chance explains, and more than it likely does."""


def effect(breach: Breach, rows: Rows, before: tuple[int, int], after: tuple[int, int], moved: str = "") -> SliEffect:
    """One breached SLI over the minutes `before` [first, change) and `after` [since, end) the change.

    `moved`: that a rung moves the SLI by itself, in words. Values are pooled by counts where they are known.
    """
    usable = [row for row in rows if answered(row) and row.value is not None and row.n != 0]
    first, then = ([row for row in usable if start <= row.minute < end] for start, end in (before, after))
    sli, words = breach.sli, _words(breach, first, then, moved)
    before_value, after_value = (pooled_value(sli, rows) if sli.percentile else mean(rows) for rows in (first, then))
    return SliEffect(breach.series, sli.title, sli.unit, before_value, after_value, len(first), len(then), words)


def spans(onset: int, changes: Sequence[tuple[int, int]], at: int, end: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The minutes before and after the change number `at` of (change, read back) minutes; `end`: the newest minute."""
    change, since = changes[at]
    first = max([onset, *(confirmed + 1 for _, confirmed in changes[:at])])
    following = [later for later, _ in changes[at + 1 :]]
    return (first, change), (since + 1, min([since + 1 + AFTER, end, *following]))


def moved(breach: Breach, ladder: Ladder, workflow: str, rungs: Sequence[str]) -> str:
    """That a rung before or after the change moves the SLI by itself, in words; empty where neither does."""
    concerned = not workflow or breach.series.workflow in ("", workflow)
    if not (breach.sli.moved_by_approval and concerned):
        return ""
    waiting = [rung for rung in rungs if ladder.rung(ladder.or_bottom(rung)).waits_for_people]
    return f"rises by itself on {waiting[0]}" if waiting else ""


def mean(rows: Rows) -> float | None:
    """Pooled by counts where every minute has one, else the plain mean; None of nothing."""
    if all(row.n is not None for row in rows):
        pooled = weighted_mean((row.value or 0.0, row.n or 0.0) for row in rows)
        if pooled is not None:
            return pooled
    return fmean(row.value or 0.0 for row in rows) if rows else None


def in_words(found: SliEffect) -> str:
    """`TIE 13.0 calls/task before (9 min), 4.1 after (10 min): lower, more than chance explains`."""
    if found.before is None or found.after is None:
        return f"{found.title}: {found.words}"
    told = f"{figure(found.before, found.unit)} before ({found.minutes_before} min)"
    return f"{found.title}: {told}, {figure(found.after, found.unit)} after ({found.minutes_after} min): {found.words}"


def _words(breach: Breach, first: Rows, then: Rows, moved: str) -> str:
    if moved:
        return f"{moved}, so it says nothing of the step"
    if min(len(first), len(then)) < LEAST:
        return f"too few minutes to tell ({len(first)} before, {len(then)} after; {LEAST} needed)"
    found = _compared(breach, first, then)
    way = "lower" if found.after < found.before else "higher"
    if abs(found.z) < LIKELY:
        return "no change that chance would not explain"
    return f"{way}, {'more than chance explains' if abs(found.z) >= SURE else 'though it may be chance'}"


def _compared(breach: Breach, first: Rows, then: Rows) -> Comparison:
    """Shares by their counts, and percentiles by the tasks past the line; means and depths by their minutes.

    The minutes' own scatter says how sure the difference of the latter is.
    """
    sli = breach.sli
    if sli.percentile:
        tails = [merged_rows(rows, sli.percentile) for rows in (first, then)]
        before, after = ((tail.above(breach.limit), tail.n) for tail in tails)
        return shares(before, after)
    counted = all(row.n is not None for row in (*first, *then))
    if sli.kind == "ratio" and counted:
        sides = (
            (sum((row.value or 0.0) / 100 * (row.n or 0.0) for row in side), sum(row.n or 0.0 for row in side))
            for side in (first, then)
        )
        return shares(*sides)
    return means([row.value or 0.0 for row in first], [row.value or 0.0 for row in then])
