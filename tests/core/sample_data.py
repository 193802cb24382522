"""The four SLIs as the fleet file has them by default, and minutes written down shortly."""

from collections.abc import Sequence

from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Baseline, Better, Objective, Sli

AGENT = "refunds"
HER = Sli("her", "human escalations", "%", "ratio", Better.LOWER, Objective(5.0), absolute_tolerance=0.5)
DQR = Sli("dqr", "decision quality", "%", "ratio", Better.HIGHER, Objective(85.0))
TIE = Sli("tie", "tool calls per task", "calls/task", "gauge", Better.LOWER, Objective(1.5, relative=True))
AQDD = Sli(
    "aqdd",
    "approval queue",
    "pending",
    "gauge",
    Better.LOWER,
    Objective(2.0, relative=True),
    sustain=30,
    absolute_tolerance=5.0,
)

Cell = float | None | tuple[float | None, float | None]


def series_of(sli: Sli, workflow: str = "") -> Series:
    return Series(AGENT, workflow, sli.name)


def minutes(sli: Sli, cells: Sequence[Cell], *, n: float | None = None, start: int = 0) -> dict[int, MinuteRow]:
    """One row a cell: a value (with `n` for all), or (value, its own n)."""
    pairs = [cell if isinstance(cell, tuple) else (cell, n) for cell in cells]
    return {
        start + place: MinuteRow(series_of(sli), start + place, value, count)
        for place, (value, count) in enumerate(pairs)
    }


def normal(value: float, *, spread: float = 0.0, n: float = 100_000, minutes_used: int = 5_000) -> Baseline:
    return Baseline(value, spread, n, minutes_used, 0, 0, "for the test")
