"""The fleet of the demo against the rules it is watched by: healthy agents stay quiet, the failing one is found,
and once its cause is fixed it can be shown to have recovered.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.detection import baseline, literal_rule
from bot.core.detection.literal_rule import Rows
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.model.slis import Baseline, Better, Objective, Sli
from bot.core.recovery import recovery_clock
from bot.simulation.clock import MovableClock
from bot.simulation.curves import SimulatedTally
from bot.simulation.demo_fleet import AGENTS, FAILING
from bot.simulation.faults import RETRY_LOOP
from bot.simulation.world import World

START = datetime(2026, 3, 2, 2, 14, tzinfo=UTC)
DAYS = 30

DQR = Sli("dqr", "DQR", "%", "ratio", Better.HIGHER, Objective(85))
TIE = Sli("tie", "TIE", "calls/task", "gauge", Better.LOWER, Objective(1.5, relative=True))
HER = Sli("her", "HER", "%", "ratio", Better.LOWER, Objective(5), absolute_tolerance=0.5, moved_by_approval=True)
AQDD = Sli("aqdd", "AQDD", "pending", "gauge", Better.LOWER, Objective(2, relative=True), 30, absolute_tolerance=5)
SLIS = (DQR, TIE, HER, AQDD)


def value(sli: Sli, tally: SimulatedTally) -> float:
    return {
        "dqr": lambda: 100 * tally.good / tally.tasks,
        "tie": lambda: tally.calls / tally.tasks,
        "her": lambda: 100 * tally.escalated / tally.tasks,
        "aqdd": lambda: float(tally.pending),
    }[sli.name]()


def row(sli: Sli, minute: int, tally: SimulatedTally) -> MinuteRow:
    n = None if sli is AQDD else float(tally.tasks)
    return MinuteRow(Series(FAILING, "", sli.name), minute, value(sli, tally), n)


def rows(world: World, agent: str, first: int, last: int) -> dict[Sli, Rows]:
    tallies = {minute: world.whole(agent, minute) for minute in range(first, last + 1)}
    return {sli: {minute: row(sli, minute, tally) for minute, tally in tallies.items()} for sli in SLIS}


def longest_run(bad: Iterator[bool]) -> int:
    longest = running = 0
    for is_bad in bad:
        running = running + 1 if is_bad else 0
        longest = max(longest, running)
    return longest


@pytest.mark.parametrize("agent", [agent.key for agent in AGENTS])
def test_a_healthy_agent_breaches_nothing_in_30_days(agent: str) -> None:
    world = World(MovableClock(START), AGENTS)
    last = world.closed_minute()
    tallies = [world.whole(agent, minute) for minute in range(last - DAYS * 1440 + 1, last + 1)]
    calls = sum(tally.calls for tally in tallies) / sum(tally.tasks for tally in tallies)
    queue = sum(tally.pending for tally in tallies) / len(tallies)
    assert min(tally.tasks for tally in tallies) >= 20, "each minute speaks for itself"
    assert longest_run(value(DQR, tally) < 85 for tally in tallies) < 2
    assert longest_run(value(TIE, tally) > 1.5 * calls for tally in tallies) < 2
    assert longest_run(value(HER, tally) > 5 for tally in tallies) < 2
    assert longest_run(tally.pending > 2 * queue for tally in tallies) == 0


class Night:
    """One incident of the failing agent, minute by minute, as the rules of the core see it."""

    def __init__(self, seed: int) -> None:
        self.clock = MovableClock(START)
        self.world = World(self.clock, AGENTS, seed)
        self.before = rows(self.world, FAILING, minute_of(START) - 300, minute_of(START) - 1)
        self.onset = minute_of(self.world.break_agent(FAILING, RETRY_LOOP))

    def pass_minutes(self, minutes: int) -> int:
        """Let time pass; returns the last closed minute."""
        self.clock.advance(60 * minutes)
        return self.world.closed_minute()

    def obey(self, rung: str) -> None:
        for name in self.world.rungs(FAILING):
            self.world.obey(FAILING, name, rung)

    def baseline(self, sli: Sli) -> Baseline:
        found = baseline.compute(sli, self.before[sli].values(), self.onset)
        assert found is not None
        return found

    def rows(self, sli: Sli) -> Rows:
        return rows(self.world, FAILING, minute_of(START) - 20, self.world.closed_minute())[sli]

    def breached(self, sli: Sli, minute: int) -> bool:
        return literal_rule.breach(sli, self.rows(sli), minute, self.baseline(sli)) is not None

    def clock_over(self, sli: Sli, hold_from: int) -> recovery_clock.RecoveryClock:
        series = Series(FAILING, "", sli.name)
        need = recovery_clock.Need(series, sli, self.baseline(sli), {"tie": 12.6, "her": 18.0}[sli.name])
        return recovery_clock.judge(
            [need], {series: self.rows(sli)}, hold_from=hold_from, newest=self.world.closed_minute()
        )


@pytest.mark.parametrize("seed", range(6))
def test_the_retry_loop_breaches_tie_at_once_and_her_once_people_feel_it(seed: int) -> None:
    night = Night(seed)
    night.pass_minutes(20)
    breaching = {
        sli: [minute - night.onset for minute in range(night.onset, night.onset + 19) if night.breached(sli, minute)]
        for sli in (TIE, HER)
    }
    # Calls are at full size after 1.5 minutes, escalations after 8; a breach is its second minute past the line.
    assert 1 <= breaching[TIE][0] <= 3
    assert 5 <= breaching[HER][0] <= 10
    assert breaching[TIE][-1] == 18, "it stays in breach for as long as nobody acts"


@pytest.mark.parametrize("seed", range(6))
def test_contained_and_fixed_it_recovers_in_half_an_hour_and_a_window(seed: int) -> None:
    night = Night(seed)
    contained = night.pass_minutes(12)
    night.obey("approval")
    night.pass_minutes(6)
    night.world.fix(FAILING)
    night.pass_minutes(3)
    night.obey("full")
    night.pass_minutes(46)
    for sli in (TIE, HER):
        state = night.clock_over(sli, contained)
        assert state.state == "held", (sli.name, state.sentence)


def test_restored_before_the_fix_it_relapses() -> None:
    night = Night(1)
    night.pass_minutes(12)
    night.obey("read-only")
    night.pass_minutes(20)
    night.obey("full")
    assert not night.breached(TIE, night.world.closed_minute())
    assert night.breached(TIE, night.pass_minutes(4))


def test_approval_alone_drives_the_queue_past_its_objective_and_gives_it_back() -> None:
    night = Night(1)
    night.obey("approval")
    last = night.pass_minutes(45)
    assert night.breached(AQDD, last)
    night.world.fix(FAILING)
    night.obey("bounded")
    last = night.pass_minutes(6)
    assert value(AQDD, night.world.whole(FAILING, last)) <= night.baseline(AQDD).value + 5


def test_a_story_of_another_seed_is_another_night() -> None:
    later = START + timedelta(minutes=5)
    ones = [World(MovableClock(later), AGENTS, seed).whole(FAILING, minute_of(START)) for seed in (1, 1, 2)]
    assert ones[0] == ones[1] != ones[2]
