"""What was spent of an error budget, in spans that can be kept for 30 days (`product.md` section 11). Pure.

Minutes are thinned out after two days, and what was normal at a time is known only then. So each hour is judged once
it is over, with the line in force, and kept as a tally: bad, total, unknown. Hours older than four days are folded into
days. A window is made of the spans whose middle lies in it, and of the minutes of the running hour: a window of two
hours may be half an hour longer or shorter, which a rate does not mind.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from bot.core.budgets.budget import PERIOD, Tally, minute_tally, share_spent, target_of
from bot.core.detection.literal_rule import Rows
from bot.core.model.slis import Sli

HOUR, DAY = 60, 24 * 60
HOURS_KEPT = 4 * DAY
"""Minutes after which hours may be folded: burn alerts look back over three days by the hour."""


BUDGET_CHART = "error budget"
"""Stands in the place of an SLI's name where the chart of an agent's budgets is asked for."""


class Spent(NamedTuple):
    """A tally of the minutes `start` up to but not including `start + length`."""

    start: int
    length: int
    tally: Tally

    @property
    def end(self) -> int:
        """The first minute after it."""
        return self.start + self.length


class Burndown(NamedTuple):
    """What was left of one budget at the end of each span, oldest first: 1 untouched, 0 gone, negative overspent."""

    title: str
    points: tuple[tuple[int, float], ...]
    left: float


def burndown(title: str, kept: Sequence[Spent], target: float) -> Burndown:
    """How a budget went down. What may be bad is that of 30 days, as in the number that is shown."""
    lived = min(PERIOD, kept[-1].end - kept[0].start) if kept else PERIOD
    allowed = (1 - target) * sum(span.tally.total for span in kept) * PERIOD / lived
    bad, points = 0.0, [(kept[0].start, 1.0)] if kept else []
    for span in kept:
        bad += span.tally.bad
        points.append((span.end, 1 - bad / allowed if allowed > 0 else 1.0 - (bad > 0)))
    return Burndown(title, tuple(points), points[-1][1] if points else 1.0)


def spans(sli: Sli, rows: Rows, first: int, last: int, limit_at: Callable[[int], float | None]) -> list[Spent]:
    """The minutes `first` to `last` inclusive by the clock's hour; the first and the last hour may be short."""
    found: list[Spent] = []
    start = first
    while start <= last:
        end = min((start // HOUR + 1) * HOUR, last + 1)
        found.append(
            Spent(start, end - start, _sum(minute_tally(sli, rows, m, limit_at(m)) for m in range(start, end)))
        )
        start = end
    return found


def spent_in(sli: Sli, rows: Rows, first: int, last: int, limit: float | None) -> Tally:
    """What the minutes `first` to `last` inclusive spent, such as those of an incident, held to one line."""
    return _sum(minute_tally(sli, rows, minute, limit) for minute in range(first, last + 1))


def incident_share(sli: Sli, rows: Rows, first: int, last: int, limit: float | None) -> float | None:
    """Share of the 30-day budget that an incident used from its first bad minute to `last`, both inclusive.

    None where nothing could be judged or nothing may be bad.
    """
    return share_spent(spent_in(sli, rows, first, last, limit), target_of(sli), last + 1 - first)


def _sum(tallies: Iterable[Tally]) -> Tally:
    bad, total, unknown = 0.0, 0.0, 0
    for each in tallies:
        bad, total, unknown = bad + each.bad, total + each.total, unknown + each.unknown
    return Tally(bad, total, unknown)


def over(kept: Sequence[Spent], last: int) -> Callable[[int], Tally]:
    """What the newest so many minutes up to `last` hold, for `budget.budget`."""

    def window(minutes: int) -> Tally:
        first = last + 1 - minutes
        return _sum(span.tally for span in kept if span.start + span.length / 2 >= first)

    return window


def folded(kept: Sequence[Spent], now: int) -> tuple[list[Spent], list[Spent]]:
    """(days made of hours that are old enough, the hours that they replace). A day is folded whole or not at all."""
    by_day: dict[int, list[Spent]] = {}
    for span in kept:
        if span.length <= HOUR and span.start // DAY * DAY + DAY <= now - HOURS_KEPT:
            by_day.setdefault(span.start // DAY * DAY, []).append(span)
    days = [Spent(day, DAY, _sum(span.tally for span in hours)) for day, hours in sorted(by_day.items())]
    return days, [span for hours in by_day.values() for span in hours]
