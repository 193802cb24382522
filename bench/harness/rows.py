"""What a benchmark hands back."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured number.

    `key` is its name in the JSON file and says its unit (`p99_ms`); `promise` is the number somebody was told, in
    the same unit, as an upper bound, and None where nothing was promised.
    """

    key: str
    value: float
    promise: float | None = None

    @property
    def kept(self) -> bool | None:
        """Whether the promise holds; None where there is none."""
        return None if self.promise is None else self.value <= self.promise


def percentile(values: list[float], share: float) -> float:
    """The nearest-rank percentile: the smallest value that `share` (0 to 1) of all values do not exceed."""
    if not values or not 0 < share <= 1:
        raise ValueError(f"needs values and a share above 0 and up to 1, got {len(values)} values and {share}")
    return sorted(values)[math.ceil(share * len(values)) - 1]
