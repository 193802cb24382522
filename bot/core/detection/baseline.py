"""What normal was before the incident (`product.md` section 4).

*Closed history*: it ends a guard before onset, so that an incident never becomes its own baseline, and goes back at
most 14 days. Incidents and exercises (with the hour after each), UNKNOWN, doubtful and thin minutes are left out.

*Same hour of the day* (UTC) where there are three days of it: with a daily swing of +-25 % a global median at the
trough was measured 30 % off, the same-hour median 0.4 %. Else, and for a rare ratio with too few tasks in that hour to
be known by it, global.

*Pooled by counts* where counts are known: sum over sum. The median of a rare ratio is 0, and a mean of ratios gives a
minute with two tasks the weight of one with two hundred. Gauges without counts: the median, which one bad hour in
two weeks does not move.

*Percentiles* are those of all tasks of the history together, of every hour of the day: the tail of one hour is few
tasks, and what evidence learned past a line must go on meaning the same line.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import sqrt
from statistics import median
from typing import NamedTuple

from bot.core.detection.literal_rule import ROUNDING, answered, reach
from bot.core.detection.sampling_error import band_limit, tolerance
from bot.core.formatting.plurals import plural
from bot.core.model.samples import MinuteRow
from bot.core.model.slis import Baseline, Sli
from bot.core.telemetry.tail import merged, read
from bot.core.telemetry.weighted_mean import weighted_mean

DAY = 24 * 60

MOST_DAYS = 14
"""`product.md` section 4."""

LEAST_GUARD = 15
"""Minutes before onset that never count: the fault was there before it showed (`product.md` section 4)."""

AFTERMATH = 60
"""Minutes after an excluded span that are left out too: queues drain and retries die down."""

LEAST_MINUTES = 60
"""Minutes of usable history. A median of 60 minutes has a standard error of about 1.25 / sqrt(60) = 0.16 spreads."""

LEAST_COUNT_FACTOR = 25
"""Usable tasks, in min_counts. The baseline's own error is then a fifth of that of the smallest sample it is ever
compared with, and widens the error of the comparison by no more than sqrt(1 + 1/25), 2 %."""

LEAST_DAYS = 3
LEAST_ROWS_A_DAY = 10
"""Same hour: three days, thirty rows, and no day that is there by a handful of rows only."""

MAD_TO_SIGMA = 1.4826
"""Median absolute deviation to standard deviation for normal noise: 1 / 0.6745."""

PINNED = "pinned before deployment"


class _Usable(NamedTuple):
    """One minute of history that counts. `n` None: the source does not tell counts."""

    minute: int
    value: float
    n: float | None
    tail: str = ""


def compute(
    sli: Sli,
    rows: Iterable[MinuteRow],
    onset: int,
    *,
    exclude: Sequence[tuple[int, int]] = (),
    now_hour_minute: int | None = None,
) -> Baseline | None:
    """Compute the baseline that ends before `onset` (the first bad minute); None where history is too short.

    `exclude` holds (first, end) spans in minutes, end exclusive. `now_hour_minute` is a minute of the hour of the day
    that is wanted (an epoch minute or one of the day); onset's own by default. Order of rows does not matter; needs
    LEAST_MINUTES of usable history, and LEAST_COUNT_FACTOR * min_count tasks where counts are known.
    """
    start, end = span(sli, onset)
    if sli.percentile:
        return _of_tails(sli, _history(rows, start, end, exclude), (start, end))
    usable = _without_thin(sli, _history(rows, start, end, exclude))
    wanted = onset if now_hour_minute is None else now_hour_minute
    found = _by_hour(sli, usable, (start, end), wanted)
    if found is not None:
        return found
    if len(usable) * reach(sli) < LEAST_MINUTES or not _enough_tasks(sli, usable):
        return None
    return _summary(sli, usable, (start, end), f"of {_length(usable)}")


def span(sli: Sli, onset: int) -> tuple[int, int]:
    """The minutes that a baseline for this onset is made of: first, and end (exclusive)."""
    end = onset - max(sli.window, sli.long_window, LEAST_GUARD)
    return end - MOST_DAYS * DAY, end


def by_hour(
    sli: Sli, rows: Iterable[MinuteRow], onset: int, wanted: int, exclude: Sequence[tuple[int, int]] = ()
) -> Baseline | None:
    """The same as `compute` where one hour of the day speaks for itself, None where it does not.

    Of `rows` only those of the hour of `wanted`, and of the `window` minutes before it, matter: a caller that knows
    them saves reading the other 23 hours of each day.
    """
    start, end = span(sli, onset)
    if sli.percentile:
        return None
    return _by_hour(sli, _without_thin(sli, _history(rows, start, end, exclude)), (start, end), wanted)


def _by_hour(sli: Sli, usable: Sequence[_Usable], between: tuple[int, int], wanted: int) -> Baseline | None:
    hour = wanted // 60 % 24
    same_hour = [known for known in usable if known.minute // 60 % 24 == hour]
    days = _days(same_hour)
    if days >= LEAST_DAYS and _enough_tasks(sli, same_hour) and _known_well(sli, same_hour):
        return _summary(sli, same_hour, between, f"of the same hour on {plural(days, 'day')}")
    return None


def frozen(
    sli: Sli,
    rows: Iterable[MinuteRow],
    onset: int,
    exclude: Sequence[tuple[int, int]] = (),
    pinned: float | None = None,
) -> Baseline | None:
    """Freeze the baseline for an incident: the pre-incident one, else the pinned pre-deployment value, else None."""
    computed = compute(sli, rows, onset, exclude=exclude)
    if computed is not None or pinned is None:
        return computed
    return Baseline(pinned, 0.0, 0.0, 0, onset, onset, PINNED)


def healthy(
    sli: Sli, rows: Iterable[MinuteRow], onset: int, exclude: Sequence[tuple[int, int]] = ()
) -> list[MinuteRow]:
    """The minutes that a baseline for this onset may be made of, oldest first: answered, and outside every incident."""
    start, end = span(sli, onset)
    told = {row.minute: row for row in rows}
    return [told[known.minute] for known in _history(told.values(), start, end, exclude)]


def _history(rows: Iterable[MinuteRow], start: int, end: int, exclude: Sequence[tuple[int, int]]) -> list[_Usable]:
    """Answered minutes in no doubt inside the span and outside everything excluded, oldest first."""
    left_out = _merged(exclude)
    found: Mapping[int, MinuteRow] = {
        row.minute: row for row in rows if start <= row.minute < end and answered(row) and not row.doubt
    }
    history, index = list[_Usable](), 0
    for minute in sorted(found):
        while index < len(left_out) and left_out[index][1] <= minute:
            index += 1
        inside = index < len(left_out) and left_out[index][0] <= minute
        row = found[minute]
        if not inside and row.value is not None:
            history.append(_Usable(minute, row.value, row.n, row.tail))
    return history


def _merged(exclude: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Excluded spans with their aftermath, in order, overlaps joined."""
    merged = list[tuple[int, int]]()
    for first, end in sorted(exclude):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end + AFTERMATH))
        else:
            merged.append((first, end + AFTERMATH))
    return merged


def _without_thin(sli: Sli, history: Sequence[_Usable]) -> list[_Usable]:
    """Leave out minutes whose trailing window holds fewer than min_count tasks, as detection would."""
    kept, oldest, tasks = list[_Usable](), 0, 0.0
    for known in history:
        tasks += known.n or 0.0
        while history[oldest].minute <= known.minute - sli.window:
            tasks -= history[oldest].n or 0.0
            oldest += 1
        if known.n is None or (known.n > 0 and tasks >= sli.min_count * (1 - ROUNDING)):
            kept.append(known)
    return kept


def _days(usable: Sequence[_Usable]) -> int:
    """Count the days that have enough rows to speak."""
    rows = dict[int, int]()
    for known in usable:
        rows[known.minute // DAY] = rows.get(known.minute // DAY, 0) + 1
    return sum(number >= LEAST_ROWS_A_DAY for number in rows.values())


def _enough_tasks(sli: Sli, usable: Sequence[_Usable]) -> bool:
    """Counted minutes need enough tasks together; without counts the minutes alone decide."""
    counts = [known.n for known in usable if known.n is not None]
    return not counts or sum(counts) >= sli.min_count * LEAST_COUNT_FACTOR


def _known_well(sli: Sli, usable: Sequence[_Usable]) -> bool:
    """A ratio is known by this hour alone if its standard error is inside the recovery band; else take all day.

    A 3 % ratio at 5 tasks a minute is known to 0.57 points by three days of one hour, to 0.12 by the whole days.
    """
    counted = [(known.value, known.n) for known in usable if known.n is not None]
    if sli.kind != "ratio" or not counted:
        return True
    tasks = sum(n for _, n in counted)
    share = (weighted_mean(counted) or 0.0) / 100
    return 100 * sqrt(max(0.0, share * (1 - share)) / tasks) <= tolerance(sli, 100 * share)


def _summary(sli: Sli, usable: Sequence[_Usable], between: tuple[int, int], of_what: str) -> Baseline:
    """Value, spread and n: from the counted minutes where there are any, else from all of them."""
    counted = [(known.value, known.n) for known in usable if known.n is not None]
    if not counted:
        values = [known.value for known in usable]
        middle = median(values)
        spread = MAD_TO_SIGMA * median(abs(value - middle) for value in values)
        return Baseline(middle, spread, len(values), len(values), *between, f"median {of_what}")
    tasks = sum(n for _, n in counted)
    pooled = weighted_mean(counted) or 0.0
    method = f"pooled {'ratio' if sli.kind == 'ratio' else 'mean'} {of_what}"
    return Baseline(pooled, _spread(counted, pooled), tasks, len(counted), *between, method)


def _of_tails(sli: Sli, history: Sequence[_Usable], between: tuple[int, int]) -> Baseline | None:
    """The percentile of all tasks of the history, and how many of them were past the recovery limit that follows."""
    told = [known for known in history if known.tail]
    if len(told) * reach(sli) < LEAST_MINUTES or not _enough_tasks(sli, told):
        return None
    whole = merged((read(known.tail) for known in told), sli.percentile)
    spread = _spread([(known.value, known.n) for known in told if known.n], whole.value)
    found = Baseline(whole.value, spread, whole.n, len(told), *between, f"p{sli.percentile:g} of {_length(told)}")
    return replace(found, beyond=whole.share_above(band_limit(sli, found)))


def _spread(counted: Sequence[tuple[float, float]], middle: float) -> float:
    """Spread of a minute of average traffic: each deviation is scaled to it by the root of its share of tasks.

    So spread * sqrt(n / minutes) is the spread of one task, whatever the traffic, and a rolled-up row of five minutes
    says the same as its five minutes did.
    """
    average = sum(n for _, n in counted) / len(counted)
    return MAD_TO_SIGMA * median(abs(value - middle) * sqrt(n / average) for value, n in counted)


def _length(usable: Sequence[_Usable]) -> str:
    minutes = usable[-1].minute - usable[0].minute + 1
    return f"{plural(minutes / DAY, 'day')}" if minutes >= 2 * DAY else f"{max(1, round(minutes / 60))} h"
