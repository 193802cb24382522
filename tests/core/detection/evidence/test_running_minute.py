"""The seconds of the running minute: both implementations, any order, and the line."""

import math
import random as shuffling

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.detection.evidence import fleet, plain
from bot.core.detection.evidence.allowance import Allowance
from bot.core.detection.evidence.judgement import judge_running
from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.detection.evidence.scale import Scale
from bot.core.detection.evidence.track import JudgedSeries, Minute, Slot
from bot.core.detection.evidence.windows import HOUR, SECONDS, SLOT
from tests.core.detection.evidence.healthy_series import DAY, HER, shares, taught
from tests.core.detection.evidence.test_agreement import random_learned

NOW = 14 * DAY
LEARNED = taught(HER, shares(0.02, 300, 0, NOW))
BEFORE = shares(0.02, 300, NOW - 120, 120)
TWELVE = Allowance(looks_a_minute=12)
COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 80)), min_size=1, max_size=20)


def slots_of(counts: list[tuple[int, int]]) -> list[Slot]:
    return [Slot(60 * NOW + SLOT * at, 100 * min(bad, n) / n, n) for at, (bad, n) in enumerate(counts) if n]


@given(COUNTS, st.integers(0, 1000))
def test_the_order_of_seconds_changes_nothing(counts: list[tuple[int, int]], seed: int) -> None:
    slots = slots_of(counts)
    shuffled = slots.copy()
    shuffling.Random(seed).shuffle(shuffled)  # noqa: S311 - an order, not a secret
    one, other = (judge_running(HER, each, BEFORE, LEARNED, TWELVE) for each in (slots, shuffled))
    assert one == other


@given(COUNTS)
def test_no_page_while_the_pooled_seconds_are_on_the_good_side(counts: list[tuple[int, int]]) -> None:
    judged = judge_running(HER, slots_of(counts), BEFORE, LEARNED, TWELVE)
    assert not judged.breach or judged.value > HER.objective


@pytest.mark.slow
def test_both_implementations_agree_on_seconds() -> None:
    random = np.random.default_rng(18)
    breached = 0
    for _ in range(1000):
        learned = random_learned(random, "share", logarithmic=False)
        track = JudgedSeries("share", min(100 * learned.level * 1.5, 100.0))
        n = random.poisson(float(random.choice([0.5, 8.0, 80.0])), max(SECONDS) // SLOT)
        bad = random.binomial(n, min(1.0, learned.level * float(random.choice([1.0, 6.0]))))
        hour = random.binomial(200, min(1.0, learned.level), HOUR)
        minutes = [Minute(NOW - HOUR - 1 + at, each / 2, 200) for at, each in enumerate(hour)]
        end = 60 * NOW - SLOT
        slots = [
            Slot(end - SLOT * (len(n) - 1 - at), 100 * few / all_, all_)
            for at, (few, all_) in enumerate(zip(bad.tolist(), n.tolist(), strict=True))
            if all_
        ]
        if not slots or slots[-1].second != end:
            continue
        slow = [
            look.evidence if look.may_breach else 0.0 for look in plain.second_looks(track, slots, minutes, learned)
        ]
        fast = _fast(learned, bad, n, hour, track.line)
        assert all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-6) for a, b in zip(slow, fast, strict=True)), (
            slow,
            fast,
        )
        breached += max(slow) > TWELVE.threshold
    assert breached > 30


def _fast(learned: LearnedBaseline, bad: np.ndarray, n: np.ndarray, hour: np.ndarray, line: float) -> list[float]:
    """The same by `fleet.py`, as `bench/detection/bench_running_minute.py` asks it."""
    spans = [seconds // SLOT for seconds in SECONDS]
    x, tasks = (np.array([[float(each[-span:].sum()) for span in spans]]) for each in (bad, n))
    hour_x = np.full(x.shape, float(hour.sum()))
    sums = fleet.Sums(x, x, tasks, hour_x, np.full(x.shape, 200.0 * HOUR))
    scale = Scale.of(learned)
    where = fleet.past_objective(sums, scale, np.array([line]))
    found: list[float] = np.maximum(*fleet.evidence(sums, scale, fleet.Noises.of(learned).seconds(), where))[0].tolist()
    return found
