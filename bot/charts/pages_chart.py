"""What a replay would have cost, as a PNG: pages a day, and below when each rule would have paged.

matplotlib is imported when it is drawn.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.charts.sli_chart import BAD, EDGE, FAINT, GOOD, GROUND, INK, LINE
from bot.core.formatting.plurals import plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT, ROW, DPI = 10.0, 4.2, 0.55, 100
DAY = 24 * 60
MOST_TICKS = 8
MOST_NAMED = 12
"""Labelled incidents that are named on the chart; more would cover one another."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PagesByDay:
    """Pages by UTC day from `first` (days since the epoch) on."""

    first: int
    incidents: Sequence[int]
    blind: Sequence[int]


@dataclass(frozen=True, slots=True)
class PagesOfRule:
    """When a rule would have paged: (minute since the epoch, whether it was real; None where nobody said)."""

    name: str
    pages: Sequence[tuple[int, bool | None]]


def draw(days: PagesByDay, rules: Sequence[PagesOfRule] = (), labels: Sequence[tuple[int, int, str]] = ()) -> bytes:
    """Draw bars of pages a day over a row of marks for each rule; returns a PNG.

    `labels`: real incidents as (first minute, end, kind), shaded behind the marks.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - half a second, only when drawn
    from matplotlib.figure import Figure  # noqa: PLC0415 - see above

    below = ROW * (len(rules) + 1) if rules else 0.0
    sheet = Figure(figsize=(WIDTH, HEIGHT + below), facecolor=GROUND, edgecolor=EDGE, layout="constrained")
    FigureCanvasAgg(sheet)
    if rules:
        top, bottom = sheet.subplots(2, 1, sharex=True, height_ratios=[HEIGHT, below])
        _draw_rules(bottom, days, rules, labels)
    else:
        top = sheet.add_subplot()
    _draw_days(top, days)
    stream = io.BytesIO()
    sheet.savefig(stream, format="png", dpi=DPI)
    return stream.getvalue()


def _draw_days(axes: "Axes", days: PagesByDay) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - see above

    count = len(days.incidents)
    middles = [place + 0.5 for place in range(count)]
    axes.bar(middles, days.incidents, color=LINE, label="incidents")
    axes.bar(middles, days.blind, bottom=list(days.incidents), color=BAD, label="blind")
    places = list(range(count))[:: max(1, -(-count // MOST_TICKS))]
    axes.set_xticks(places, [f"{EPOCH + timedelta(days=days.first + place):%d %b}" for place in places])
    axes.set_xlim(0, count)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_ylim(bottom=0)
    total = sum(days.incidents) + sum(days.blind)
    axes.set_title(f"{plural(total, 'page')} in {plural(count, 'day')}, as the fleet file says", loc="left", color=INK)
    axes.set_ylabel("pages a day")
    axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
    _strip(axes)


def _draw_rules(
    axes: "Axes", days: PagesByDay, rules: Sequence[PagesOfRule], labels: Sequence[tuple[int, int, str]]
) -> None:
    """A row for each rule, the fleet's own on top. Real pages are green, those by chance red, else blue."""
    start = days.first * DAY
    for first, end, kind in labels:
        axes.axvspan((first - start) / DAY, (end - start) / DAY, color=GOOD, alpha=0.25, linewidth=0)
        if kind and len(labels) <= MOST_NAMED:
            axes.text((first - start) / DAY, len(rules) - 0.45, kind, fontsize=8, color=FAINT, va="bottom")
    colours = {None: LINE, True: GOOD, False: BAD}
    for row, rule in enumerate(reversed(rules)):
        for real, colour in colours.items():
            at = [(minute - start) / DAY for minute, known in rule.pages if known is real]
            axes.vlines(at, row - 0.32, row + 0.32, color=colour, linewidth=1.4)
    names = [f"{rule.name}: {plural(len(rule.pages), 'page')}" for rule in reversed(rules)]
    axes.set_yticks(range(len(rules)), names)
    axes.set_ylim(-0.5, len(rules) - 0.1)
    if labels:
        axes.set_xlabel("shaded: labelled incidents; green: real pages; red: by chance", color=FAINT)
    _strip(axes)


def _strip(axes: "Axes") -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
