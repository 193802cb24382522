"""A source that answers is not yet one that tells the truth (`product.md` section 3)."""

from datetime import timedelta

import pytest

from bot.core.model.samples import Sample, Series, minute_of
from bot.core.model.slis import PollQuery
from bot.engine.detection.source_checks.source_health import SourceHealth
from bot.ports.sources import Fetch
from tests.support.wired import START

HER, AQDD = Series("refunds", "", "her"), Series("refunds", "", "aqdd")
QUERY = PollQuery("her of all", "metrics", "her", "ratio", {"bad": "x", "total": "y"})
FIRST = minute_of(START)


def told(source_health: SourceHealth, minutes: range, value: float, n: float | None, series: Series = HER) -> None:
    for minute in minutes:
        sample = Sample(series, START + timedelta(minutes=minute), value, n)
        source_health.note(QUERY, Fetch((sample,)), FIRST + minute)


def odd(source_health: SourceHealth) -> dict[str, str]:
    return {what: words for (_, what), words in source_health.oddities(START).items()}


def test_exactly_the_same_counts_for_half_an_hour_are_frozen() -> None:
    source_health = SourceHealth()
    told(source_health, range(30), 3.0, 100)
    assert odd(source_health) == {}
    told(source_health, range(30, 31), 3.0, 100)
    assert odd(source_health) == {"frozen": "source metrics: her of all has had exactly the same numbers for 30 min"}
    told(source_health, range(31, 32), 3.0, 101)
    assert odd(source_health) == {}


@pytest.mark.parametrize(("value", "n"), [(0.0, None), (14.0, None), (0.0, 0.0)])
def test_a_queue_that_stands_still_is_no_frozen_source(value: float, n: float | None) -> None:
    source_health = SourceHealth()
    told(source_health, range(300), value, n, AQDD)
    assert odd(source_health) == {}


def test_one_series_that_moves_is_enough() -> None:
    source_health = SourceHealth()
    for minute in range(60):
        at = START + timedelta(minutes=minute)
        samples = (Sample(HER, at, 3.5, 100), Sample(AQDD, at, 3.5 + minute, None))
        source_health.note(QUERY, Fetch(samples), FIRST + minute)
    assert odd(source_health) == {}


def test_answers_that_stop_having_new_samples_are_stale() -> None:
    source_health = SourceHealth()
    told(source_health, range(3), 3.0, 100)
    old = Sample(HER, START + timedelta(minutes=2), 3.0, 100)
    source_health.note(QUERY, Fetch((old,)), FIRST + 7)
    assert odd(source_health) == {}
    source_health.note(QUERY, Fetch((old,)), FIRST + 8)
    assert odd(source_health) == {"stale": "source metrics: it answers her of all, but its newest sample is 6 min old"}


@pytest.mark.parametrize(("skew", "off"), [(29.0, False), (-31.0, True), (120.0, True), (None, False)])
def test_a_clock_more_than_half_a_minute_off_is_odd(skew: float | None, off: bool) -> None:
    source_health = SourceHealth()
    source_health.note(QUERY, Fetch((), skew=skew), FIRST)
    assert bool(odd(source_health)) is off


def test_a_source_that_is_another_one_now_starts_anew() -> None:
    source_health = SourceHealth()
    told(source_health, range(60), 3.0, 100)
    source_health.note(QUERY, Fetch((), skew=99.0), FIRST + 60)
    source_health.forget("metrics")
    assert odd(source_health) == {}
