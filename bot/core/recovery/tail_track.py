"""Recovery of a percentile: back within 10 % of its baseline, merged over all tasks (`docs/design/detection.md`).

"p95 is within its limit" and "at most 5 % of the tasks are past the limit" are the same sentence (`telemetry/tail.py`).
The second is a share of counted tasks, so the clock weighs it like any other share: windows merge, chance is allowed
for, and the hold is proven or says how many tasks it lacks. What is shown is the percentile, and between which values
so few tasks can place it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import isfinite

from bot.core.detection.literal_rule import Rows, answered, objective_limit
from bot.core.detection.sampling_error import band_limit
from bot.core.formatting.numbers import count, figure, pair
from bot.core.model.samples import MinuteRow
from bot.core.model.slis import Baseline, Objective, Sli
from bot.core.recovery.band import Glance, Need, Numbers, Track
from bot.core.telemetry.tail import TailSketch, merged_rows, read

USUALLY_PAST = 0.75
"""Part of the allowed tasks that is past the recovery limit of a healthy agent whose baseline was only written down."""

LEAST_ROOM = 0.05
"""Part of the allowed tasks that a healthy agent is given beyond its usual ones, at the least."""


def track_of(need: Need, rows: Rows, first: int, newest: int) -> Track:
    """The track of a need. Of an SLI that is not part of the incident the objective counts, and its own rows."""
    line = recovery_line(need.sli, need.baseline)
    if not need.sli.percentile or not need.breached or line is None:
        return Track(need, rows, first, newest)
    return TailTrack(need, rows, first, newest, line)


def recovery_line(sli: Sli, baseline: Baseline | None) -> float | None:
    """The recovery limit in the SLI's unit; without a baseline its objective."""
    return band_limit(sli, baseline) if baseline else objective_limit(sli, None)


class TailTrack(Track):
    """A percentile as the share of tasks past its recovery limit."""

    def __init__(self, need: Need, rows: Rows, first: int, newest: int, line: float) -> None:
        self.whole, self.told, self.line = need, rows, line
        super().__init__(_as_share(need), SharePast(rows, line), first, newest)

    @property
    def title(self) -> str:
        """`p95 of tool calls, tasks past 22 calls`."""
        return f"{super().title}, tasks past {figure(self.line, self.whole.sli.unit)}"

    def numbers(self, seen: Glance, newest: int) -> Numbers:
        """The percentile of the window, its baseline and its limit."""
        self.at = newest
        tail = self._window(newest)
        baseline = self.whole.baseline
        value = tail.value if tail.n and seen.value is not None else None
        return Numbers(value, baseline.value if baseline else None, self.line)

    def why(self, seen: Glance) -> str:
        """What the clock weighs, and where the percentile is as far as so few tasks can tell."""
        weighed = super().why(seen)
        tail = self._window(self.at)
        if seen.value is None or not tail.n:
            return weighed
        low, high = tail.between()
        shown, _ = pair(tail.value, self.line, self.whole.sli.unit)
        upper = f"to {figure(high, '')}" if isfinite(high) else "or more"
        reach = f"{figure(low, '')} {upper} as {count(tail.n)} tasks can tell"
        return f"{weighed}; it is {shown} ({reach})"

    def _window(self, newest: int) -> TailSketch:
        first = max(self.first, newest - self.whole.sli.window + 1)
        rows = (self.told.get(minute) for minute in range(first, newest + 1))
        return merged_rows((row for row in rows if row is not None and not row.doubt), self.whole.sli.percentile)


class SharePast(Mapping[int, MinuteRow]):
    """Stored minutes of a percentile as the percent of their tasks past a line. A view: later rows show in it."""

    def __init__(self, rows: Rows, line: float) -> None:
        self._rows, self._line = rows, line

    def __getitem__(self, minute: int) -> MinuteRow:
        """One minute; an idle one and one without an answer stay what they are."""
        row = self._rows[minute]
        if not row.tail or not answered(row):
            return row
        tail = read(row.tail)
        return replace(row, value=tail.share_above(self._line), n=tail.n, tail="")

    def __iter__(self) -> Iterator[int]:
        """The minutes that are stored."""
        return iter(self._rows)

    def __len__(self) -> int:
        """How many."""
        return len(self._rows)


def _as_share(need: Need) -> Need:
    """The same need of the share of tasks past the recovery limit: 100 - p % may be."""
    sli, allowed = need.sli, need.sli.allowed
    usual = need.baseline.beyond if need.baseline is not None else allowed
    usual = min(USUALLY_PAST * allowed if usual is None else usual, allowed)
    share = replace(
        sli,
        unit="%",
        kind="ratio",
        objective=Objective(allowed),
        tolerance=0.0,
        absolute_tolerance=max(allowed - usual, LEAST_ROOM * allowed),
        percentile=0.0,
    )
    baseline = None if need.baseline is None else replace(need.baseline, value=usual)
    return replace(need, sli=share, baseline=baseline)
