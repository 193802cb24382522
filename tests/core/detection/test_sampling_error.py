"""The sampling arithmetic, worked by hand."""

import math

import pytest

from bot.core.detection.sampling_error import about, levels
from bot.core.model.slis import Sli
from bot.core.recovery.recovery_clock import band_limit
from tests.core.sample_data import AQDD, DQR, HER, TIE, normal

HER_3 = normal(3.0)
DQR_92 = normal(92.0)


@pytest.mark.parametrize(
    ("sli", "base", "limit"),
    [
        (DQR, 92.0, 82.8),  # 92 - 9.2
        (HER, 8.0, 8.8),  # 8 + 0.8, more than 0.5
        (HER, 3.0, 3.5),  # 3 + 0.5, more than 0.3
        (HER, 0.0, 0.5),  # a zero baseline leaves the absolute tolerance
        (AQDD, 0.0, 5.0),
        (TIE, 3.0, 3.3),
    ],
)
def test_baseline_worsened_by_the_larger_tolerance(sli: Sli, base: float, limit: float) -> None:
    assert band_limit(sli, normal(base)) == pytest.approx(limit)


def test_noise_of_fifty_tasks() -> None:
    # 2.8 sqrt(.03 * .97 / 50) = 0.0675; skew ((7.84 - 1) * .94 / 6 + .5) / 50 = 0.0314
    known = levels(HER, HER_3, 18.0)
    assert known is not None
    assert known.noise(2.8, 50) == pytest.approx(0.0675 + 0.0314, abs=1e-4)


def test_tasks_that_are_enough_to_tell() -> None:
    # ((2.326 * .17059 + 1.645 * .28618) / .06)^2 = 209.3 for 3 against 9 %
    known = levels(HER, HER_3, 9.0)
    assert known is not None
    assert known.enough == pytest.approx(209.3, abs=0.3)
    # ((2.326 * .27129 + 1.645 * .43301) / .17)^2 = 62.4 for 92 against 75 %
    known = levels(DQR, DQR_92, 75.0)
    assert known is not None
    assert known.enough == pytest.approx(62.4, abs=0.3)


def test_weight_of_a_hundred_tasks() -> None:
    # healthy at .03 + .25 * .005 = .03125. Ill at .0865385 and not at the incident's .09: 1.8 times the odds of the
    # objective are 1.8 * .05 / .95 = .0947368, and .0947368 / 1.0947368 = .0865385. 3 bad of 100:
    # 3 ln(.03125 / .0865385) + 97 ln(.96875 / .9134615) = -3.0557 + 5.7002 = 2.6445
    known = levels(HER, HER_3, 9.0)
    assert known is not None
    assert known.weight(0.03, 100) == pytest.approx(2.6445, abs=1e-4)
    assert known.weight(0.09, 100) < 0


@pytest.mark.parametrize(
    ("sli", "base", "ill", "near"),
    [
        (HER, 3.0, 60.0, 8.65385),  # an agent that went from 60 % to 9 % is not well
        (HER, 3.0, 7.0, 7.0),  # nearer than that: the incident's own level
        (HER, 3.0, 3.2, 5.0),  # at least the objective
        (DQR, 92.0, 20.0, 75.8929),  # 1.8 * .15 / .85 = .317647; .317647 / 1.317647 = .241071 bad
        (TIE, 3.0, 40.0, 8.1),  # 1.8 times 1.5 * 3
    ],
)
def test_what_the_hold_is_weighed_against(sli: Sli, base: float, ill: float, near: float) -> None:
    known = levels(sli, normal(base), ill)
    assert known is not None
    assert known.value(known.near) == pytest.approx(near, abs=1e-4)


def test_a_measured_level_is_taken_up_for_the_likely_and_down_for_the_nearest() -> None:
    # 7 % of 100 tasks: half of sqrt(.07 * .93 / 100) = 2.5515 points is 1.2757
    known = levels(HER, HER_3, 7.0, 100)
    assert known is not None
    assert known.value(known.near) == pytest.approx(8.2757, abs=1e-4)
    assert known.value(known.nearest) == pytest.approx(5.7243, abs=1e-4)
    # and both end at the cap
    known = levels(HER, HER_3, 18.0, 50)
    assert known is not None
    assert known.near == known.nearest == pytest.approx(0.0865385, abs=1e-6)


def test_tasks_still_owed() -> None:
    # the target 8.2940 less 2.6445, at 0.026445 a task: 213.6
    known = levels(HER, HER_3, 9.0)
    assert known is not None
    assert known.owed(0.03, 100, math.log(4000)) == pytest.approx(213.6, abs=0.1)
    assert (about(186.4), about(87.2), about(1234), about(0)) == (190, 88, 1300, 0)


def test_a_counted_gauge_takes_its_noise_from_the_baseline() -> None:
    # an average minute of 2000 / 100 = 20 tasks spreads by 0.3, so one task by 0.3 sqrt(20) = 1.342
    known = levels(TIE, normal(3.0, spread=0.3, n=2000, minutes_used=100), 6.0)
    assert known is not None
    assert known.sd == pytest.approx(1.3416, abs=1e-4)
    assert known.error(20) == pytest.approx(0.3)


def test_a_measured_level_is_taken_with_caution() -> None:
    # 18 % of 50 tasks: half of sqrt(.18 * .82 / 50) = 5.43 points, so 15.28 %
    known = levels(HER, HER_3, 18.0, 50)
    assert known is not None
    assert known.ill == pytest.approx(0.1528, abs=1e-4)


def test_the_ill_level_is_at_least_the_objective() -> None:
    known = levels(HER, HER_3, 3.2)
    assert known is not None
    assert known.ill == pytest.approx(0.05)
