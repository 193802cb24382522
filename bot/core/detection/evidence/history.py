"""A series minute by minute without gaps, and its trailing windows at every minute."""

from dataclasses import dataclass

import numpy as np

from bot.core.detection.evidence.likelihood import Numbers
from bot.core.detection.evidence.windows import DAY


@dataclass(frozen=True, slots=True)
class History:
    """Sums of badness and tasks, minute by minute without gaps; a minute without data has no tasks."""

    x: Numbers
    n: Numbers

    @property
    def days(self) -> float:
        """Days that hold data."""
        return float(np.count_nonzero(self.n)) / DAY

    def windows(self, minutes: int, *, before: int = 0, step: int = 1) -> tuple[Numbers, Numbers]:
        """Sums of the windows of this length that end `before` minutes before each judged minute."""
        return _trailing(self.x, minutes, before, step), _trailing(self.n, minutes, before, step)


def _trailing(column: Numbers, minutes: int, before: int, step: int) -> Numbers:
    total = np.concatenate([[0.0], np.cumsum(column)])
    end = np.arange(1, len(total), step) - before
    return np.asarray(total[np.maximum(end, 0)] - total[np.maximum(end - minutes, 0)])
