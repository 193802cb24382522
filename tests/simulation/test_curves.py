"""Curves: worked examples by hand, then properties."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model.rungs import DEFAULT_LADDER
from bot.simulation.curves import (
    Bend,
    Channel,
    Curve,
    Fault,
    FaultEpisode,
    Goal,
    SimulatedChange,
    SimulatedHistory,
    SimulatedLevels,
    SimulatedTally,
    draw,
    fault_goals,
    levels,
    pooled,
    rung_goals,
    strength,
)
from bot.simulation.faults import RETRY_LOOP, WAITING_FOR_PEOPLE

CURVE = Curve(tasks=100, good=0.95, calls=4, escalated=0.01, pending=20, season=0, unrest=0.1)
SLOW = Bend(Channel.CALLS, times=3, delay=2, ramp=4, fade=10)
START = SimulatedChange(-math.inf, "full")


def at(
    minute: int, *changes: SimulatedChange, began: int = 1000, fixed: float = math.inf, fault: Fault = RETRY_LOOP
) -> SimulatedLevels:
    return levels(
        CURVE, WAITING_FOR_PEOPLE, SimulatedHistory(((START, *changes),), (FaultEpisode(fault, began, fixed),)), minute
    )


# --- how far a bend is in force, by hand -------------------------------------------------------------


def test_a_bend_waits_for_its_delay_and_climbs_over_its_ramp() -> None:
    goals = [Goal(100, 1.0)]
    assert [strength(SLOW, goals, minute) for minute in (99, 101, 102, 103, 104, 106, 200)] == [
        0,
        0,
        0,
        0.25,
        0.5,
        1,
        1,
    ]


def test_a_bend_fades_at_once_when_its_cause_is_gone() -> None:
    goals = [Goal(100, 1.0), Goal(110, 0.0)]
    assert [strength(SLOW, goals, minute) for minute in (110, 111, 115, 120, 130)] == pytest.approx([1, 0.9, 0.5, 0, 0])


def test_a_cause_that_comes_back_has_its_delay_again() -> None:
    goals = [Goal(100, 1.0), Goal(110, 0.0), Goal(130, 1.0)]
    assert [strength(SLOW, goals, minute) for minute in (130, 132, 134, 136)] == [0, 0, 0.5, 1]


def test_a_share_of_a_fault_is_reached_from_above_and_from_below() -> None:
    falling = [Goal(100, 1.0), Goal(110, 0.6)]
    assert strength(SLOW, falling, 112) == pytest.approx(0.8)
    assert strength(SLOW, falling, 150) == pytest.approx(0.6)
    assert strength(SLOW, [Goal(100, 0.6)], 150) == pytest.approx(0.6)


def test_a_bend_without_times_is_there_or_not() -> None:
    switch = Bend(Channel.TASKS, times=0)
    assert [strength(switch, [Goal(5, 1.0), Goal(9, 0.0)], minute) for minute in (4.9, 5, 8, 9)] == [0, 1, 1, 0]


def test_a_fault_strives_for_what_its_rung_leaves_of_it() -> None:
    changes = (
        START,
        SimulatedChange(90, "watched"),
        SimulatedChange(105, "bounded"),
        SimulatedChange(110, "approval"),
        SimulatedChange(130, "full"),
    )
    assert fault_goals(FaultEpisode(RETRY_LOOP, 100, 120), changes) == [(100, 1.0), (105, 0.6), (110, 0.3), (120, 0.0)]


def test_a_rung_bends_while_it_is_obeyed() -> None:
    changes = (START, SimulatedChange(10, "approval"), SimulatedChange(20, "read-only"))
    assert rung_goals("approval", changes) == [(-math.inf, 0.0), (10, 1.0), (20, 0.0)]


# --- a minute of an agent ----------------------------------------------------------------------------


def test_normal_is_the_curve_itself() -> None:
    assert levels(CURVE, WAITING_FOR_PEOPLE, SimulatedHistory(((START,),)), 5) == (100, 0.95, 4, 0.01, 20)


def test_the_season_swings_traffic_and_queue_and_nothing_else() -> None:
    curve = Curve(tasks=100, good=0.95, calls=4, escalated=0.01, pending=20, season=0.1, peak=840)
    day = 1440 * 20_000
    assert levels(curve, {}, SimulatedHistory(((START,),)), day + 840) == pytest.approx((110, 0.95, 4, 0.01, 22))
    assert levels(curve, {}, SimulatedHistory(((START,),)), day + 120) == pytest.approx((90, 0.95, 4, 0.01, 18))


def test_the_retry_loop_shows_in_calls_first_and_in_escalations_later() -> None:
    # minute 1002: 2.5 minutes in; calls have reached 3.1x after 1.5, escalations have not begun (delay 4)
    assert at(1002).calls == pytest.approx(12.4)
    assert at(1002).escalated == pytest.approx(0.01)
    # minute 1009: 9.5 minutes in; escalations are at full size after 4 + 4
    assert at(1009).escalated == pytest.approx(0.182)
    assert at(1009).good == pytest.approx(0.92)


def test_approval_slows_the_loop_and_drives_up_escalations_and_queue_itself() -> None:
    lowered = SimulatedChange(1019.5, "approval")
    assert at(1019, lowered) == at(1019), "a rung applied inside a minute bends the next one"
    # 1022.5 is 3 minutes after: the loop's calls have faded over 2, its escalations over 3, to 0.3 of the fault
    assert at(1022, lowered).calls == pytest.approx(4 * (1 + 0.3 * 2.1))
    assert at(1022, lowered).escalated == pytest.approx(0.01 + 0.3 * 0.172 + 0.045)
    # the queue grows over 8 minutes to 5x
    assert at(1028, lowered).pending == pytest.approx(100)


def test_bounded_only_blunts_the_loop() -> None:
    assert at(1060, SimulatedChange(1020, "bounded")).calls == pytest.approx(4 * (1 + 0.6 * 2.1))


def test_a_restore_before_the_fix_relapses_and_one_after_it_does_not() -> None:
    restored = (SimulatedChange(1019.5, "approval"), SimulatedChange(1049.5, "full"))
    assert at(1060, *restored).calls == pytest.approx(12.4)
    assert at(1060, *restored, fixed=1040) == pytest.approx((100, 0.95, 4, 0.01, 20))


@pytest.mark.parametrize("rung", ["full", "watched", "bounded"])
def test_once_fixed_every_rung_that_waits_for_nobody_is_normal(rung: str) -> None:
    assert at(1060, SimulatedChange(1019.5, rung), fixed=1030) == pytest.approx((100, 0.95, 4, 0.01, 20))


def test_a_suspended_agent_takes_no_tasks() -> None:
    assert at(1022, SimulatedChange(1019.5, "suspended")).tasks == 0


def test_an_instance_that_does_not_obey_keeps_its_share_of_the_fault() -> None:
    obeys, does_not = (START, SimulatedChange(1019.5, "approval")), (START,)
    past = SimulatedHistory((obeys, obeys, does_not), (FaultEpisode(RETRY_LOOP, 1000),))
    assert levels(CURVE, {}, past, 1030).calls == pytest.approx(4 * (1 + 2.1 * (0.3 + 0.3 + 1) / 3))


# --- counts ------------------------------------------------------------------------------------------


def test_counts_are_spread_as_chance_would() -> None:
    drawn = [draw(SimulatedLevels(100, 0.9, 4, 0.02, 20), 0.1, f"seed {number}") for number in range(4000)]
    tasks = [tally.tasks for tally in drawn]
    assert statistics.mean(tasks) == pytest.approx(100, abs=0.6)  # 4 standard errors of 10 / sqrt(4000)
    assert statistics.pstdev(tasks) == pytest.approx(10, rel=0.05)
    escalated = sum(tally.escalated for tally in drawn) / sum(tasks)
    assert escalated == pytest.approx(0.02, abs=0.0009)
    assert sum(tally.good for tally in drawn) / sum(tasks) == pytest.approx(0.9, abs=0.002)
    # Poisson of a binomial share: variance is the mean, 2
    assert statistics.pvariance([tally.escalated for tally in drawn]) == pytest.approx(2, rel=0.1)


def test_few_tasks_are_drawn_exactly() -> None:
    drawn = [draw(SimulatedLevels(0.5, 1, 1, 0, 0), 0, f"seed {number}").tasks for number in range(4000)]
    assert drawn.count(0) / 4000 == pytest.approx(math.exp(-0.5), abs=0.03)


def test_nothing_is_drawn_from_nothing() -> None:
    assert draw(SimulatedLevels(0, 0.95, 4, 0.01, 0), 0.1, "x") == (0, 0, 0, 0, 0)


def test_workflows_pool_as_sums() -> None:
    assert pooled([SimulatedTally(1, 2, 3, 4, 5), SimulatedTally(10, 20, 30, 40, 50)]) == (11, 22, 33, 44, 55)
    assert pooled([]) == (0, 0, 0, 0, 0)


rungs = st.sampled_from(DEFAULT_LADDER.names())
histories = st.lists(st.tuples(st.floats(900, 1100), rungs), max_size=6).map(
    lambda pairs: (START, *(SimulatedChange(*pair) for pair in sorted(pairs)))
)


@given(st.lists(histories, min_size=1, max_size=3), st.integers(900, 1100), st.integers(0, 100), st.integers(880, 1150))
def test_whatever_happened_a_minute_is_possible_and_repeatable(
    changes: list[tuple[SimulatedChange, ...]], began: int, lasted: int, minute: int
) -> None:
    past = SimulatedHistory(tuple(changes), (FaultEpisode(RETRY_LOOP, began, began + lasted),))
    expected = levels(CURVE, WAITING_FOR_PEOPLE, past, minute)
    assert 0 <= expected.good <= 1
    assert 0 <= expected.escalated <= 1
    assert 4 <= expected.calls <= 4 * 3.1 + 1e-9
    tally = draw(expected, CURVE.unrest, f"7/{minute}")
    assert tally == draw(levels(CURVE, WAITING_FOR_PEOPLE, past, minute), CURVE.unrest, f"7/{minute}")
    assert 0 <= tally.good <= tally.tasks
    assert 0 <= tally.escalated <= tally.tasks
    assert min(tally) >= 0


@given(histories, histories, st.integers(900, 1100))
def test_what_happens_after_a_minute_began_does_not_change_it(
    before: tuple[SimulatedChange, ...], after: tuple[SimulatedChange, ...], minute: int
) -> None:
    known = tuple(change for change in before if change.at < minute)
    later = tuple(change for change in after[1:] if change.at >= minute)
    episode = (FaultEpisode(RETRY_LOOP, 1000),)
    assert levels(CURVE, WAITING_FOR_PEOPLE, SimulatedHistory((known,), episode), minute) == levels(
        CURVE,
        WAITING_FOR_PEOPLE,
        SimulatedHistory((known + later,), (*episode, FaultEpisode(RETRY_LOOP, minute + 1))),
        minute,
    )
