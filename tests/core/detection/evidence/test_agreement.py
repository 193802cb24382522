"""The fast implementation and the plain one say the same of 10,000 random series."""

import math

import numpy as np
import pytest

from bot.core.detection.evidence import fleet, plain
from bot.core.detection.evidence.learned import LearnedBaseline, Tail, WindowNoise
from bot.core.detection.evidence.likelihood import Numbers as Array
from bot.core.detection.evidence.track import JudgedSeries, Kind, Minute
from bot.core.detection.evidence.windows import LONG, WINDOWS


def random_noise(random: np.random.Generator) -> tuple[WindowNoise, ...]:
    return tuple(
        WindowNoise(
            minutes,
            float(random.choice([0.0, 1e-6, 0.01, 0.3])),
            Tail(2.576 + random.exponential(0.2), 0.316 + random.exponential(0.1)),
            float(random.uniform(0, 1)) if minutes != LONG else 0.0,  # six hours have no hour before them
            float(random.choice([0.0, 1e-6, 0.01, 0.3])),
            Tail(2.576 + random.exponential(0.2), 0.316 + random.exponential(0.1)),
        )
        for minutes in WINDOWS
    )


def random_learned(random: np.random.Generator, kind: Kind, *, logarithmic: bool) -> LearnedBaseline:
    share = kind == "share"
    level = float(random.choice([1e-6, 0.005, 0.03, 0.3, 0.9])) if share else float(random.uniform(0.1, 5))
    scatter = float(random.choice([1.0, 1.0, 3.0])) if share else float(random.uniform(0.01, 2))
    lift, hour = 0.0 if share else float(random.uniform(0, 1)), float(random.choice([0.0, 0.02]))
    centre = 0.0 if share else float(random.normal(0, 0.1))
    noise = random_noise(random)
    return LearnedBaseline(kind, level, scatter, logarithmic, lift, hour, noise, 14.0, centre)


def random_minutes(random: np.random.Generator, learned: LearnedBaseline, length: int) -> tuple[Array, Array]:
    n = random.poisson(float(random.choice([0.3, 2.0, 20.0, 1000.0])), length).astype(float)
    if learned.kind == "depth":
        n = (random.random(length) < 0.9).astype(float)
    n[: int(random.integers(0, length))] *= float(random.choice([0.0, 1.0]))
    worse = float(random.choice([1.0, 2.0, 6.0]))
    level = np.full(length, learned.level)
    level[-int(random.integers(1, 90)) :] *= worse
    if learned.kind == "share":
        return random.binomial(n.astype(int), np.minimum(level, 1.0)).astype(float), n
    return n * level * random.lognormal(0, 0.5, length), n


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "logarithmic", "series"),
    [("share", False, 6000), ("mean", True, 2000), ("mean", False, 1000), ("depth", True, 1000)],
)
def test_both_implementations_agree(kind: Kind, logarithmic: bool, series: int) -> None:
    random = np.random.default_rng(17)
    learned = [random_learned(random, kind, logarithmic=logarithmic) for _ in range(series)]
    length = 440
    drawn = [random_minutes(random, each, length) for each in learned]
    x, n = np.array([bad for bad, _ in drawn]), np.array([tasks for _, tasks in drawn])
    lines = np.array([each.level * 1.5 for each in learned])
    fast = fleet.strongest(learned, x, n, lines)
    breached = 0
    for row, each in enumerate(learned):
        objective = 100 * lines[row] if kind == "share" else lines[row]
        track = JudgedSeries(kind, min(objective, 100.0) if kind == "share" else objective)
        rows = [
            Minute(at, (100 if kind == "share" else 1) * x[row, at] / n[row, at], n[row, at])
            for at in range(length)
            if n[row, at]
        ]
        best = plain.strongest(plain.looks(track, rows, length - 1, each))
        slow = best.evidence if best is not None else 0.0
        assert math.isclose(fast[row], slow, rel_tol=1e-6, abs_tol=1e-6), (row, fast[row], slow)
        breached += slow > 10
    assert breached > series / 20
