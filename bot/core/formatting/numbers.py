"""Numbers as a tired person reads them: the same figure looks the same in every reason, card and timeline entry."""

from math import isfinite

from bot.core.model.samples import minute_start
from bot.core.model.slis import Sli

TRADE_NAMES = frozenset({"dqr", "tie", "her", "aqdd"})
MOST_DECIMALS = 6
WHOLE_FROM = 100
"""From this size on decimals tell nobody anything."""


def label(sli: Sli) -> str:
    """`HER` for the four of the trade, else the SLI's title (its name where it has none)."""
    return sli.name.upper() if sli.name.lower() in TRADE_NAMES else sli.title or sli.name


def decimals(value: float, unit: str) -> int:
    """How many decimals a figure of this size needs: percentages one, counts none, small costs three digits."""
    size = abs(value)
    if unit == "%":
        return 1
    if not isfinite(value) or size >= WHOLE_FROM or value == int(value):
        return 0
    if size >= 1:
        return 1
    return next((places for places in range(3, MOST_DECIMALS) if round(size, places - 2)), MOST_DECIMALS)


def figure(value: float, unit: str, places: int | None = None) -> str:
    """`18.0 %`, `6.3 calls/task`, `847 pending`, `0.031 USD`."""
    shown = f"{value:,.{decimals(value, unit) if places is None else places}f}"
    return f"{shown} {unit}".strip()


def pair(value: float, line: float, unit: str) -> tuple[str, str]:
    """Two figures to be compared, with as many decimals as it takes to see that they differ."""
    places = max(decimals(value, unit), decimals(line, unit))
    while places < MOST_DECIMALS and value != line and round(value, places) == round(line, places):
        places += 1
    return figure(value, unit, max(places, decimals(value, unit))), figure(line, unit, places)


def short(value: float) -> str:
    """A number as somebody wrote it in the fleet file: `5`, `1.5`."""
    return f"{value:g}"


def count(n: float) -> str:
    """Tasks: `1,234`."""
    return f"{n:,.0f}"


def clock_time(minute: int) -> str:
    """`02:41 UTC`."""
    return f"{minute_start(minute):%H:%M} UTC"
