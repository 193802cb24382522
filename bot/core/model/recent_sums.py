"""The newest minutes of one series, added up: what a store is asked for of a whole fleet."""

from typing import NamedTuple

RECENT = (1, 3, 10)
"""Minutes of the spans that end with the newest row of a series. They say whether long windows are worth reading."""
CLOSED = (3, 10)
"""Minutes of the spans that end with the newest closed minute. In one of them both signs of a silent failure must have
left what is normal before six hours of either are read."""


class Pooled(NamedTuple):
    """The values of some minutes times their tasks, and the tasks (1 a minute where none are counted)."""

    total: float
    n: float


class RecentSums(NamedTuple):
    """The newest minutes of one series, added up."""

    newest: int
    low: float | None
    """The lowest value of a minute; None where none has a value."""
    high: float | None
    counted: int
    """Minutes that tell their tasks, if only that there were none."""
    uncounted: int
    """Minutes with a value and without counts."""
    recent: tuple[Pooled, ...]
    """Of the spans RECENT."""
    closed: tuple[Pooled, ...]
    """Of the spans CLOSED."""

    @property
    def mixed(self) -> bool:
        """Whether some minutes have counts and some have none: then sums say nothing."""
        return self.counted > 0 and self.uncounted > 0
