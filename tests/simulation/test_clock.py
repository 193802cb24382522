"""Clocks: scenario time is real time times speed, and a movable clock stands still between two advances."""

import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.ports.clock import Clock
from bot.runtime.clock import RealClock
from bot.simulation.clock import MovableClock, ScaledClock

START = datetime(2026, 3, 2, 2, 14, tzinfo=UTC)


def reads_forward(clock: Clock) -> bool:
    first = clock.now()
    return first.utcoffset() == timedelta(0) and first <= clock.now()


@pytest.mark.parametrize(
    "clock", [RealClock(), ScaledClock(30), MovableClock(START)], ids=lambda clock: type(clock).__name__
)
def test_a_clock_reads_aware_utc_and_never_backwards(clock: Clock) -> None:
    assert reads_forward(clock)


def test_scenario_time_runs_at_its_speed() -> None:
    clock = ScaledClock(3600, origin=START)
    before = time.monotonic()
    first = clock.now()
    begun = time.monotonic()
    while time.monotonic() - begun < 0.05:
        pass
    ended = time.monotonic()
    second = clock.now()
    after = time.monotonic()
    tick = 1e-3  # a datetime counts microseconds
    assert (ended - begun) * 3600 - tick <= (second - first).total_seconds() <= (after - before) * 3600 + tick


def test_scenario_time_begins_at_its_origin() -> None:
    lisbon = timezone(timedelta(hours=1))
    clock = ScaledClock(1, origin=datetime(2026, 3, 2, 3, 14, tzinfo=lisbon))
    assert timedelta(0) <= clock.now() - START < timedelta(minutes=1)


@pytest.mark.parametrize("speed", [0, -1, float("inf"), float("nan")])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be a number above 0"):
        ScaledClock(speed)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        MovableClock(datetime(2026, 3, 2))  # noqa: DTZ001 - the mistake under test


def test_a_movable_clock_moves_only_when_advanced_and_only_forward() -> None:
    clock = MovableClock(START)
    assert clock.now() == clock.now() == START
    assert clock.advance(90) == START + timedelta(seconds=90) == clock.now()
    with pytest.raises(ValueError, match="forward only"):
        clock.advance(-1)


def test_no_advance_is_lost_between_threads() -> None:
    clock = MovableClock(START)
    threads = [threading.Thread(target=lambda: [clock.advance(1) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.now() == START + timedelta(seconds=2000)
