"""A series minute by minute without gaps, and its trailing windows at every minute."""

import numpy as np

from bot.core.detection.evidence.likelihood import Numbers
from bot.core.detection.evidence.windows import DAY


class History:
    """Sums of badness and tasks, minute by minute without gaps; a minute without data has no tasks."""

    def __init__(self, x: Numbers, n: Numbers) -> None:
        self.x, self.n = x, n
        self._totals = tuple(np.concatenate([[0.0], np.cumsum(column)]) for column in (x, n))

    @property
    def days(self) -> float:
        """Days that hold data."""
        return float(np.count_nonzero(self.n)) / DAY

    def windows(self, minutes: int, *, before: int = 0, step: int = 1) -> tuple[Numbers, Numbers]:
        """Sums of the windows of this length that end `before` minutes before each judged minute."""
        x, n = self._totals
        return _trailing(x, minutes, before, step), _trailing(n, minutes, before, step)


def _trailing(total: Numbers, minutes: int, before: int, step: int) -> Numbers:
    end = np.arange(1, len(total), step) - before
    return np.asarray(total[np.maximum(end, 0)] - total[np.maximum(end - minutes, 0)])
