"""Out of contact nothing is ever granted that was not granted before."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.core.autonomy.answered import loosened
from bot.core.enforcement.call_decision import SEVERITY, TaskUse, WantedCall, decide
from bot.core.enforcement.held_rung import NEVER_REACHED, HeldRung, in_force, taken
from bot.core.enforcement.tool_class import ToolClass
from bot.core.model.rungs import DEFAULT_LADDER
from bot.core.model.tools import TaskBounds

START = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)
CALLS = [WantedCall("t", ToolClass(writes, "no", "fleet file"), 1.0) for writes in (True, False)]
levels = st.sampled_from(DEFAULT_LADDER.names())
seconds = st.integers(0, 600)


def held(level: str, epoch: int = 1, lease: int = 300, fallback: str = "read-only") -> HeldRung:
    rung, low = DEFAULT_LADDER.rung(level), DEFAULT_LADDER.rung(fallback)
    return HeldRung(level, epoch, rung.grants, START + timedelta(seconds=lease), fallback, low.grants)


def severities(one: HeldRung | None, at: datetime) -> list[int]:
    bounds = TaskBounds(calls=10, amount=10)
    return [SEVERITY.index(decide(in_force(one, at), call, bounds, TaskUse()).action) for call in CALLS]


def test_the_lease_by_hand() -> None:
    one = held("watched")
    assert in_force(one, START + timedelta(seconds=299)).level == "watched"
    after = in_force(one, START + timedelta(seconds=300))
    assert (after.level, after.grants["writes"], after.epoch) == ("read-only", "deny", 1)
    assert "out of contact past the lease of watched" in after.why


def test_a_fallback_that_would_permit_more_is_not_taken() -> None:
    after = in_force(held("suspended", fallback="watched"), START + timedelta(seconds=300))
    assert (after.level, after.grants) == ("suspended", DEFAULT_LADDER.rung("suspended").grants)
    assert "stays" in after.why


def test_an_older_answer_is_not_taken() -> None:
    newer, older = held("read-only", 5), held("full", 4)
    assert taken(newer, older) is newer
    assert taken(None, older) is older
    assert taken(newer, held("full", 5)).level == "full"
    assert in_force(None, START) is NEVER_REACHED


@given(levels, levels, st.integers(1, 300), st.lists(seconds, min_size=2, max_size=8))
def test_without_contact_time_only_takes_away(level: str, fallback: str, lease: int, moments: Sequence[int]) -> None:
    one = held(level, lease=lease, fallback=fallback)
    told = [severities(one, START + timedelta(seconds=at)) for at in sorted(moments)]
    for before, after in pairwise(told):
        assert all(late >= early for early, late in zip(before, after, strict=True)), (level, fallback)


@given(
    st.dictionaries(st.sampled_from(["writes", "tasks", "amount"]), st.sampled_from(["deny", "allow", 5, 9, None])),
    levels,
)
def test_whatever_the_fallback_says_it_loosens_nothing(fallback: Mapping[str, object], level: str) -> None:
    grants = DEFAULT_LADDER.rung(level).grants
    one = HeldRung(level, 1, grants, START, "other", fallback)
    assert not loosened(grants, in_force(one, START).grants)


@given(st.lists(st.tuples(levels, st.integers(0, 5)), min_size=1, max_size=12))
def test_the_newest_epoch_stays_whatever_order_answers_come_in(answers: Sequence[tuple[str, int]]) -> None:
    one: HeldRung | None = None
    for level, epoch in answers:
        one = taken(one, held(level, epoch))
    assert one is not None
    assert one.epoch == max(epoch for _, epoch in answers)
