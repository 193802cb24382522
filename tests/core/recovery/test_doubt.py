"""A minute in doubt proves neither that an agent is well nor that it is ill (`docs/design/product.md` section 4)."""

from dataclasses import replace

import pytest

from bot.core.detection.literal_rule import breach, cleared, measure, verdict
from bot.core.model.samples import MinuteRow, Series, short_doubt
from bot.core.model.slis import Call, Sli
from bot.core.recovery.recovery_clock import Need, RecoveryClock, judge
from bot.core.telemetry.rollup import roll
from tests.core.sample_data import AQDD, DQR, HER, TIE, Cell, minutes, normal, series_of

WHY = "prom: one store did not answer"


def doubted(rows: dict[int, MinuteRow], *places: int, why: str = WHY) -> dict[int, MinuteRow]:
    return {minute: replace(row, doubt=why) if minute in places else row for minute, row in rows.items()}


def clock(sli: Sli, cells: list[Cell], base: float, ill: float, *places: int, n: float | None = 100) -> RecoveryClock:
    rows = {series_of(sli): doubted(minutes(sli, cells, n=n), *places)}
    need = Need(series_of(sli), sli, normal(base), ill)
    return judge([need], rows, hold_from=0, newest=len(cells) - 1)


@pytest.mark.parametrize(
    ("sli", "good", "ill", "n"),
    [(HER, 3.0, 18.0, 100), (DQR, 92.0, 70.0, 100), (TIE, 4.0, 13.0, 100), (AQDD, 8, 847, None)],
)
def test_thirty_good_minutes_in_doubt_do_not_hold(sli: Sli, good: float, ill: float, n: float | None) -> None:
    assert clock(sli, [good] * 60, good, ill, n=n).state == "held"
    found = clock(sli, [good] * 60, good, ill, *range(60), n=n)
    assert (found.state, found.minutes) == ("waiting", 0)
    assert f"in doubt: {WHY}" in found.sentence


def test_two_minutes_in_doubt_pause_and_three_reset() -> None:
    assert clock(HER, [3.0] * 20, 3.0, 18.0, 18, 19).state == "paused"
    found = clock(HER, [3.0] * 20, 3.0, 18.0, 17, 18, 19)
    assert (found.state, found.minutes) == ("reset", 0)
    assert found.last_reset == f"reset 00:19 UTC: HER: in doubt: {WHY} for 3 min"


def test_a_bad_minute_in_doubt_is_unknown_too() -> None:
    found = clock(HER, [*[3.0] * 20, 40.0], 3.0, 18.0, 20)
    assert (found.state, found.last_bad) == ("paused", None)


def test_tasks_in_doubt_are_weighed_nowhere() -> None:
    # 60 tasks of the ill region are missing in the doubtful minutes: whole ones alone would take longer to hold
    mixed = clock(HER, [3.0] * 40, 3.0, 4.2, *range(5, 10), n=20)
    whole = clock(HER, [3.0] * 40, 3.0, 4.2, n=20)
    assert mixed.minutes < whole.minutes


def test_another_sli_in_doubt_does_not_show_that_the_agent_is_at_work() -> None:
    exempt = Need(series_of(HER), HER, normal(3.0), 18.0, exempt="rises by itself on read-only")
    other = Need(series_of(DQR), DQR, None, breached=False)
    good = minutes(DQR, [95.0] * 40, n=100)
    assert judge([exempt, other], {series_of(DQR): good}, hold_from=0, newest=39).state == "held"
    rows = {series_of(DQR): doubted(good, *range(40))}
    assert judge([exempt, other], rows, hold_from=0, newest=39).state == "waiting"


def test_a_breach_counts_minutes_in_doubt_and_says_so() -> None:
    run = breach(HER, doubted(minutes(HER, [2.0, 18.0, 18.0], n=214), 1), 2, None)
    assert run is not None
    assert run.why == f"HER 18.0 % > 5.0 % objective for 2 of 2 minutes, n=214 (in doubt: {WHY})"


def test_nothing_is_cleared_by_a_minute_in_doubt() -> None:
    good = minutes(HER, [18.0, 2.0, 2.0], n=214)
    assert cleared(HER, good, 2, None)
    assert cleared(HER, doubted(good, 1), 2, None) == ""


def test_pooled_minutes_carry_the_mark_of_each() -> None:
    rows = doubted(minutes(HER, [2.0] * 10, n=5), 7)
    assert measure(HER, rows, 9).doubt == WHY
    assert verdict(HER, rows, 9, None).why.endswith(f"(in doubt: {WHY})")
    assert measure(HER, rows, 6).doubt == ""


@pytest.mark.parametrize(
    "why", ["several series for `value`", "125 % of 40 cannot be", "its newest value is 10 min old"]
)
def test_an_answer_that_cannot_be_used_is_no_data_and_says_why(why: str) -> None:
    rows = {0: MinuteRow(series_of(HER), 0, None, None, why)}
    found = verdict(HER, rows, 0, None)
    assert (found.call, found.lack, found.why) == (Call.UNKNOWN, "data", f"HER: no data (in doubt: {why})")


def test_what_is_kept_for_long_leaves_out_what_was_in_doubt() -> None:
    rows = [
        MinuteRow(Series("", "", ""), minute, value, 10, doubt)
        for minute, (value, doubt) in enumerate(((2, ""), (50, WHY)))
    ]
    rolled = roll(rows)
    assert rolled is not None
    assert (rolled.value, rolled.n) == (2, 10)


def test_reasons_are_short_and_told_once() -> None:
    assert short_doubt("a\nb", "", "a b", "c") == "a b; c"
    assert len(short_doubt("x" * 1_000)) == 200
