"""A chart of one SLI as a PNG: the line, baseline, recovery band, objective and what happened when.

Drawn for a phone: 1000 x 600 pixels shown at a third of that, so no letter is under 24 pixels. It brings its own light
ground with a border, and so reads the same on a light and on a dark chat. Times are UTC. Where nothing was measured the
line is broken. matplotlib takes half a second to import and is not thread-safe: it is imported when the first chart is
drawn, used through its objects (no pyplot), and by one thread at a time.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from bot.charts.labels import chosen, spread
from bot.core.formatting.numbers import figure
from bot.core.formatting.one_line import one_line
from bot.core.model.samples import minute_start
from bot.core.model.slis import Better
from bot.core.reports.postmortem_report import Chart, Mark

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, DPI = 1000, 600, 100
LEFT, RIGHT = 105, 762
"""Edges of the plot in pixels; the lines are named right of it."""
LETTER = 17.5
INK, FAINT, GROUND, EDGE = "#1d1c1d", "#5e5d60", "#ffffff", "#b8b8bc"
LINE, GOOD, BAD = "#0b5cad", "#1a7f4b", "#c4122f"
OLD = "#6b6b6b"
"""What no longer speaks of now."""
COLOURS = {"harm": BAD, "person": "#6b3fa0", "down": "#a34a00", "good": GOOD, "change": "#00608a"}
UNIT = 56
"""Pixels from the plot's edge to the unit of the times: beyond half a label that is centred on the edge."""
COLUMNS, ROW, BADGE = 3, 33, 32
MOST_TICKS = 5
MOST_TITLE = 56
MOST_LABEL = 15
WHOLE = 100.0
"""Where percentages end."""
FROM_ZERO = 0.4
"""An axis whose lowest value is under this share of its top begins at 0."""
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
ONE_AT_A_TIME = Lock()


@dataclass(frozen=True, slots=True)
class _Sheet:
    """One drawing: the figure, the plot on it, and where the plot's edges are in pixels."""

    figure: "Figure"
    axes: "Axes"
    chart: Chart
    marks: Sequence[Mark]
    bottom: float
    top: float

    def x(self, minute: float) -> float:
        """Pixels from the left of a moment."""
        first, last = self.axes.get_xlim()
        return LEFT + (minute - first) / (last - first) * (RIGHT - LEFT)

    def y(self, value: float) -> float:
        """Pixels from the bottom of a value."""
        low, high = self.axes.get_ylim()
        return self.bottom + (value - low) / (high - low) * (self.top - self.bottom)

    def write(self, x: float, y: float, text: str, colour: str, **style: Any) -> None:  # noqa: ANN401 - matplotlib's own words
        """Write text at a place in pixels."""
        looks = {"fontsize": LETTER, "fontfamily": "DejaVu Sans", "va": "center", "parse_math": False, **style}
        self.figure.text(x / WIDTH, y / HEIGHT, _drawable(text), color=colour, **looks)


def draw(chart: Chart) -> bytes:
    """Draw one chart; returns a PNG."""
    with ONE_AT_A_TIME:
        sheet = _sheet(chart)
        for part in (_ground, _times, _references, _curve, _moments, _key, _title):
            part(sheet)
        stream = io.BytesIO()
        sheet.figure.savefig(stream, format="png", dpi=DPI)
        return stream.getvalue()


def _sheet(chart: Chart) -> _Sheet:
    """An empty sheet; the plot takes what the key above it and the times below it leave."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - half a second, only for a chart
    from matplotlib.figure import Figure  # noqa: PLC0415 - see above

    made = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor=GROUND, edgecolor=EDGE, linewidth=4)
    FigureCanvasAgg(made)
    marks = chosen([mark for mark in chart.marks if chart.first <= _minute(mark) <= chart.last])
    bottom = 92 if _days(chart) > 1 else 62
    top = HEIGHT - 64 - -(-len(marks) // COLUMNS) * ROW - (48 if marks else 0)
    axes = made.add_axes((LEFT / WIDTH, bottom / HEIGHT, (RIGHT - LEFT) / WIDTH, (top - bottom) / HEIGHT))
    axes.set_xlim(chart.first, max(chart.last, chart.first + 1))
    axes.set_ylim(*_range(chart))
    return _Sheet(made, axes, chart, marks, bottom, top)


def _minute(mark: Mark) -> float:
    return mark.at.timestamp() / 60


def _days(chart: Chart) -> int:
    return len({minute_start(minute).date() for minute in (chart.first, chart.last)})


def _range(chart: Chart) -> tuple[float, float]:
    """The y range: all values and lines with room around them; percentages end at 100."""
    lines = (chart.baseline, chart.band, chart.objective)
    seen = [value for value in (*(value for _, value in chart.points), *lines) if value is not None]
    low, high = min(seen, default=0.0), max(seen, default=1.0)
    room = (high - low) * 0.08 or max(abs(high) * 0.1, 1.0)
    bottom = 0.0 if 0 <= low < high * FROM_ZERO else low - room
    top = min(high + room, WHOLE + 1) if chart.unit == "%" and high <= WHOLE else high + room
    return bottom, top


def _ground(sheet: _Sheet) -> None:
    axes = sheet.axes
    axes.set_facecolor(GROUND)
    axes.grid(visible=True, axis="y", color="#e3e3e6", linewidth=1)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(FAINT)
    axes.locator_params(axis="y", nbins=5)
    axes.tick_params(labelsize=LETTER, labelcolor=INK, color=FAINT, length=6, width=1.2)


def _times(sheet: _Sheet) -> None:
    """At most five ticks on round UTC times; with dates where the chart runs over midnight."""
    chart = sheet.chart
    step = next((each for each in STEPS if (chart.last - chart.first) / each <= MOST_TICKS), STEPS[-1])
    ticks = range(-(-chart.first // step) * step, chart.last + 1, step)
    form = "%H:%M\n%d %b" if _days(chart) > 1 else "%H:%M"
    sheet.axes.set_xticks(list(ticks))
    sheet.axes.set_xticklabels([minute_start(tick).strftime(form) for tick in ticks], fontfamily="DejaVu Sans")
    sheet.write(RIGHT + UNIT, sheet.bottom - 24, "UTC", FAINT)


def _references(sheet: _Sheet) -> None:
    """Objective, band and baseline, each named at its right end; and the newest value while it is open."""
    chart, axes = sheet.chart, sheet.axes
    if chart.band is not None:
        edge = axes.get_ylim()[0 if chart.better is Better.LOWER else 1]
        axes.axhspan(min(chart.band, edge), max(chart.band, edge), color=GOOD, alpha=0.16, linewidth=0)
    if chart.objective is not None:
        axes.axhline(chart.objective, color=BAD, linewidth=2.5, dashes=(5, 3))
    if chart.baseline is not None:
        axes.axhline(chart.baseline, color=GOOD, linewidth=2.5, linestyle=(0, (1, 1.5)))
    named = list(_named(chart))
    heights = spread([sheet.y(value) for _, value, _ in named], 34, sheet.bottom + 4, sheet.top)
    for (name, value, colour), height in zip(named, heights, strict=True):
        weight = "bold" if colour == LINE else "normal"
        text = f"{name} {figure(value, chart.unit if chart.unit == '%' else '')}"
        sheet.write(RIGHT + 12, height, text, colour, fontweight=weight)


def _named(chart: Chart) -> Iterator[tuple[str, float, str]]:
    newest = next(((minute, value) for minute, value in reversed(chart.points) if value is not None), None)
    if newest is not None and not any(mark.label == "resolved" for mark in chart.marks):
        yield _when(chart, newest[0]), newest[1], LINE if chart.speaks_of_now(newest[0]) else OLD
    if chart.objective is not None:
        yield "objective", chart.objective, BAD
    if chart.baseline is not None:
        yield "baseline", chart.baseline, GOOD
    if chart.band is not None:
        yield "band", chart.band, GOOD


def _when(chart: Chart, minute: int) -> str:
    """The time of the newest value, since the numbers around the picture move on; or that it is in doubt."""
    return "in doubt" if minute in chart.doubtful else f"{minute_start(minute):%H:%M}"


def _curve(sheet: _Sheet) -> None:
    """The measured line; a minute that stands alone between two holes is a dot."""
    points = sheet.chart.points
    values = [float("nan") if value is None else value for _, value in points]
    sheet.axes.plot([minute for minute, _ in points], values, color=LINE, linewidth=3.5, zorder=3)
    alone = list(_alone(points))
    sheet.axes.plot([m for m, _ in alone], [v for _, v in alone], color=LINE, marker="o", linestyle="", zorder=3)


def _alone(points: Sequence[tuple[int, float | None]]) -> Iterator[tuple[int, float]]:
    values = [None, *(value for _, value in points), None]
    for at, (minute, value) in enumerate(points, start=1):
        if value is not None and values[at - 1] is None and values[at + 1] is None:
            yield minute, value


def _moments(sheet: _Sheet) -> None:
    """A thin line at each moment, leading up to its number; numbers stand apart even where moments do not."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - see _sheet

    at = [sheet.x(_minute(mark)) for mark in sheet.marks]
    height = sheet.top + 34
    for number, (mark, x, place) in enumerate(zip(sheet.marks, at, spread(at, BADGE, 24, WIDTH - 24), strict=True), 1):
        colour = _colour(mark)
        sheet.axes.axvline(_minute(mark), color=colour, linewidth=1.4, alpha=0.6, zorder=2)
        path = ([x / WIDTH, place / WIDTH], [sheet.top / HEIGHT, (height - 12) / HEIGHT])
        sheet.figure.add_artist(Line2D(*path, color=colour, linewidth=1.4))
        _badge(sheet, place, height, number, colour)


def _key(sheet: _Sheet) -> None:
    """What the numbers mean, in columns, read downwards."""
    rows = -(-len(sheet.marks) // COLUMNS)
    for at, mark in enumerate(sheet.marks):
        x, y = 32 + at // rows * (WIDTH - 30) / COLUMNS, HEIGHT - 78 - at % rows * ROW
        label = one_line(mark.label)
        label = label if len(label) <= MOST_LABEL else f"{label[: MOST_LABEL - 1]}…"
        _badge(sheet, x, y, at + 1, _colour(mark))
        sheet.write(x + 24, y, f"{mark.at:%H:%M} {label}", INK)


def _colour(mark: Mark) -> str:
    return COLOURS.get(mark.sort, INK)


def _badge(sheet: _Sheet, x: float, y: float, number: int, colour: str) -> None:
    disc = {"boxstyle": "circle,pad=0.22" if number < 10 else "circle,pad=0.08", "facecolor": colour, "linewidth": 0}  # noqa: PLR2004 - two digits are wider
    sheet.write(x, y, str(number), GROUND, ha="center", fontsize=14, fontweight="bold", bbox=disc)


def _title(sheet: _Sheet) -> None:
    chart = sheet.chart
    where = f"{chart.series.agent}, {chart.series.workflow}" if chart.series.workflow else chart.series.agent
    unit = f" ({chart.unit})" if chart.unit else ""
    text = one_line(f"{chart.title}{unit}: {where}")
    text = text if len(text) <= MOST_TITLE else f"{text[: MOST_TITLE - 1]}…"
    sheet.write(18, HEIGHT - 32, text, INK, fontsize=20, fontweight="bold")


def _drawable(text: str) -> str:
    """The text with a box for letters the font lacks; matplotlib would warn about each."""
    from matplotlib.font_manager import fontManager, get_font  # noqa: PLC0415 - see _sheet

    known = get_font(fontManager.findfont("DejaVu Sans")).get_charmap()
    return "".join(letter if ord(letter) in known else "\N{WHITE SQUARE}" for letter in text)
