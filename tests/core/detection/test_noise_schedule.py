"""When noise is learned again: daily of a known series, more often while its history still grows."""

import random
from dataclasses import replace

import pytest

from bot.core.detection.noise_schedule import noise_due, noise_good_for, with_noise
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Baseline, Better, Objective, Sli

HER = Sli("her", "", "%", "ratio", Better.LOWER, Objective(5.0), absolute_tolerance=0.5, rule="evidence")
DAY = 1440
PLAIN = Baseline(2.0, 0.5, 1000, 1000, 0, 0, "pooled ratio of 2 h")


def lived(minutes: int) -> list[MinuteRow]:
    dice = random.Random(3)  # noqa: S311 - traffic is no secret
    series = Series("refunds", "", "her")
    bad = (sum(dice.random() < 0.02 for _ in range(20)) for _ in range(minutes))
    return [MinuteRow(series, at, 100 * few / 20, 20.0) for at, few in enumerate(bad)]


@pytest.mark.parametrize(("days", "minutes"), [(1 / 24, 60), (0.25, 90), (1, 360), (4, 1440), (14, 1440)])
def test_what_a_short_history_taught_is_good_until_it_has_grown_by_a_quarter(days: float, minutes: float) -> None:
    assert noise_good_for(days) == minutes


def test_a_series_of_six_hours_learns_again_an_hour_and_a_half_later_and_an_old_one_the_next_day() -> None:
    for hours, good in ((6, 90), (5 * 24, DAY)):
        history = lived(hours * 60)
        known = with_noise(HER, history, hours * 60 + 15, [], PLAIN)
        assert known.noise
        assert not noise_due(HER, known, known.noise_until + good - 10)
        assert noise_due(HER, known, known.noise_until + good)


def test_without_noise_it_is_tried_again_after_an_hour_and_never_of_what_is_not_judged_so() -> None:
    assert not noise_due(HER, replace(PLAIN, noise_until=1000), 1059)
    assert noise_due(HER, replace(PLAIN, noise_until=1000), 1060)
    assert not noise_due(replace(HER, rule="literal"), PLAIN, 10 * DAY)
