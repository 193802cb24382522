"""What one SLI was at one minute, and whether that makes a breach (`product.md` section 4).

The rules, in the order in which they are asked:

1. *Data.* A minute is known by its row, or by an earlier row that still stands for it: a sample stands for the
   ceil(every / 60) minutes until the next is due. No row, no value, NaN or infinity: UNKNOWN, lack "data".
2. *Counts.* Unknown n: the minute's own value. n >= min_count: the same. Fewer: the fewest trailing minutes (at most
   `window`) that together reach min_count, pooled as sum over sum, never as a mean of ratios. Still too few:
   UNKNOWN, lack "thin", or "idle" when the source answered that there was no task at all.
   A doubtful minute (a partial answer and the like, `MinuteRow.doubt`) counts, and its mark goes with what it is part
   of: a breach says it, and nothing is cleared by it (`docs/design/product.md` section 4).
3. *The line.* Absolute, or a multiple of the baseline; without a baseline UNKNOWN, lack "baseline".
   One-sided: only the bad side is BAD, and on the line is OK.

4. *The long window*, where an SLI has one: chance passes a line for a minute or two, but not over a quarter of an hour.
   The trailing `long_window` as a whole must be past the line as well, and back on its good side to clear: a short and
   a long window that must agree, as in chapter 5 of Google's SRE Workbook. Where it can say nothing (a share without
   counts), the short one decides alone: a page too many is better than none.

Everything is a function of stored minutes, so a late row, a restart or another replica changes no answer but its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, isclose, isfinite
from typing import Literal, NamedTuple

from bot.core.formatting.numbers import count, figure, label, pair, short
from bot.core.formatting.plurals import plural
from bot.core.model.samples import MinuteRow
from bot.core.model.slis import Baseline, Better, Call, Sli, Verdict
from bot.core.telemetry.tail import merged_rows
from bot.core.telemetry.weighted_mean import weighted_mean

Rows = Mapping[int, MinuteRow]

ROUNDING = 1e-9
"""Relative slack of a comparison: sum over sum of values on the line must stay on the line."""

BLIND_HORIZON = 60
"""Minutes `blind_for` looks back at most; a series that was never seen is blind for this long."""


class Measure(NamedTuple):
    """The value that speaks for a minute. `minutes` is how many were pooled for it, `n` the tasks behind it."""

    value: float | None
    n: float | None
    minutes: int
    lack: Literal["", "data", "idle", "thin"] = ""
    doubt: str = ""
    """Why one of the minutes is not to be trusted; empty when all are whole."""


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive BAD minutes: the first, how many up to now, the verdict of the newest, and why in words."""

    first_bad: int
    minutes: int
    last: Verdict
    why: str


NOTHING = Measure(None, None, 0, "data")


def reach(sli: Sli) -> int:
    """Minutes a sample stands for: until the next one is due."""
    return max(1, ceil(sli.every / 60))


def standing(sli: Sli, rows: Rows, minute: int) -> MinuteRow | None:
    """The row that speaks for a minute: its own, or the newest earlier one whose successor is not due yet."""
    for back in range(reach(sli)):
        row = rows.get(minute - back)
        if row is not None:
            return row
    return None


def answered(row: MinuteRow | None) -> bool:
    """True for a row with a usable answer: a finite value, or the statement that there were no tasks."""
    if row is None:
        return False
    if row.n is not None and not (isfinite(row.n) and row.n >= 0):
        return False
    return row.n == 0 or (row.value is not None and isfinite(row.value))


def worse(better: Better, value: float, line: float) -> bool:
    """Say whether a value is on the bad side of a line. On the line, give or take rounding, is not."""
    past = value > line if better is Better.LOWER else value < line
    return past and not isclose(value, line, rel_tol=ROUNDING)


def worst(better: Better, *values: float) -> float:
    """Whichever value is worst."""
    return max(values) if better is Better.LOWER else min(values)


def best(better: Better, *values: float) -> float:
    """Whichever value is best."""
    return min(values) if better is Better.LOWER else max(values)


def worsened(better: Better, value: float, by: float) -> float:
    """Move a value by so much in its bad direction."""
    return value + by if better is Better.LOWER else value - by


def measure(sli: Sli, rows: Rows, minute: int) -> Measure:
    """The value that speaks for a minute, pooled back where the minute alone has too few tasks."""
    row = standing(sli, rows, minute)
    if row is None or not answered(row):
        return NOTHING._replace(doubt=row.doubt) if row is not None else NOTHING
    if row.n is None or (row.n > 0 and row.n >= sli.min_count):
        return Measure(row.value, row.n, 1, doubt=row.doubt)
    return _pooled(sli, rows, row.minute, oldest=min(row.minute, minute - sli.window + 1))


def _pooled(sli: Sli, rows: Rows, newest: int, oldest: int) -> Measure:
    """Sum over sum from `newest` back to whichever comes first: min_count reached, or `oldest`."""
    held, tasks, doubt = list[MinuteRow](), 0.0, rows[newest].doubt
    for minute in range(newest, oldest - 1, -1):
        row = rows.get(minute)
        if row is None or not row.n or not answered(row) or row.value is None:
            continue
        held.append(row)
        tasks += row.n
        doubt = doubt or row.doubt
        if tasks >= sli.min_count:
            return Measure(pooled_value(sli, held), tasks, newest - minute + 1, doubt=doubt)
    if tasks > 0:
        return Measure(pooled_value(sli, held), tasks, newest - oldest + 1, "thin", doubt)
    return Measure(None, 0.0, newest - oldest + 1, "idle", doubt)


def pooled_value(sli: Sli, rows: Sequence[MinuteRow]) -> float | None:
    """The value of minutes with counts as one: sum over sum, and of a percentile that of all their tasks together."""
    if sli.percentile:
        tail = merged_rows(rows, sli.percentile)
        return tail.value if tail.n else None
    return weighted_mean((row.value or 0.0, row.n or 0.0) for row in rows)


def objective_limit(sli: Sli, baseline: Baseline | None) -> float | None:
    """The line in the SLI's unit; None where it hangs on a baseline that is not known, or is a multiple of 0.

    A multiple of the baseline is never nearer to it than `absolute_tolerance`, so a baseline of 0 leaves room.
    """
    if not sli.objective.relative:
        return sli.objective.limit
    if baseline is None:
        return None
    multiple = sli.objective.limit * baseline.value
    if multiple == 0 and not sli.absolute_tolerance:
        return None
    return worst(sli.better, multiple, worsened(sli.better, baseline.value, sli.absolute_tolerance or 0.0))


def objective_words(sli: Sli, baseline: Baseline | None) -> str:
    """`<= 5 %`, `>= 85 %`, `<= 1.5x baseline (3.2 calls/task)`; the bracket is the baseline."""
    sign = "<=" if sli.better is Better.LOWER else ">="
    if not sli.objective.relative:
        return f"{sign} {short(sli.objective.limit)} {sli.unit}".strip()
    known = f" ({figure(baseline.value, sli.unit)})" if baseline else ""
    return f"{sign} {short(sli.objective.limit)}x baseline{known}"


def call_of(sli: Sli, measured: Measure, limit: float | None) -> Call:
    """The call on a measure, without words: for those who judge many minutes and speak of few."""
    if measured.lack or measured.value is None or limit is None:
        return Call.UNKNOWN
    return Call.BAD if worse(sli.better, measured.value, limit) else Call.OK


def verdict(sli: Sli, rows: Rows, minute: int, baseline: Baseline | None) -> Verdict:
    """One minute's call with its reason, such as "HER 18.0 % > 5.0 % objective, n=214"."""
    measured = measure(sli, rows, minute)
    if measured.lack:
        why = _lacking(sli, measured) + doubted(measured.doubt)
        return Verdict(Call.UNKNOWN, why, minute, measured.value, n=measured.n, lack=measured.lack)
    limit = objective_limit(sli, baseline)
    if limit is None:
        why = f"{label(sli)}: {_no_line(sli, baseline)}"
        return Verdict(Call.UNKNOWN, why, minute, measured.value, n=measured.n, lack="baseline")
    call = call_of(sli, measured, limit)
    why = _comparison(sli, measured, limit, baseline) + _counted(measured) + doubted(measured.doubt)
    return Verdict(call, why, minute, measured.value, limit, measured.n)


def _no_line(sli: Sli, baseline: Baseline | None) -> str:
    """Why there is nothing to hold a number to."""
    if baseline is None:
        return f"learning: no baseline yet to hold it to {objective_words(sli, None)}"
    return "normal is 0, and a multiple of 0 holds it to nothing: `absolute_tolerance` says how much may be"


def _lacking(sli: Sli, measured: Measure) -> str:
    if measured.lack == "data":
        return f"{label(sli)}: no data"
    if measured.lack == "idle":
        return f"{label(sli)}: no tasks in {measured.minutes} min"
    few = count(measured.n or 0.0)
    return f"{label(sli)}: only n={few} in {measured.minutes} min, {sli.min_count} needed"


def _comparison(sli: Sli, measured: Measure, limit: float, baseline: Baseline | None) -> str:
    value = measured.value if measured.value is not None else limit
    bad, good = (">", "<=") if sli.better is Better.LOWER else ("<", ">=")
    shown, line = pair(value, limit, sli.unit)
    multiple = ""
    if sli.objective.relative and baseline is not None:
        multiple = f" ({short(sli.objective.limit)}x baseline {figure(baseline.value, '')})"
    return f"{label(sli)} {shown} {bad if worse(sli.better, value, limit) else good} {line} objective{multiple}"


def _counted(measured: Measure) -> str:
    if measured.n is None:
        return ""
    pooled = f" over {measured.minutes} min" if measured.minutes > 1 else ""
    return f", n={count(measured.n)}{pooled}"


def doubt_in(rows: Rows, first: int, newest: int) -> str:
    """Why one of these minutes (both ends included) is not to be trusted, the newest such; empty when all are whole."""
    known = (rows.get(minute) for minute in range(newest, first - 1, -1))
    return next((row.doubt for row in known if row is not None and row.doubt), "")


def doubted(doubt: str) -> str:
    """The mark of a reason that rests on doubtful minutes: ` (in doubt: one store did not answer)`."""
    return f" (in doubt: {doubt})" if doubt else ""


def over_long(sli: Sli, rows: Rows, newest: int) -> float | None:
    """The value of the whole `long_window` up to `newest`; None where the SLI has none."""
    return over_span(sli, rows, newest, sli.long_window)


def over_span(sli: Sli, rows: Rows, newest: int, span: int) -> float | None:
    """The value of the `span` minutes up to `newest`: sum over sum; without counts the mean of a gauge's minutes.

    None where they hold nothing that can be pooled.
    """
    known = [rows[minute] for minute in range(newest - span + 1, newest + 1) if minute in rows]
    if sli.percentile:
        return pooled_value(sli, [row for row in known if answered(row)])
    told = [(row.value, row.n) for row in known if answered(row) and row.value is not None and row.n != 0]
    if any(n is None for _, n in told):
        told = [(value, 1.0) for value, _ in told] if sli.kind == "gauge" else []
    return weighted_mean((value, n or 0.0) for value, n in told)


def long_call(sli: Sli, rows: Rows, newest: int, limit: float | None) -> Call:
    """What the long window says: UNKNOWN where there is none, and then the short one decides alone."""
    value = over_long(sli, rows, newest)
    if value is None or limit is None:
        return Call.UNKNOWN
    return Call.BAD if worse(sli.better, value, limit) else Call.OK


def breach(sli: Sli, rows: Rows, newest: int, baseline: Baseline | None) -> Run | None:
    """Return the run of BAD minutes that ends at `newest` if it is a breach: long enough, and borne out, else None."""
    limit = objective_limit(sli, baseline)
    length = _streak(lambda minute: call_of(sli, measure(sli, rows, minute), limit) is Call.BAD, rows, newest)
    if length < sli.sustain or long_call(sli, rows, newest, limit) is Call.OK:
        return None
    last = verdict(sli, rows, newest, baseline)
    lasted = f"{length} of {plural(sli.sustain, 'minute')}" if length == sli.sustain else plural(length, "minute")
    measured = measure(sli, rows, newest)
    lasted += _lasting(sli, rows, newest) + _counted(measured)
    doubt = doubt_in(rows, newest - length + 1, newest)
    why = f"{_comparison(sli, measured, last.limit or 0.0, baseline)} for {lasted}{doubted(doubt)}"
    return Run(newest - length + 1, length, last, why)


def cleared(sli: Sli, rows: Rows, newest: int, baseline: Baseline | None) -> str:
    """Why a breach is over: OK for `sustain` consecutive minutes, and in its long window. "" while it is not.

    A doubtful minute clears nothing.
    """
    limit = objective_limit(sli, baseline)
    if long_call(sli, rows, newest, limit) is Call.BAD:
        return ""
    for back in range(max(1, sli.sustain)):
        at = measure(sli, rows, newest - back)
        if at.doubt or call_of(sli, at, limit) is not Call.OK:
            return ""
    measured = measure(sli, rows, newest)
    words = _comparison(sli, measured, limit or 0.0, baseline)
    return (
        f"{words} for {sli.sustain} of {plural(sli.sustain, 'minute')}{_lasting(sli, rows, newest)}{_counted(measured)}"
    )


def _lasting(sli: Sli, rows: Rows, newest: int) -> str:
    value = over_long(sli, rows, newest)
    return "" if value is None else f", {figure(value, sli.unit)} over {sli.long_window} min"


def blind_for(sli: Sli, rows: Rows, newest: int) -> int:
    """Count the minutes up to `newest` without data, at most BLIND_HORIZON. An idle or thin minute is not blind."""
    for back in range(BLIND_HORIZON):
        if answered(standing(sli, rows, newest - back)):
            return back
    return BLIND_HORIZON


def _streak(holds: Callable[[int], bool], rows: Rows, newest: int) -> int:
    """Count the consecutive minutes up to `newest` for which something holds; no row, no minute."""
    if not holds(newest):
        return 0
    first = min(rows)
    length = 1
    while newest - length >= first and holds(newest - length):
        length += 1
    return length
