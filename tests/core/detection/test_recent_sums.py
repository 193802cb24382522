"""What the sums of the newest minutes clear, reading the minutes would clear too."""

import math
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from bot.core.detection import literal_rule, rule_in_force
from bot.core.detection.recent_sums import may_be_falling, may_be_silent, may_look_bad, recent_sums_of
from bot.core.detection.silent_failure_rule import Sign, fell_lately, worth_reading
from bot.core.model.samples import MinuteRow, Series
from bot.core.model.slis import Baseline, Better, Objective, Sli
from tests.support.minutes import odd_rows

HER = Series("refunds", "", "her")
SLIS = [
    Sli("her", "", "%", kind, better, Objective(5.0), rule=rule, min_count=most)
    for kind in ("ratio", "gauge")
    for better in Better
    for rule in ("evidence", "literal")
    for most in (0, 20)
]
SHARE = Sli("her", "", "%", "ratio", Better.LOWER, Objective(5.0), rule="evidence")
NORMAL = Baseline(5.0, 0.1, 10_000, 10_000, 0, 0, "14 days")


def by_minute(rows: list[MinuteRow]) -> Mapping[int, MinuteRow]:
    return {row.minute: row for row in rows}


@given(odd_rows(HER), st.sampled_from(SLIS))
def test_what_it_clears_does_not_look_bad(rows: list[MinuteRow], sli: Sli) -> None:
    seen = recent_sums_of(rows, closed=max((row.minute for row in rows), default=0))
    assert (seen is None) == (not rows)
    if seen is not None and not may_look_bad(sli, seen, 5.0):
        assert not rule_in_force.looks_bad(sli, by_minute(rows), 5.0)


@given(
    odd_rows(HER), odd_rows(HER._replace(sli="tie")), st.integers(5, 20), st.sampled_from([Better.LOWER, Better.HIGHER])
)
def test_what_it_clears_is_no_silent_failure(
    fall: list[MinuteRow], rise: list[MinuteRow], closed: int, better: Better
) -> None:
    her = Sli("her", "", "%", "ratio", Better.LOWER, Objective(9.0), rule="evidence", watch="both")
    tie = Sli("tie", "", "calls", "gauge", better, Objective(9.0), rule="evidence")
    fallen = Sign(HER, her, by_minute(fall), NORMAL)
    other = Sign(HER._replace(sli="tie"), tie, by_minute(rise), NORMAL)
    seen, beside = recent_sums_of(fall, closed), recent_sums_of(rise, closed)
    if seen is None:
        assert not fell_lately(fallen, closed)
        return
    if not may_be_falling(fallen, seen):
        assert not fell_lately(fallen, closed)
    if not may_be_silent(fallen, seen, [(other, beside)] if beside is not None else []):
        assert not worth_reading(fallen, [other], closed)


def test_a_healthy_agent_is_cleared_and_a_sick_one_is_not() -> None:
    well = [MinuteRow(HER, minute, 2.0, 100.0) for minute in range(10)]
    sick = [*well[:-1], MinuteRow(HER, 9, 12.0, 100.0)]
    cleared = [may_look_bad(SHARE, seen, 5.0) for rows in (well, sick) if (seen := recent_sums_of(rows, 9))]
    assert cleared == [False, True]


def test_where_counts_are_mixed_it_clears_nothing() -> None:
    rows = [MinuteRow(HER, 0, 2.0, None), MinuteRow(HER, 1, 2.0, 100.0)]
    seen = recent_sums_of(rows, 1)
    assert seen is not None
    assert may_look_bad(SHARE, seen, 5.0)
    assert not math.isnan(seen.recent[0].total)
    assert literal_rule.answered(rows[0])
