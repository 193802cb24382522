"""The arithmetic of evidence on arrays: every argument is a number or an array, and they broadcast.

Shares: x bad ones of n tasks (both divided by the scatter), a level in log odds, a variance in squared log odds.
Means: their distance from what is expected, in the baseline's scale, the variance of one task, n tasks.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

STEPS = 14
"""Newton's steps at most, each inside a bracket that halves where Newton would leave it."""

CLOSE = 1e-10
"""Log odds: a price changes by the square of what a shift is off."""

LEAST_WANDER = 1e-9
FARTHEST = 30.0
"""Log odds beyond which nothing wanders."""


def share_of(log_odds: Any) -> Numbers:  # noqa: ANN401 - a number or an array, as everything here
    """Log odds as a share."""
    return np.asarray(1 / (1 + np.exp(-np.asarray(log_odds, dtype=np.float64))))


def likeliest_shift(x: Numbers, n: Numbers, log_odds: Numbers, wander: Numbers) -> Numbers:
    """The shift d of a share's level that explains x of n best: n p_d - x + d / wander = 0."""
    low, high = np.full(np.shape(x), -FARTHEST), np.full(np.shape(x), FARTHEST)
    stiffness = 1 / np.maximum(wander, LEAST_WANDER)
    shift = np.zeros(np.shape(x))
    for _ in range(STEPS):
        share = share_of(log_odds + shift)
        slope = n * share - x + shift * stiffness
        high, low = np.where(slope > 0, shift, high), np.where(slope > 0, low, shift)
        step = shift - slope / (n * share * (1 - share) + stiffness)
        step = np.where((step < low) | (step > high), (low + high) / 2, step)
        shift, moved = step, np.abs(step - shift)
        if not np.any(moved > CLOSE):
            break
    return shift


def divergence(share: Numbers, log_odds: Numbers) -> Numbers:
    """Kullback and Leibler's divergence of a share from a level, in nats a task."""
    good = 1 - share
    with np.errstate(divide="ignore", invalid="ignore"):
        entropy = np.where(share > 0, share * np.log(share), 0.0) + np.where(good > 0, good * np.log(good), 0.0)
    return np.asarray(np.maximum(entropy + share * np.logaddexp(0, -log_odds) + good * np.logaddexp(0, log_odds), 0.0))


def share_price(x: Numbers, n: Numbers, log_odds: Numbers, wander: Numbers) -> Numbers:
    """The price of the cheapest innocent explanation of x of n; 0 where x is not above the level."""
    share = np.clip(x / np.maximum(n, LEAST_WANDER), 0, 1)
    worse = np.asarray(share > share_of(log_odds))
    price = np.zeros(worse.shape)
    x, n, share, level, loose = (np.broadcast_to(each, worse.shape)[worse] for each in (x, n, share, log_odds, wander))
    shift = likeliest_shift(x, n, level, loose)
    price[worse] = n * divergence(share, level + shift) + shift**2 / (2 * np.maximum(loose, LEAST_WANDER))
    return price


def tail_evidence(price: Numbers, least: Numbers, start: Numbers, mean: Numbers) -> Numbers:
    """A price as evidence, by the tail that was measured: `learned.Tail` on arrays."""
    return np.minimum(price, least + np.maximum(0.0, np.sqrt(2 * price) - start) / mean)


def mean_price(distance: Numbers, n: Numbers, spread: Numbers, wander: Numbers) -> Numbers:
    """The same for a mean of n tasks: d^2 / 2 over its variance; 0 where it is not above what was expected."""
    variance = spread / np.maximum(n, LEAST_WANDER) + wander
    price = distance**2 / (2 * np.maximum(variance, np.finfo(float).tiny))
    return np.where((distance > 0) & (n > 0), price, 0.0)
