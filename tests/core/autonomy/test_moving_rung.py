"""What a rung moves by itself: which SLIs, and from when to when."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import overload

import pytest

from bot.core.autonomy.moving_rung import MovedSpan, MovingRung, moved_spans, moving_rung
from bot.core.model.fleet import Agent
from bot.core.model.rungs import DEFAULT_LADDER, RungState

T0 = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
AGENT = Agent("refunds", "ana", workflows=("refund", "exchange"))


def state(rung: str, minutes: int, workflow: str = "", epoch: int = 0) -> RungState:
    return RungState("refunds", workflow, rung, epoch or minutes + 1, T0 + timedelta(minutes=minutes))


def at(minutes: int) -> datetime:
    return T0 + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("states", "workflow", "found"),
    [
        ([], "", None),
        ([state("bounded", 0)], "refund", None),
        ([state("approval", 0)], "", MovingRung("approval", "")),
        ([state("read-only", 0)], "refund", MovingRung("read-only", "")),
        ([state("suspended", 0)], "exchange", MovingRung("suspended", "")),
        ([state("approval", 0, "refund")], "refund", MovingRung("approval", "refund")),
        ([state("approval", 0, "refund")], "", MovingRung("approval", "refund")),
        ([state("approval", 0, "refund")], "exchange", None),
        ([state("watched", 0), state("approval", 1, "refund")], "exchange", None),
        ([state("left the ladder", 0)], "", MovingRung("suspended", "")),
    ],
)
def test_the_rung_of_a_workflow_moves_it_and_the_whole_and_no_other(
    states: list[RungState], workflow: str, found: MovingRung | None
) -> None:
    assert moving_rung(AGENT, DEFAULT_LADDER, states, workflow) == found


def test_it_says_where_it_is_in_force() -> None:
    assert MovingRung("approval", "").words == "rises by itself on approval"
    assert MovingRung("approval", "refund").words == "rises by itself while refund is on approval"


def test_spans_begin_with_the_step_down_and_end_with_the_restore() -> None:
    history = [state("approval", 10), state("read-only", 20), state("approval", 40), state("bounded", 60)]
    assert moved_spans(AGENT, DEFAULT_LADDER, history, "") == (MovedSpan(at(10), at(60)),)
    assert moved_spans(AGENT, DEFAULT_LADDER, history[:3], "refund") == (MovedSpan(at(10), None),)


def test_one_workflow_keeps_the_whole_moved_until_both_are_free() -> None:
    history = [
        state("approval", 10),
        state("approval", 20, "refund"),
        state("full", 30),
        state("full", 50, "refund"),
    ]
    assert moved_spans(AGENT, DEFAULT_LADDER, history, "") == (MovedSpan(at(10), at(50)),)
    assert moved_spans(AGENT, DEFAULT_LADDER, history, "exchange") == (MovedSpan(at(10), at(30)),)


def test_where_the_normal_rung_waits_the_span_has_no_beginning() -> None:
    held = Agent("refunds", "ana", normal_rung="approval")
    assert moved_spans(held, DEFAULT_LADDER, [], "") == (MovedSpan(None, None),)
    assert moved_spans(held, DEFAULT_LADDER, [state("full", 5)], "") == (MovedSpan(None, at(5)),)


class Steps(Sequence[RungState]):
    """A history that counts how often a change in it is read."""

    def __init__(self, states: list[RungState]) -> None:
        self.states = states
        self.read = 0

    def __len__(self) -> int:
        return len(self.states)

    @overload
    def __getitem__(self, place: int) -> RungState: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[RungState]: ...
    def __getitem__(self, place: int | slice) -> RungState | Sequence[RungState]:
        found = self.states[place]
        self.read += 1 if isinstance(found, RungState) else len(found)
        return found


def test_a_long_history_is_read_once() -> None:
    history = Steps([state("approval" if n % 2 else "full", n) for n in range(2_000)])
    spans = moved_spans(AGENT, DEFAULT_LADDER, history, "")
    assert len(spans) == 1_000
    assert history.read <= len(history) + 1
