"""How an agent's error budgets went down over 30 days, as a PNG. matplotlib is imported when it is drawn."""

import io
from collections.abc import Sequence

from bot.charts.sli_chart import BAD, EDGE, GROUND, INK, LINE, ONE_AT_A_TIME
from bot.core.budgets.spending import DAY, Burndown
from bot.core.model.samples import minute_start

WIDTH, HEIGHT, DPI = 10.0, 6.0, 100
LETTER = 17
COLOURS = (LINE, "#6b3fa0", "#1a7f4b", "#a34a00", "#5e5d60")
LOWEST = -0.5
"""What is overspent by more is drawn at the edge: how far past nothing it is stands in the words."""
MOST = 5
TICKS = 5


def draw(agent: str, burndowns: Sequence[Burndown]) -> bytes:
    """Draw what was left of each budget, those that have least left first and at most five; returns a PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - half a second, only when drawn
    from matplotlib.figure import Figure  # noqa: PLC0415 - see above

    with ONE_AT_A_TIME:
        sheet = Figure(figsize=(WIDTH, HEIGHT), facecolor=GROUND, edgecolor=EDGE, linewidth=2, layout="tight")
        FigureCanvasAgg(sheet)
        axes = sheet.add_subplot()
        worst = sorted(burndowns, key=lambda burndown: burndown.left)[:MOST]
        for burndown, colour in zip(worst, COLOURS, strict=False):
            days = [minute / DAY for minute, _ in burndown.points]
            left = [100 * max(LOWEST, share) for _, share in burndown.points]
            axes.plot(
                days, left, color=colour, linewidth=3, label=f"{burndown.title}: {100 * burndown.left:.0f} % left"
            )
        axes.axhline(0, color=BAD, linewidth=2)
        axes.set_ylim(100 * LOWEST if any(burndown.left < 0 for burndown in worst) else -5, 103)
        ends = [minute for burndown in worst for minute, _ in burndown.points]
        first, last = (min(ends), max(ends)) if ends else (0, DAY)
        places = [first + (last - first) * step // (TICKS - 1) for step in range(TICKS)]
        axes.set_xticks([place / DAY for place in places], [f"{minute_start(place):%d %b}" for place in places])
        axes.tick_params(labelsize=LETTER - 3)
        axes.set_title(f"{agent}: error budget left (%)", loc="left", color=INK, fontsize=LETTER + 3)
        if worst:
            axes.legend(frameon=False, fontsize=LETTER - 1, loc="best")
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        stream = io.BytesIO()
        sheet.savefig(stream, format="png", dpi=DPI, edgecolor=sheet.get_edgecolor())
    return stream.getvalue()
