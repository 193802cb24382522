"""The one mean of values with counts behind them: sum over sum, never a mean of ratios (`product.md` section 4)."""

from collections.abc import Iterable


def weighted_mean(pairs: Iterable[tuple[float, float]]) -> float | None:
    """The mean of (value, weight) pairs; None where nothing weighs anything."""
    total, weight = 0.0, 0.0
    for value, one in pairs:
        total += value * one
        weight += one
    return total / weight if weight else None
