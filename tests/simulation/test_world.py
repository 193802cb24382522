"""The world: minutes that have begun never change, faults begin and end with a minute, stories are told."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.samples import minute_of
from bot.simulation.clock import MovableClock, ScaledClock
from bot.simulation.curves import Curve
from bot.simulation.demo_fleet import AGENTS, FAILING, story
from bot.simulation.faults import RETRY_LOOP
from bot.simulation.script import ScriptRun
from bot.simulation.world import SimulatedAgent, World, WorldError
from tests.support.patience import PATIENCE

START = datetime(2026, 3, 2, 2, 14, 20, tzinfo=UTC)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
def world(clock: MovableClock) -> World:
    return World(clock, AGENTS)


def lower(world: World, rung: str) -> None:
    for name in world.rungs(FAILING):
        world.obey(FAILING, name, rung)


def test_a_minute_is_counted_once_it_has_begun(world: World, clock: MovableClock) -> None:
    running = minute_of(clock.now())
    assert world.closed_minute() == running - 1
    assert world.whole(FAILING, running).tasks > 0
    with pytest.raises(WorldError, match="has not begun"):
        world.whole(FAILING, running + 1)


def test_a_rung_bends_the_next_minute_not_the_running_one(world: World, clock: MovableClock) -> None:
    other = World(clock, AGENTS)
    lower(world, "suspended")
    running = minute_of(clock.now())
    assert world.whole(FAILING, running) == other.whole(FAILING, running)
    clock.advance(60)
    assert world.whole(FAILING, running + 1).tasks == 0


def test_history_is_the_same_in_two_worlds_and_in_any_order(world: World, clock: MovableClock) -> None:
    minutes = range(minute_of(START) - 4320, minute_of(START), 60)
    other = World(clock, AGENTS)
    assert [world.whole("kyc", minute) for minute in minutes] == [
        other.whole("kyc", minute) for minute in reversed(minutes)
    ][::-1]


def test_a_workflow_is_part_of_the_whole(world: World) -> None:
    minute = world.closed_minute()
    parts = [world.tally(FAILING, workflow, minute) for workflow in ("refund", "exchange")]
    assert world.whole(FAILING, minute).tasks == sum(part.tasks for part in parts)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda world: world.whole("refund", 0), "no agent 'refund'; known: refunds, kyc, support"),
        (lambda world: world.tally(FAILING, "returns", 0), "no workflow 'returns'; it has refund, exchange"),
        (lambda world: world.obey(FAILING, "kyc-1", "full"), "no instance 'kyc-1' of agent 'refunds'"),
        (lambda world: world.break_agent("nobody", RETRY_LOOP), "no agent 'nobody'"),
    ],
)
def test_an_unknown_name_is_an_error_that_says_what_there_is(
    world: World, call: Callable[[World], object], says: str
) -> None:
    with pytest.raises(WorldError, match=says):
        call(world)


def test_a_fault_begins_with_a_whole_minute_and_never_in_the_past(world: World) -> None:
    assert world.break_agent(FAILING, RETRY_LOOP, START - timedelta(hours=1)) == datetime(2026, 3, 2, 2, 15, tzinfo=UTC)
    assert world.fix(FAILING, START + timedelta(minutes=5)) == datetime(2026, 3, 2, 2, 20, tzinfo=UTC)


def test_an_earlier_fix_stands(world: World, clock: MovableClock) -> None:
    world.break_agent(FAILING, RETRY_LOOP)
    world.fix(FAILING, START + timedelta(minutes=3))
    world.fix(FAILING, START + timedelta(minutes=30))
    clock.advance(60 * 20)
    tally = world.whole(FAILING, world.closed_minute())
    assert tally.calls < 6 * tally.tasks


def test_going_to_where_it_is_changes_nothing(world: World, clock: MovableClock) -> None:
    lower(world, "full")
    clock.advance(300)
    assert world.whole(FAILING, world.closed_minute()) == World(clock, AGENTS).whole(FAILING, world.closed_minute())


def test_it_counts_on_a_clock_that_runs() -> None:
    agent = SimulatedAgent("a", {"w": Curve(tasks=50, good=0.9, calls=2, escalated=0.1, pending=3)})
    world = World(ScaledClock(100_000), [agent])
    first = world.closed_minute()
    assert until(lambda: world.closed_minute() >= first + 5)
    assert all(world.whole("a", minute).tasks > 0 for minute in range(first, world.closed_minute() + 1))


def until(holds: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


# --- the story ---------------------------------------------------------------------------------------


def told(world: World, *, breaks_after: float = 3, fixed_after: float = 4) -> tuple[ScriptRun, list[tuple[str, str]]]:
    said: list[tuple[str, str]] = []
    night = replace(story(breaks_after, fixed_after), told_after=fixed_after)
    return ScriptRun(world, night, lambda who, what: said.append((who, what))), said


def test_the_fix_lands_some_minutes_after_the_agent_obeyed_and_a_colleague_says_so(
    world: World, clock: MovableClock
) -> None:
    telling, said = told(world)
    assert telling.breaks_at == datetime(2026, 3, 2, 2, 18, tzinfo=UTC)
    clock.advance(600)
    telling.tick()
    assert telling.contained_at is None, "nobody has lowered it"
    lower(world, "approval")
    telling.tick()
    assert telling.contained_at == clock.now()
    assert telling.fixed_at == datetime(2026, 3, 2, 2, 29, tzinfo=UTC)  # 02:24:20 and 4 min, then the next minute
    clock.advance(239)
    telling.tick()
    assert said == []
    clock.advance(1)
    telling.tick()
    telling.tick()
    assert said == [("dan", telling.story.fixed_says)]
    lower(world, "full")
    clock.advance(600)
    tally = world.whole(FAILING, world.closed_minute())
    assert tally.calls < 6 * tally.tasks, "restored after the fix, it stays well"


def test_the_change_that_breaks_it_is_made_once_and_before_the_first_bad_task(
    world: World, clock: MovableClock
) -> None:
    made: list[datetime] = []
    telling = ScriptRun(world, story(3, 4), lambda *_: None, made.append)
    telling.tick()
    assert made == []
    clock.advance(600)
    telling.tick()
    telling.tick()
    assert made == [telling.breaks_at - timedelta(minutes=2)]


def test_one_instance_that_did_not_obey_is_not_contained(world: World, clock: MovableClock) -> None:
    telling, _ = told(world)
    clock.advance(600)
    for name in list(world.rungs(FAILING))[1:]:
        world.obey(FAILING, name, "approval")
    telling.tick()
    assert telling.contained_at is None


@pytest.mark.parametrize("rung", ["watched", "bounded"])
def test_a_rung_that_does_not_stop_the_loop_brings_no_fix(world: World, clock: MovableClock, rung: str) -> None:
    telling, _ = told(world)
    clock.advance(600)
    lower(world, rung)
    telling.tick()
    assert telling.fixed_at is None


def test_a_story_plays_in_a_thread_of_its_own(clock: MovableClock, world: World) -> None:
    telling, said = told(world)
    clock.advance(600)
    lower(world, "read-only")
    telling.start()
    assert until(lambda: telling.fixed_at is not None)
    clock.advance(600)
    assert telling.told.wait(PATIENCE)
    telling.stop()
    assert len(said) == 1


def test_a_story_can_be_stopped_before_its_end(world: World) -> None:
    telling, said = told(world)
    telling.stop()
    telling.start()
    telling.stop()
    assert said == []
