"""What holds for means and depths as it does for shares: order, unit, one side, and the line."""

import random as shuffling
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.detection.evidence.judgement import judge
from bot.core.detection.evidence.learned import LearnedBaseline
from bot.core.detection.evidence.learning import learn
from bot.core.detection.evidence.plain import looks
from bot.core.detection.evidence.track import JudgedSeries, Minute
from tests.core.detection.evidence.healthy_series import COST, DAY, QUEUE, costs, depths

NOW = 3 * DAY
HISTORY = {COST: costs(1.0, 20, 0, NOW), QUEUE: depths(4.5, 0, NOW)}
LEARNED = {track: learn(track, history) for track, history in HISTORY.items()}
FALLING = JudgedSeries("mean", 0.6, rising_is_bad=False)
BOTH = st.sampled_from([COST, QUEUE])
TOLD = st.lists(st.tuples(st.floats(0, 40), st.integers(0, 60)), min_size=1, max_size=70)


def minutes_of(track: JudgedSeries, told: list[tuple[float, int]]) -> list[Minute]:
    tasks = (1 if track.kind == "depth" else n for _, n in told)
    return [Minute(NOW + at, value, n) for at, ((value, _), n) in enumerate(zip(told, tasks, strict=True)) if n]


@given(BOTH, TOLD, st.integers(0, 1000))
def test_late_rows_in_any_order_change_nothing(track: JudgedSeries, told: list[tuple[float, int]], seed: int) -> None:
    rows, newest = minutes_of(track, told), NOW + len(told) - 1
    shuffled = rows.copy()
    shuffling.Random(seed).shuffle(shuffled)  # noqa: S311 - an order, not a secret
    assert judge(track, shuffled, newest, LEARNED[track]) == judge(track, rows, newest, LEARNED[track])


@given(BOTH, TOLD)
def test_no_page_while_the_pooled_value_is_on_the_good_side(track: JudgedSeries, told: list[tuple[float, int]]) -> None:
    judged = judge(track, minutes_of(track, told), NOW + len(told) - 1, LEARNED[track])
    assert not judged.breach or judged.value > track.objective


@given(BOTH, TOLD, st.integers(0, 69), st.floats(0, 30))
def test_a_worse_minute_never_weakens_the_evidence_against_normal(
    track: JudgedSeries, told: list[tuple[float, int]], where: int, more: float
) -> None:
    worse = list(told)
    value, n = worse[where % len(worse)]
    worse[where % len(worse)] = (value + more, n)
    newest, learned = NOW + len(told) - 1, LEARNED[track]
    less, rather = (looks(track, minutes_of(track, each), newest, learned) for each in (told, worse))
    assert all(high.normal >= low.normal - 1e-9 for low, high in zip(less, rather, strict=True))


@given(BOTH, st.lists(st.tuples(st.floats(0, 0.2), st.integers(1, 60)), min_size=1, max_size=70))
def test_better_than_normal_is_no_evidence(track: JudgedSeries, told: list[tuple[float, int]]) -> None:
    found = looks(track, minutes_of(track, told), NOW + len(told) - 1, LEARNED[track])
    assert all(look.normal == 0 for look in found)


@given(TOLD)
def test_a_mean_that_should_not_fall_is_judged_on_its_own_side(told: list[tuple[float, int]]) -> None:
    learned = learn(FALLING, HISTORY[COST])
    judged = judge(FALLING, minutes_of(FALLING, told), NOW + len(told) - 1, learned)
    assert not judged.breach or judged.value < FALLING.objective


def scaled(learned: LearnedBaseline, factor: float) -> LearnedBaseline:
    """What the same history teaches in another unit: logarithms do not know it."""
    return replace(learned, level=learned.level * factor, lift=learned.lift * factor)


@given(BOTH, TOLD, st.floats(1e-6, 1e6))
def test_the_unit_changes_nothing(track: JudgedSeries, told: list[tuple[float, int]], factor: float) -> None:
    learned = LEARNED[track]
    assert learned.logarithmic
    other = replace(track, objective=track.objective * factor, lift=track.lift * factor)
    rows, newest = minutes_of(track, told), NOW + len(told) - 1
    plain = judge(track, rows, newest, learned)
    again = judge(other, [row._replace(value=row.value * factor) for row in rows], newest, scaled(learned, factor))
    assert (again.call, again.onset, again.minutes) == (plain.call, plain.onset, plain.minutes)
    assert again.evidence == pytest.approx(plain.evidence, rel=1e-6, abs=1e-6)


def test_what_a_history_teaches_in_another_unit_is_what_the_last_test_says() -> None:
    told = learn(replace(COST, objective=1.5e4), [row._replace(value=row.value * 1e4) for row in HISTORY[COST]])
    meant = scaled(LEARNED[COST], 1e4)
    assert told.level == pytest.approx(meant.level)
    assert told.scatter == pytest.approx(meant.scatter, rel=1e-6)
    assert [each.wander for each in told.windows] == pytest.approx([each.wander for each in meant.windows], rel=1e-6)
