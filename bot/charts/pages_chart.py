"""How many pages a replay would have cost, day by day, as a PNG. matplotlib is imported when it is drawn."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.charts.sli_chart import BAD, EDGE, GROUND, INK, LINE
from bot.core.formatting.plurals import plural

WIDTH, HEIGHT, DPI = 10.0, 6.0, 100
MOST_TICKS = 8
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def draw(first_day: int, incidents: Sequence[int], blind: Sequence[int]) -> bytes:
    """Draw bars of pages a UTC day, `first_day` in days since the epoch; returns a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - half a second, only when drawn
    from matplotlib.figure import Figure  # noqa: PLC0415 - see above
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - see above

    sheet = Figure(figsize=(WIDTH, HEIGHT), facecolor=GROUND, edgecolor=EDGE)
    FigureCanvasAgg(sheet)
    axes = sheet.add_subplot()
    days = range(len(incidents))
    axes.bar(days, incidents, color=LINE, label="incidents")
    axes.bar(days, blind, bottom=list(incidents), color=BAD, label="blind")
    places = list(days)[:: max(1, -(-len(incidents) // MOST_TICKS))]
    axes.set_xticks(places, [f"{EPOCH + timedelta(days=first_day + place):%d %b}" for place in places])
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_ylim(bottom=0)
    axes.set_title(
        f"{plural(sum(incidents) + sum(blind), 'page')} in {plural(len(incidents), 'day')}", loc="left", color=INK
    )
    axes.set_ylabel("pages a day")
    axes.legend(frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    stream = io.BytesIO()
    sheet.savefig(stream, format="png", dpi=DPI)
    return stream.getvalue()
