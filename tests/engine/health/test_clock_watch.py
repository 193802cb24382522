"""The machine's clock is set, or the process stands still: nothing stalls, nobody is called silent for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.incident.incident import Incident, IncidentState
from bot.core.model.rungs import InstanceReading
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.model.slis import PollQuery
from bot.engine.detection.source_checks.doubts import TOLD_FOR, Doubts
from bot.engine.health.clock_watch import ClockWatch
from bot.ports.store.records import ClockJump
from bot.store import SqlStore
from tests.support.wired import ANA, EVE, START, WiredEngine

MINUTE, HOUR = 60.0, 3_600.0


@dataclass
class Machine:
    """Its clocks: scenario and wall time move together, as they do in earnest, the monotonic one on its own."""

    house: WiredEngine
    wall: float = 1_000_000.0
    monotonic: float = 0.0
    alone: bool = True
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        house = self.house
        house.wall = lambda: self.wall
        house.close()
        house.open()
        self.watch = ClockWatch(
            house.store,
            house.recorder,
            house.detector,
            house.clock,
            lambda: self.monotonic,
            self.said.append,
            lambda: self.alone,
            followers=(house.rung_cache,),
        )

    def set_clock(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self.wall += seconds
        self.house.clock._now += timedelta(seconds=seconds)

    def pass_time(self, seconds: float) -> None:
        self.monotonic += seconds
        self.set_clock(seconds)

    def minutes(self, minutes: int, *, data: bool = True) -> None:
        for _ in range(minutes):
            for _ in range(3):
                self.pass_time(20)
                if data:
                    self.house.feed(1, self.house.healthy())
                self.watch.look()
                self.house.detector.look_for_silence({})
            self.house.obey()
            self.house.monitor.deadlines()
            self.house.deliver()


@pytest.fixture
def machine(house: WiredEngine) -> Machine:
    made = Machine(house)
    made.watch.look()
    return made


def breached(machine: Machine) -> Incident:
    machine.house.live(3, her=18.0)
    machine.wall += 3 * MINUTE
    machine.monotonic += 3 * MINUTE
    machine.watch.look()
    return machine.house.incident()


@pytest.mark.parametrize("back", [MINUTE, 10 * MINUTE, 2 * HOUR])
def test_an_escalation_is_not_held_up_by_a_clock_that_goes_back(machine: Machine, back: float) -> None:
    paged = breached(machine).escalation.paged
    machine.set_clock(-back)
    machine.watch.look()
    machine.minutes(5)
    assert len(machine.house.incident().escalation.paged) == len(paged) + 1
    assert [entry.entry.text for entry in machine.house.store.entries(1) if entry.entry.kind == "clock_set_back"]


def test_a_forgotten_acknowledgement_lapses_when_it_would_have(machine: Machine) -> None:
    breached(machine)
    machine.house.commands.paging.acknowledge(ANA, 1)
    kinds = sorted(timer.kind for timer in machine.house.incident().timers)
    machine.set_clock(-2 * HOUR)
    machine.watch.look()
    assert sorted(timer.kind for timer in machine.house.incident().timers) == kinds
    machine.minutes(int(machine.house.incident().policy.ack_lapse) + 1)
    assert machine.house.incident().state is IncidentState.PAGING


def test_where_other_replicas_have_the_right_time_deadlines_stay(machine: Machine) -> None:
    timers = breached(machine).timers
    machine.alone = False
    machine.set_clock(-10 * MINUTE)
    machine.watch.look()
    assert machine.house.incident().timers == timers


def test_a_page_under_way_is_sent_after_the_clock_went_back(machine: Machine) -> None:
    house = machine.house
    house.feed(3, her=18.0, tie=4.0, dqr=95.0)
    house.detector.evaluate(["refunds"], house.clock.now())
    machine.set_clock(-2 * HOUR)
    machine.watch.look()
    house.deliver()
    assert "inc-1/page/1/ana/slack" in house.chat.posts
    assert house.chat.doubled == []


@pytest.mark.parametrize("moved", [-2 * HOUR, -MINUTE, MINUTE, 2 * HOUR])
def test_what_is_wanted_before_the_jump_was_seen_waits_for_nothing(machine: Machine, moved: float) -> None:
    machine.minutes(3)
    machine.set_clock(moved)
    machine.pass_time(0.5)
    machine.house.commands.lifecycle.declare(ANA, "refunds", "paying twice")  # by the new clock, not yet looked at
    timers = machine.house.incident().timers
    machine.pass_time(0.5)
    machine.watch.look()
    assert machine.house.incident().timers == timers
    machine.house.deliver()
    machine.pass_time(10)
    machine.house.deliver()
    assert machine.house.store.waiting(machine.wall) == {}


@pytest.mark.parametrize("forward", [MINUTE, 10 * MINUTE, 2 * HOUR])
def test_minutes_that_were_skipped_are_nobodys_silence(machine: Machine, forward: float) -> None:
    machine.minutes(8)
    machine.set_clock(forward)
    machine.minutes(12)
    assert machine.house.store.open_incidents() == []


def test_after_a_jump_forward_real_silence_is_still_found(machine: Machine) -> None:
    machine.minutes(8)
    machine.set_clock(2 * HOUR)
    machine.minutes(12, data=False)
    assert [incident.kind for incident in machine.house.store.open_incidents()] == ["blind"]


def test_after_a_jump_back_real_silence_is_found_within_minutes(machine: Machine) -> None:
    machine.minutes(8)
    machine.set_clock(-2 * HOUR)
    with machine.house.store.writing() as connection:
        connection.exec_driver_sql("DELETE FROM minute")
    machine.minutes(12, data=False)
    assert [incident.kind for incident in machine.house.store.open_incidents()] == ["blind"]


def test_a_process_that_stood_still_calls_nobody_silent(machine: Machine) -> None:
    machine.minutes(8)
    machine.pass_time(20 * MINUTE)
    machine.watch.look()
    machine.house.detector.look_for_silence({})
    assert machine.house.store.open_incidents() == []


def test_an_agent_that_is_blind_is_not_seen_because_the_clock_was_set(machine: Machine) -> None:
    machine.minutes(12, data=False)
    (blind,) = machine.house.store.open_incidents()
    machine.set_clock(10 * MINUTE)
    machine.minutes(2, data=False)
    assert "sighted" not in machine.house.kinds(blind.id)


def test_nor_because_the_bot_was_started_anew(machine: Machine) -> None:
    machine.minutes(12, data=False)
    (blind,) = machine.house.store.open_incidents()
    machine.house.close()
    machine.house.open()
    machine.house.detector.look_for_silence({})
    assert "sighted" not in machine.house.kinds(blind.id)


def test_a_database_that_is_away_just_then_follows_later_and_once(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    breached(machine)
    before = machine.house.incident().timers
    with monkeypatch.context() as away:
        away.setattr(machine.house.store, "shift_times", _away)
        machine.set_clock(-10 * MINUTE)
        for _ in range(2):
            with pytest.raises(OSError, match="away"):
                machine.watch.look()
    for _ in range(3):
        machine.watch.look()
    moved = {timer.kind: timer.due_at for timer in machine.house.incident().timers}
    escalations = [timer.due_at for timer in before if timer.kind == "escalate"]
    assert [moved["escalate"]] == [due - timedelta(minutes=10) for due in escalations]
    assert len(machine.said) == 1


def _away(jump: object, now: object) -> None:
    raise OSError("the database is away")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    made = SqlStore.open(f"sqlite:///{tmp_path / 'shift.db'}")
    yield made
    made.close()


def test_what_is_due_by_a_poll_follows_a_clock_that_went_back(store: SqlStore) -> None:
    (claim,) = store.claim_polls({"her": START.timestamp()}, START, 1, 6.0)
    store.finish_poll(claim, 1, START + timedelta(seconds=30))
    earlier = START - timedelta(hours=2)
    shown = earlier.timestamp()
    store.shift_times(ClockJump(-2 * HOUR, shown - 1, shown), earlier)
    assert store.claim_polls({"her": 0.0}, earlier + timedelta(seconds=29), 1, 6.0) == []
    assert len(store.claim_polls({"her": 0.0}, earlier + timedelta(seconds=31), 1, 6.0)) == 1


def heard(machine: Machine, instance: str, level: str = "full", epoch: int = 0) -> None:
    now = machine.house.clock.now()
    machine.house.rung_cache.record(InstanceReading("refunds", instance, level, epoch, now))


def live(machine: Machine) -> dict[str, str]:
    return {one.instance: one.level for one in machine.house.rung_cache.readings("refunds")}


@pytest.mark.parametrize("moved", [-2 * HOUR, -10 * MINUTE, 2 * HOUR])
@pytest.mark.parametrize("looked", [True, False], ids=["after the look", "before it"])
def test_what_an_instance_applies_is_heard_across_the_jump(machine: Machine, moved: float, *, looked: bool) -> None:
    """Else a step down stays NOT CONFIRMED for as long as the clock went back."""
    heard(machine, "i-1")
    machine.set_clock(moved)
    if looked:
        machine.watch.look()
    machine.pass_time(1)
    heard(machine, "i-1", "approval", 1)
    machine.watch.look()
    assert live(machine) == {"i-1": "approval"}


@pytest.mark.parametrize("moved", [-2 * HOUR, -10 * MINUTE, 2 * HOUR])
def test_an_instance_lives_as_long_as_its_lease_whatever_the_clock_does(machine: Machine, moved: float) -> None:
    heard(machine, "i-1")
    machine.set_clock(moved)
    machine.watch.look()
    assert live(machine) == {"i-1": "full"}
    lease = machine.house.watched.agents["refunds"].control.not_after
    machine.pass_time(lease + 1)
    assert live(machine) == {}


def test_what_instances_said_is_stored_across_the_jump(machine: Machine) -> None:
    def kept() -> list[str]:
        machine.house.store.put_readings(machine.house.rung_cache.take_changed())
        return [one.level for one in machine.house.store.readings(START - timedelta(days=1))]

    heard(machine, "i-1")
    assert kept() == ["full"]
    machine.set_clock(-2 * HOUR)
    machine.watch.look()
    machine.pass_time(1)
    heard(machine, "i-1", "approval", 1)
    assert kept() == ["approval"]


def test_doubts_and_troubles_of_sources_are_over_when_they_would_have_been() -> None:
    query = PollQuery("her", "metrics", "her", "gauge", {"value": "v"})
    doubts = Doubts()
    doubts.note(query, [], ["one store did not answer"], START)
    back = START - timedelta(hours=2)
    assert doubts.told(back) == {("metrics", "her"): "her: one store did not answer"}
    assert doubts.told(back + TOLD_FOR + timedelta(seconds=1)) == {}


def test_a_baseline_that_was_not_there_is_looked_for_again(machine: Machine) -> None:
    """Computed by a clock that was two hours ahead, it would be missing for two hours."""
    house = machine.house
    agent = house.watched.agents["refunds"]
    (sli,) = (one for workflow, one in agent.slis if one.name == "tie" and not workflow)
    series, baselines = Series("refunds", "refund", "tie"), house.baselines
    assert baselines.current(agent, series, sli, house.clock.now()) is None
    machine.set_clock(-2 * HOUR)
    newest = minute_of(house.clock.now())
    house.store.put_minutes([MinuteRow(series, minute, 4.0, 100) for minute in range(newest - 400, newest)])
    assert baselines.current(agent, series, sli, house.clock.now()) is not None


def test_a_refusal_is_written_down_again_after_the_clock_went_back(machine: Machine) -> None:
    incident = breached(machine)

    def refused() -> int:
        machine.house.commands.acts.refusals.keep(EVE, "no", incident.id)
        return machine.house.kinds(incident.id).count("refused")

    assert (refused(), refused()) == (1, 1)
    machine.set_clock(-2 * HOUR)
    assert refused() == 2
