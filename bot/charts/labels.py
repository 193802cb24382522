"""Where the labels of a chart go so that they do not cover one another. Plain geometry, in pixels."""

from collections.abc import Sequence

from bot.core.reports.postmortem_report import Mark

MOST_MARKS = 12
"""As many as the key has room for; the timeline has them all."""


def chosen(marks: Sequence[Mark]) -> list[Mark]:
    """The marks a chart shows, in order of time: at most 12, confirmations dropped first, then those in the middle."""
    ordered = sorted(marks, key=lambda mark: mark.at)
    if len(ordered) > MOST_MARKS:
        ordered = [mark for mark in ordered if mark.label != "confirmed"]
    half = MOST_MARKS // 2
    return ordered if len(ordered) <= MOST_MARKS else [*ordered[:half], *ordered[-half:]]


def spread(places: Sequence[float], apart: float, lowest: float, highest: float) -> list[float]:
    """Move places until they stand `apart` from one another inside [lowest, highest]; their order is kept.

    Worked example: 10, 12, 50 at least 20 apart in [0, 100] become 10, 30, 50.
    """
    order = sorted(range(len(places)), key=lambda at: places[at])
    moved: list[float] = []
    for at in order:
        moved.append(max(places[at], moved[-1] + apart if moved else lowest))
    ceiling = highest
    for place in reversed(range(len(moved))):
        moved[place] = min(moved[place], ceiling)
        ceiling = moved[place] - apart
    return [moved[order.index(at)] for at in range(len(places))]
