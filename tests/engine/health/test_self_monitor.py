"""The bot says when it is blind, late, stuck or full: once when it begins, once when it is over (`product.md` 13)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from bot.core.incident.effects import Say
from bot.core.model.slis import PollQuery
from bot.engine.detection.poller import Poller
from bot.engine.health.self_monitor import ProcessReadings, SelfMonitor
from bot.engine.health.timeouts import CallTimeout
from bot.ports.errors import DeliveryError
from tests.support.patience import until
from tests.support.wired import WiredEngine, fleet

QUERY = PollQuery("her of all", "metrics", "her", "ratio", {"bad": "x", "total": "y"})


class AtOnce:
    """A pool that runs what it is given."""

    def submit(self, work: object, /) -> object:
        return work()  # type: ignore[operator]


class Patient:
    """Everything the watch feels, movable by hand."""

    def __init__(self, path: Path) -> None:
        self.house = WiredEngine(path, watched=fleet(queries=(QUERY,)))
        self.wall = 100.0
        self.mono = 900.0
        self.connected = True
        self.free = (10**11, 10**12)
        self.canary = ""
        self.other_file = ""
        self.logged: list[str] = []
        self.in_time = CallTimeout()
        self.poller = Poller(self.house.store, self.house.get_fleet, {}, self.house.clock, AtOnce(), lambda *_: None)
        self.again()
        self.watch.ticks.began("poll", 1.0)
        self.watch.ticks.completed("poll")

    def again(self, host: str = "") -> None:
        """A new process on the same database."""
        process = ProcessReadings(
            lambda: self.connected,
            lambda: self.wall,
            lambda: self.mono,
            lambda: self.free,
            lambda: self.canary,
            self.logged.append,
            host=host,
            in_time=self.in_time,
            other_file=lambda: self.other_file,
        )
        house = self.house
        self.watch = SelfMonitor(house.store, self.poller, house.get_fleet, house.clock, house.chat, process)

    def pass_by(self, seconds: float = 5.0) -> None:
        self.wall += seconds
        self.mono += seconds

    def look(self, times: int = 2) -> list[str]:
        for _ in range(times):
            self.pass_by()
            self.watch.ticks.began("poll", 1.0)
            self.watch.ticks.completed("poll")
            signs = self.watch.look()
        self.house.deliver()
        return [sign.text for sign in signs]

    def said(self) -> list[str]:
        return [line for line in self.house.said().splitlines() if "not well" in line or line.startswith("Over")]


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Patient]:
    made = Patient(tmp_path)
    yield made
    made.house.close()


def test_all_is_well(patient: Patient) -> None:
    assert patient.look() == []
    assert patient.watch.problems() == []
    assert patient.said() == []


def test_a_lost_socket_is_said_once_and_once_more_when_it_is_back(patient: Patient) -> None:
    patient.connected = False
    patient.look(1)
    assert patient.said() == [], "a blip is not news"
    patient.look(4)
    assert patient.said() == ["Stepdown is not well: Slack is not connected."]
    assert patient.watch.problems() == ["Slack is not connected"]
    patient.connected = True
    patient.look(6)
    assert patient.said()[1:] == ["Over: Slack is not connected."]
    assert patient.logged == ["Slack is not connected", "over: Slack is not connected"]


def test_what_comes_and_goes_is_one_episode(patient: Patient) -> None:
    for _ in range(6):
        patient.connected = False
        patient.look(2)
        patient.connected = True
        patient.look(1)
    assert len(patient.said()) == 1


def test_a_restart_does_not_say_it_again_and_says_when_it_is_over(patient: Patient) -> None:
    patient.connected = False
    patient.look(3)
    patient.again()
    patient.watch.ticks.began("poll", 1.0)
    patient.look(3)
    assert len(patient.said()) == 1
    patient.connected = True
    patient.look(6)
    assert len(patient.said()) == 2


def test_an_escalation_that_nobody_carries_out_is_late(patient: Patient) -> None:
    house = patient.house
    house.settle_in()
    house.live(2, her=18.0)
    house.later(5)
    assert not [text for text in patient.look() if "late" in text]
    house.later(1.5)
    assert [text for text in patient.look() if "late" in text] == ["INC-0001: an escalation is 90 s late"]
    assert any("INC-0001" in line for line in patient.said())
    house.monitor.deadlines()
    assert not [text for text in patient.look() if "late" in text]


def test_a_tick_that_hangs_is_named_with_its_seconds(patient: Patient) -> None:
    patient.watch.ticks.began("recovery", 5.0)
    patient.pass_by(70)
    assert "the recovery tick has been running for 70 s" in patient.watch.problems()
    patient.watch.ticks.completed("recovery")
    assert not [text for text in patient.watch.problems() if "recovery" in text]
    assert patient.watch.ticks.overruns()["recovery"] == 1


def test_a_tick_that_fails_each_time_has_not_completed(patient: Patient) -> None:
    for _ in range(12):
        patient.watch.ticks.began("deadlines", 1.0)
        patient.watch.ticks.failed("deadlines")
        patient.pass_by()
    assert any("deadlines tick has not completed" in text for text in patient.watch.problems())


def test_a_poll_that_nobody_takes_up_is_stuck(patient: Patient) -> None:
    house = patient.house
    now = house.clock.now()
    house.store.claim_polls({QUERY.name: now.timestamp()}, now, 10, 1.0)
    house.later(7)
    found = patient.look()
    assert any("her of all has not been asked for 420 s" in text for text in found)
    [post] = [posted for key, posted in house.chat.posts.items() if "watch-polls" in key]
    assert post.mention == "ana"


def test_a_dead_source_names_its_trouble_and_its_owners(patient: Patient) -> None:
    patient.poller.troubles["metrics"] = "answered HTML, not JSON"
    patient.look()
    [post] = [posted for key, posted in patient.house.chat.posts.items() if "source/metrics" in key]
    assert post.content == "Stepdown is not well: source metrics: answered HTML, not JSON."
    assert post.mention == "ana"


@pytest.mark.parametrize(("free", "full"), [((10**8, 10**11), True), ((10**9, 10**10), False), ((10**8, 10**9), False)])
def test_a_disk_that_is_nearly_full(patient: Patient, free: tuple[int, int], full: bool) -> None:
    patient.free = free
    assert any("disk" in text for text in patient.look()) is full


def test_a_database_that_cannot_be_written_is_said_past_it(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("INSERT INTO secret", {}, Exception("database or disk is full"))

    monkeypatch.setattr(patient.house.store, "write_something", refuse)
    monkeypatch.setattr(patient.house.store, "begin_episode", refuse)
    patient.look(5)
    assert patient.said() == ["Stepdown is not well: the database does not answer: database or disk is full."]
    assert "secret" not in str(patient.logged)


def test_a_database_that_hangs_is_said_and_hangs_nobody(patient: Patient) -> None:
    patient.in_time = CallTimeout(0.05)
    patient.again()
    patient.watch.ticks.began("poll", 1.0)
    patient.watch.ticks.completed("poll")
    with patient.house.store.writing():  # one writer at a time: every other waits until this one is done
        assert patient.watch.look()[0].text == "the database does not answer: no answer within 0.05 s"
        patient.pass_by()
        (sign,) = patient.watch.look()
        assert (sign.key, sign.ready) == ("database", False)
        (said,) = patient.said()
        assert said == "Stepdown is not well: the database does not answer: still no answer to an earlier question."
    # the question that hung is answered by and by, and then all is well again
    until("all to be well", lambda: not patient.look(1))


def test_where_slack_is_down_too_it_is_in_the_log(patient: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError("x", {}, Exception("disk I/O error"))

    monkeypatch.setattr(patient.house.store, "write_something", refuse)
    monkeypatch.setattr(patient.house.store, "begin_episode", refuse)
    patient.house.chat.refuse.append(DeliveryError("Slack is down"))
    patient.look(3)
    assert "the database does not answer: disk I/O error" in patient.logged
    assert "and Slack did not take it: Slack is down" in patient.logged


def test_a_clock_that_jumps_is_said_once(patient: Patient) -> None:
    patient.look()
    patient.wall -= 3600
    patient.look(5)
    assert patient.said() == ["Stepdown is not well: the machine's clock jumped by -3600 s."]


def test_an_effect_that_waits_is_a_sign(patient: Patient) -> None:
    patient.house.store.enqueue([Say(0, "x", "hello", room="incident")], patient.wall)
    patient.pass_by(700)
    assert any("has waited" in text and "slack lane" in text for text in [s.text for s in patient.watch.signs()])


def test_a_test_page_that_failed_stops_the_heartbeat_but_not_the_work(patient: Patient) -> None:
    patient.canary = "the test page of 2026-W10 failed: slack: failed"
    assert patient.look() == ["the test page of 2026-W10 failed: slack: failed"]
    assert patient.watch.problems() == []


def test_a_replica_with_another_fleet_file_works_on_and_says_so(patient: Patient) -> None:
    patient.again("box-1")
    patient.other_file = "the fleet file of this replica is not the one in force"
    assert patient.look() == [patient.other_file]
    assert (patient.watch.problems(), patient.watch.warnings()) == ([], [patient.other_file])
    assert patient.logged == [patient.other_file]
    assert patient.said() == [f"Stepdown on box-1 is not well: {patient.other_file}."]
    patient.other_file = ""
    assert patient.look(4) == []
    assert patient.said()[1:] == ["Over on box-1: the fleet file of this replica is not the one in force."]


def test_a_replica_that_is_well_does_not_end_what_another_one_suffers_from(patient: Patient) -> None:
    patient.connected = False
    patient.again("box-1")
    patient.look(3)
    assert patient.said() == ["Stepdown on box-1 is not well: Slack is not connected."]
    patient.connected = True
    patient.again("box-2")
    patient.look(6)
    assert len(patient.said()) == 1
    patient.again("box-1")
    patient.look(6)
    assert patient.said()[1:] == ["Over on box-1: Slack is not connected."]
