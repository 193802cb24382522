"""What holds for every series: order, scale, one side, and the line."""

import random as shuffling
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.detection.evidence.judgement import judge
from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.detection.evidence.learning import learn
from bot.core.detection.evidence.plain import looks
from bot.core.detection.evidence.track import JudgedSeries, Minute
from tests.core.detection.evidence.healthy_series import COST, DAY, HER, costs, shares, taught

NOW = 14 * DAY
LEARNED = taught(HER, shares(0.03, 100, 0, NOW))
COUNTS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 200)), min_size=1, max_size=70)


def minutes_of(counts: list[tuple[int, int]]) -> list[Minute]:
    return [Minute(NOW + at, 100 * min(bad, n) / n, n) for at, (bad, n) in enumerate(counts) if n]


@given(COUNTS, st.integers(0, 1000))
def test_late_rows_in_any_order_change_nothing(counts: list[tuple[int, int]], seed: int) -> None:
    rows = minutes_of(counts)
    newest = NOW + len(counts) - 1
    shuffled = rows.copy()
    shuffling.Random(seed).shuffle(shuffled)  # noqa: S311 - an order, not a secret
    assert judge(HER, shuffled, newest, LEARNED) == judge(HER, rows, newest, LEARNED)


@given(COUNTS)
def test_minutes_to_come_change_nothing(counts: list[tuple[int, int]]) -> None:
    rows = minutes_of(counts)
    newest = NOW + len(counts) - 1
    later = [*rows, Minute(newest + 1, 100.0, 500)]
    assert judge(HER, later, newest, LEARNED) == judge(HER, rows, newest, LEARNED)


@given(COUNTS)
def test_no_page_while_the_pooled_value_is_on_the_good_side(counts: list[tuple[int, int]]) -> None:
    judged = judge(HER, minutes_of(counts), NOW + len(counts) - 1, LEARNED)
    assert not judged.breach or judged.value > HER.objective


@given(COUNTS, st.integers(0, 69))
def test_more_bad_tasks_never_weaken_the_evidence_against_normal(counts: list[tuple[int, int]], where: int) -> None:
    worse = list(counts)
    bad, n = worse[where % len(worse)]
    worse[where % len(worse)] = (min(bad, n) + (bad < n), n)
    newest = NOW + len(counts) - 1
    less = looks(HER, minutes_of(counts), newest, LEARNED)
    more = looks(HER, minutes_of(worse), newest, LEARNED)
    assert all(high.normal >= low.normal - 1e-9 for low, high in zip(less, more, strict=True))


def test_better_than_normal_is_no_evidence() -> None:
    rows = shares(0.001, 100, NOW, 60)
    assert all(look.normal == 0 for look in looks(HER, rows, NOW + 59, LEARNED))


@pytest.mark.parametrize("factor", [1e-6, 0.01, 1000.0])
def test_a_mean_is_free_of_its_unit(factor: float) -> None:
    history = costs(1.0, 20, 0, 3 * DAY)
    rows = [*costs(1.0, 20, 3 * DAY, 100), *costs(2.2, 20, 3 * DAY + 100, 6)]
    scaled = [row._replace(value=factor * row.value) for row in rows]
    track = replace(COST, objective=factor * COST.objective)
    plain = judge(COST, rows, 3 * DAY + 105, learn(COST, history))
    other = judge(
        track, scaled, 3 * DAY + 105, learn(track, [row._replace(value=factor * row.value) for row in history])
    )
    assert other.evidence == pytest.approx(plain.evidence, rel=1e-6)
    assert (other.breach, other.onset, other.minutes) == (plain.breach, plain.onset, plain.minutes)


def test_a_mirrored_share_says_the_same() -> None:
    good = JudgedSeries("share", 95.0, rising_is_bad=False)
    history, rows = shares(0.03, 100, 0, 3 * DAY), shares(0.2, 100, 3 * DAY, 5)
    turned = [row._replace(value=100 - row.value) for row in history]
    one = judge(HER, rows, 3 * DAY + 4, learn(HER, history))
    other = judge(good, [row._replace(value=100 - row.value) for row in rows], 3 * DAY + 4, learn(good, turned))
    assert other.evidence == pytest.approx(one.evidence, rel=1e-6)
    assert (other.breach, other.onset) == (one.breach, one.onset)


def test_what_was_learned_is_stored_as_json_and_read_back() -> None:
    assert LearnedBaseline.from_json(LEARNED.to_json()) == LEARNED


def test_a_level_that_wanders_is_learned() -> None:
    random = np.random.default_rng(4)
    level, odds = 0.0, list[float]()
    for _ in range(NOW):
        level = level * np.exp(-1 / 120) + 0.3 * np.sqrt(1 - np.exp(-2 / 120)) * random.standard_normal()
        odds.append(np.log(0.03 / 0.97) + level)
    share = 1 / (1 + np.exp(-np.array(odds)))
    history = [Minute(at, float(random.binomial(500, p)) / 5, 500) for at, p in enumerate(share)]
    learned = learn(HER, history)
    steady = learn(HER, shares(0.03, 500, 0, NOW))
    five = learned.windows[4]
    assert five.minutes == 5
    assert 0.25**2 < five.wander < 0.45**2
    assert five.sudden < five.wander / 2
    assert five.carried > 0.7
    assert steady.windows[4].wander < 0.05**2
