"""Ticks by the monotonic clock: whatever the wall clock does, and whatever one of them raises."""

import threading
import time
from collections.abc import Iterator

import pytest
import structlog

from bot.runtime.scheduler import Metronome
from tests.support.patience import PATIENCE


@pytest.fixture
def metronome() -> Iterator[Metronome]:
    made = Metronome()
    yield made
    made.stop()


class Beats:
    """Counts, and can be waited for."""

    def __init__(self, until: int, error: Exception | None = None) -> None:
        self.count = 0
        self.reached = threading.Event()
        self._until = until
        self._error = error

    def __call__(self) -> None:
        self.count += 1
        if self.count >= self._until:
            self.reached.set()
        if self._error is not None:
            raise self._error


def _wait(held: threading.Event) -> None:
    held.wait(PATIENCE)


def test_each_beats_by_itself(metronome: Metronome) -> None:
    quick, held = Beats(5), threading.Event()
    metronome.every(0.01, "quick", quick)
    metronome.every(0.01, "slow", lambda: _wait(held))
    metronome.start()
    assert quick.reached.wait(PATIENCE)
    held.set()


def test_one_that_raises_goes_on(metronome: Metronome) -> None:
    beats = Beats(3, ValueError("no"))
    with structlog.testing.capture_logs() as logged:
        metronome.every(0.01, "failing", beats)
        metronome.start()
        assert beats.reached.wait(PATIENCE)
        metronome.stop()
    assert {line["task"] for line in logged if "a periodic task failed" in line["event"]} == {"failing"}


def test_the_wall_clock_is_not_asked(metronome: Metronome, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = Beats(5)
    metronome.every(0.01, "poll", beats)
    metronome.start()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert beats.reached.wait(PATIENCE)


def test_beats_that_were_missed_are_not_made_up_for() -> None:
    now = [0.0]
    metronome = Metronome(lambda: now[0])
    beats = Beats(2)

    def late() -> None:
        now[0] += 1_000.0
        beats()
        if beats.count >= 2:
            metronome._stopping.set()

    metronome.every(1.0, "late", late)
    metronome.start()
    assert beats.reached.wait(PATIENCE)
    metronome.stop()
    assert beats.count == 2


def test_stopping_what_never_began_is_no_error() -> None:
    metronome = Metronome()
    metronome.every(1.0, "never", lambda: None)
    metronome.stop()
    metronome.stop()
