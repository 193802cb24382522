"""Percentiles that merge: the error they promise, in any order, from any parts."""

import random
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.telemetry.tail import ACCURACY, TailSketch, merged, read

COSTS = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e9)), min_size=1, max_size=80)
PERCENTILES = st.floats(50, 99.9)


def exact(percentile: float, values: list[float]) -> float:
    """The value that at most 100 - p % exceed, from the values themselves."""
    rank = ceil(round(percentile / 100 * len(values), 9))
    return sorted(values)[max(rank, 1) - 1]


@given(PERCENTILES, COSTS)
def test_a_percentile_is_at_most_one_percent_from_that_of_the_values(percentile: float, values: list[float]) -> None:
    tail = TailSketch.of(percentile, values)
    assert tail.n == len(values)
    assert tail.value == pytest.approx(exact(percentile, values), rel=ACCURACY * 1.001, abs=1e-300)


@given(st.lists(COSTS, min_size=1, max_size=8), st.integers(0, 999))
def test_parts_in_any_order_merge_to_the_sketch_of_all_values(parts: list[list[float]], seed: int) -> None:
    whole = TailSketch.of(95, [value for part in parts for value in part])
    tails = [TailSketch.of(95, part) for part in parts]
    random.Random(seed).shuffle(tails)  # noqa: S311 - an order, not a secret
    assert merged(tails, 95) == whole
    assert merged([merged(tails[:3], 95), merged(tails[3:], 95)], 95) == whole


@given(PERCENTILES, COSTS, st.floats(0, 1e9))
def test_past_the_line_and_too_many_past_the_line_are_one_sentence(
    percentile: float, values: list[float], line: float
) -> None:
    tail = TailSketch.of(percentile, values)
    on = TailSketch.of(percentile, [line]).value
    assert (tail.value > on * (1 + 1e-12)) == (tail.share_above(line) > 100 - percentile + 1e-7)


@given(PERCENTILES, COSTS)
def test_what_is_stored_is_read_back(percentile: float, values: list[float]) -> None:
    tail = TailSketch.of(percentile, values)
    assert read(tail.text()) == tail


@given(COSTS)
def test_the_percentile_lies_where_it_is_said_to_lie(values: list[float]) -> None:
    tail = TailSketch.of(95, values)
    low, high = tail.between()
    assert low <= tail.value <= high


def test_more_tasks_tell_more() -> None:
    dice = random.Random(1)  # noqa: S311 - traffic is no secret
    few, many = (TailSketch.of(95, [dice.lognormvariate(0, 1) for _ in range(n)]).between() for n in (80, 8000))
    assert few[0] < many[0] < many[1] < few[1]


def test_whole_numbers_below_fifty_are_told_apart() -> None:
    for calls in range(49):
        assert TailSketch.of(95, [float(calls + 1)]).above(float(calls)) == 1
        assert TailSketch.of(95, [float(calls)]).above(float(calls)) == 0


def test_a_part_of_a_sketch_has_the_same_percentile() -> None:
    tail = TailSketch.of(95, [float(value) for value in range(100)])
    fifth = tail.scaled(0.2)
    assert fifth.n == pytest.approx(20)
    assert fifth.value == tail.value
    assert merged([fifth] * 5, 95).above(50) == pytest.approx(tail.above(50))


def test_nothing_has_no_percentile() -> None:
    assert (TailSketch(95).n, TailSketch(95).value, TailSketch(95).share_above(3), merged([], 95)) == (
        0,
        0,
        0,
        TailSketch(95),
    )
