"""What a change of rung did, measured from the onset, with how sure that is in words."""

from dataclasses import replace

import pytest

from bot.core.model.rungs import DEFAULT_LADDER
from bot.core.model.samples import MinuteRow
from bot.core.model.slis import Breach
from bot.core.reports.rung_effect import effect, in_words, moved, spans
from tests.core.reports.refund_incident import FIRST_BAD, HER_BREACH, TIE_BREACH

CHANGE = FIRST_BAD + 10
AFTER = (CHANGE + 1, CHANGE + 11)


def rows(breach: Breach, before: float, ill: float, after: float, n: float | None = 100) -> list[MinuteRow]:
    """An hour as usual, ten ill minutes, ten minutes after the change; every other minute a little off."""
    told = [(minute, before) for minute in range(FIRST_BAD - 60, FIRST_BAD)]
    told += [(minute, ill) for minute in range(FIRST_BAD, CHANGE + 1)]
    told += [(minute, after) for minute in range(CHANGE + 1, CHANGE + 30)]
    return [MinuteRow(breach.series, minute, value * (1 + 0.02 * (minute % 2)), n) for minute, value in told]


def found(breach: Breach, ill: float, after: float, *, n: float | None = 100, usual: float = 4.0) -> str:
    return effect(breach, rows(breach, usual, ill, after, n), (FIRST_BAD, CHANGE), AFTER).words


def test_healthy_minutes_before_the_onset_are_left_out() -> None:
    told = effect(TIE_BREACH, rows(TIE_BREACH, 4.0, 13.0, 4.1), (FIRST_BAD, CHANGE), AFTER)
    assert told.before == pytest.approx(13.0, rel=0.02), "with them it would be near 6"
    assert told.after == pytest.approx(4.1, rel=0.02)
    assert told.words == "lower, more than chance explains"
    assert in_words(told).startswith("TIE: 13.1 calls/task before (10 min), 4.1")


def test_how_sure_it_is_is_said() -> None:
    assert found(TIE_BREACH, 13.0, 12.9) == "no change that chance would not explain"
    assert found(HER_BREACH, 18.0, 4.0) == "lower, more than chance explains"
    assert found(HER_BREACH, 6.0, 11.0, n=30) == "higher, though it may be chance"
    assert found(TIE_BREACH, 13.0, 4.1, n=None) == "lower, more than chance explains"


def test_too_few_minutes_claim_nothing() -> None:
    told = effect(TIE_BREACH, rows(TIE_BREACH, 4.0, 13.0, 4.1), (CHANGE - 2, CHANGE), AFTER)
    assert told.words == "too few minutes to tell (2 before, 10 after; 3 needed)"


@pytest.mark.parametrize(
    ("workflow", "rungs", "says"),
    [
        ("", ("approval", "full"), "rises by itself on approval"),
        ("", ("full", "read-only"), "rises by itself on read-only"),
        ("", ("bounded", "full"), ""),
        ("refund", ("approval", "full"), "rises by itself on approval"),
    ],
)
def test_nothing_is_claimed_of_what_the_rung_moves(workflow: str, rungs: tuple[str, str], says: str) -> None:
    breach = replace(HER_BREACH, sli=replace(HER_BREACH.sli, moved_by_approval=True))
    assert moved(breach, DEFAULT_LADDER, workflow, rungs) == says
    assert moved(TIE_BREACH, DEFAULT_LADDER, workflow, rungs) == ""
    other = replace(breach, series=breach.series._replace(workflow="exchange"))
    assert moved(other, DEFAULT_LADDER, "refund", rungs) == ""


def test_each_change_is_measured_from_the_one_before_it_to_the_one_after() -> None:
    changes = [(CHANGE, CHANGE + 1), (CHANGE + 30, CHANGE + 31)]
    assert spans(FIRST_BAD, changes, 0, CHANGE + 60) == ((FIRST_BAD, CHANGE), (CHANGE + 2, CHANGE + 12))
    assert spans(FIRST_BAD, changes, 1, CHANGE + 35) == ((CHANGE + 2, CHANGE + 30), (CHANGE + 32, CHANGE + 35))
