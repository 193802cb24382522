"""Missing state is never normal: a deleted or older database raises no agent (`docs/design/product.md` section 7)."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from bot.core.incident.events import RungLowered
from bot.core.incident.incident import Incident
from bot.core.model.rungs import MOST_EPOCH
from bot.engine.autonomy.rung_cache import MemoryRungCache
from bot.engine.incidents.lost_state import KIND, LostStateCheck
from bot.engine.incidents.opener import IncidentOpener
from bot.engine.incidents.recorder import IncidentRecorder
from bot.simulation.clock import MovableClock
from bot.store import SqlStore
from bot.store.tools.audit import findings
from bot.store.tools.copying import copy
from bot.web.autonomy.poll import Poll, PollAnswer
from bot.web.metrics.http_metrics import WebMetrics
from bot.web.tokens import ApiCaller
from tests.contracts.stored import opened
from tests.support.wired import ANA, BO, START, OneRunbook, WiredEngine, fleet
from tests.web.setup import Shelf

AGENT = ApiCaller("agent", "refunds")


class Replica:
    """One process on a database: what agents poll, and the check that runs each second."""

    def __init__(self, url: str, clock: MovableClock) -> None:
        self.store = SqlStore.open(url)
        watched = fleet()
        self.cache = MemoryRungCache(lambda: watched, clock, self.store.rungs())
        self.cache.adopt(self.store.readings(START))
        self.recorder = recorder = IncidentRecorder(
            self.store, self.cache, lambda: clock.now().timestamp(), lambda _: None
        )
        opener = IncidentOpener(self.store, recorder, lambda: watched, OneRunbook(), frozenset({"slack"}))
        self.check = LostStateCheck(self.store, recorder, opener, self.cache, lambda: watched, clock)
        self.polled = Poll(self.cache, lambda: watched, clock, WebMetrics(CollectorRegistry()), Shelf())

    def poll(self, level: str, epoch: int, instance: str = "r-1", workflow: str = "") -> PollAnswer:
        said = {"instance": instance, "appliedLevel": level, "appliedEpoch": epoch, "workflow": workflow}
        return self.polled.tell(AGENT, "refunds", said)

    def told(self, level: str, epoch: int, instance: str = "r-1", workflow: str = "") -> tuple[str, int]:
        answer = self.poll(level, epoch, instance, workflow).answer
        return answer.level, answer.epoch

    def lower(self, rung: str, workflow: str) -> None:
        """A person lowers one workflow."""
        decision = opened(self.store)
        self.store.commit(decision, START, wall=1.0)
        event = RungLowered(START, ANA, workflow, "full", rung, self.store.epoch("refunds") + 1, "by hand")
        self.recorder.record(decision.incident.id, lambda _: event)

    def flush(self) -> None:
        """What the exchange does each second."""
        self.cache.publish(self.store.rungs())
        self.store.put_readings(self.cache.take_changed())

    def lost(self) -> list[Incident]:
        return [incident for incident in self.store.open_incidents("refunds") if incident.kind == KIND]

    def pages(self) -> list[str]:
        """Whom the incidents about lost state want to page in Slack."""
        with self.store.looking() as connection:
            query = "SELECT o.key FROM outbox o JOIN incident i ON i.id = o.incident_id WHERE o.kind = 'page'"
            return sorted(connection.exec_driver_sql(f"{query} AND i.kind = '{KIND}'").scalars())

    def faults(self) -> list[str]:
        with self.store.looking() as connection:
            return list(findings(connection))


@dataclass
class Databases:
    """Opens replicas, makes fresh databases of the same engine, and closes everything."""

    fresh: Callable[[], str]
    clock: MovableClock
    open_ones: list[Replica]

    def start(self, url: str) -> Replica:
        made = Replica(url, self.clock)
        self.open_ones.append(made)
        return made

    def stop(self, replica: Replica) -> None:
        self.open_ones.remove(replica)
        replica.store.close()

    def lived(self) -> tuple[str, str]:
        """A database in which `refunds` went down to `watched` (epoch 1), and a backup of it from then."""
        url, backup = self.fresh(), self.fresh()
        self._lower(url, "watched")
        with closing(SqlStore.open(backup)):
            pass
        copy(url, backup)
        return url, backup

    def _lower(self, url: str, rung: str) -> None:
        """Epoch 1 by the only way there is without a person: an instance that remembers it (epoch 0)."""
        replica = self.start(url)
        replica.cache.remember("refunds", rung, 1)
        replica.check.tick()
        self.stop(replica)


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    names = iter(range(99))

    def fresh() -> str:
        if request.param == "sqlite":
            return f"sqlite:///{tmp_path / f'{next(names)}.db'}"
        return str(request.getfixturevalue("postgres").fresh())

    made = Databases(fresh, MovableClock(START), [])
    yield made
    for replica in list(made.open_ones):
        made.stop(replica)


def test_after_a_deleted_database_the_first_poll_is_answered_with_what_it_remembers(databases: Databases) -> None:
    replica = databases.start(databases.fresh())
    assert replica.told("read-only", 7) == ("read-only", 7)
    assert replica.told("full", 0, "started-after") == ("read-only", 7)
    replica.check.tick()
    assert replica.told("read-only", 7) == ("read-only", 8)
    (incident,) = replica.lost()
    assert incident.title == "lost state: instances remember epoch 7, the database knows epoch 0"
    assert (incident.rungs.rung, incident.rungs.normal, incident.rungs.epoch) == ("read-only", "full", 8)
    assert replica.faults() == []


def test_it_pages_the_owner_once_however_often_it_is_seen(databases: Databases) -> None:
    replica = databases.start(databases.fresh())
    for instance in ("r-1", "r-2", "r-3"):
        replica.poll("approval", 4, instance)
        replica.check.tick()
        replica.flush()
    assert len(replica.lost()) == 1
    assert [key.split("/")[-2:] for key in replica.pages()] == [["ana", "slack"]]
    changes = [entry.entry.text for entry in replica.store.entries(1) if entry.entry.kind == "rung_lowered"]
    assert changes == [
        (
            "Lost state: instances remember epoch 4, the database knows epoch 0. "
            "refunds goes down to approval, from epoch 5 on."
        )
    ]


def test_an_older_backup_answers_the_lower_of_both(databases: Databases) -> None:
    _, backup = databases.lived()
    replica = databases.start(backup)
    assert replica.told("suspended", 9) == ("suspended", 9)
    replica.check.tick()
    assert replica.told("suspended", 9) == ("suspended", 10)
    assert replica.faults() == []


def test_an_older_backup_that_is_lower_than_what_instances_remember_stays(databases: Databases) -> None:
    """They were restored after the backup, by two people whom nobody knows of any more."""
    _, backup = databases.lived()
    replica = databases.start(backup)
    assert replica.told("full", 9) == ("watched", 9)
    replica.check.tick()
    assert replica.told("full", 9) == ("watched", 10)
    kept = [entry.entry.text for entry in replica.store.entries(replica.lost()[0].id)]
    assert any("refunds stays on watched, from epoch 10 on." in text for text in kept)


def test_it_holds_over_a_restart(databases: Databases) -> None:
    url = databases.fresh()
    replica = databases.start(url)
    replica.poll("approval", 4)
    replica.flush()
    databases.stop(replica)  # before anything was settled
    replica = databases.start(url)
    assert replica.told("full", 0, "started-after") == ("approval", 4)
    replica.check.tick()
    databases.stop(replica)
    replica = databases.start(url)
    assert replica.told("full", 0, "started-after") == ("approval", 5)
    assert len(replica.lost()) == 1


def test_the_lowest_of_all_instances_counts_in_whichever_workflow(databases: Databases) -> None:
    replica = databases.start(databases.fresh())
    replica.poll("watched", 3, "r-1", "refund")
    replica.poll("full", 5, "r-2")
    replica.poll("read-only", 2, "r-3", "a workflow of long ago")
    assert replica.told("full", 0, "r-4", "refund") == ("read-only", 5)
    replica.check.tick()
    assert replica.told("full", 0, "r-4", "refund") == ("read-only", 6)


def test_a_rung_that_no_ladder_has_any_more_counts_as_the_lowest(databases: Databases) -> None:
    replica = databases.start(databases.fresh())
    assert replica.told("supervised", 3)[0] == "suspended"


@pytest.mark.parametrize("level", ["full", "watched", "read-only"])
def test_a_lie_can_lower_and_never_raise(databases: Databases, level: str) -> None:
    _, backup = databases.lived()
    replica = databases.start(backup)
    ladder = fleet().ladder
    for epoch in (2, 1_000, MOST_EPOCH, MOST_EPOCH + 1, 10**30):
        answer = replica.poll(level, epoch).answer
        assert ladder.depth(answer.level) >= ladder.depth("watched")
        replica.check.tick()
        databases.clock.advance(120)
        assert ladder.depth(replica.cache.answer("refunds").level) >= ladder.depth("watched")
    assert replica.store.epoch("refunds") == MOST_EPOCH + 1
    assert replica.faults() == []


def test_a_lie_a_second_does_not_fill_the_database(databases: Databases) -> None:
    replica = databases.start(databases.fresh())
    for epoch in range(100, 400, 3):
        replica.poll("approval", epoch)
        replica.check.tick()
        databases.clock.advance(1)
    assert len(replica.store.rung_history("refunds", START)) < 5
    assert replica.cache.answer("refunds").level == "approval"


def test_an_instance_that_is_heard_after_the_loss_was_settled_counts_too(databases: Databases) -> None:
    """Its workflow was lower than what the first one to poll remembered, at the same epoch."""
    replica = databases.start(databases.fresh())
    replica.poll("approval", 4, "r-1")
    replica.check.tick()
    assert replica.told("full", 4, "r-2") == ("approval", 5)
    assert replica.told("read-only", 4, "r-3", "refund")[0] == "read-only"
    replica.check.tick()
    assert replica.told("approval", 5, "r-1") == ("read-only", 6)
    assert replica.told("read-only", 6, "r-1") == ("read-only", 6)
    replica.check.tick()
    assert (replica.store.epoch("refunds"), len(replica.pages()), replica.faults()) == (6, 1, [])


def test_what_a_workflow_is_known_to_be_on_lowers_no_other(databases: Databases) -> None:
    replica = databases.start(databases.fresh())
    replica.lower("read-only", "refund")
    assert replica.told("read-only", 3, "r-1", "refund") == ("read-only", 3)
    replica.check.tick()
    assert replica.told("full", 3, "r-2") == ("full", 4)
    assert replica.told("read-only", 3, "r-1", "refund")[0] == "read-only"


def test_another_tokens_word_is_no_memory(databases: Databases) -> None:
    replica = databases.start(databases.fresh())
    said = {"instance": "x", "appliedLevel": "suspended", "appliedEpoch": 9}
    assert replica.polled.tell(ApiCaller("responder"), "refunds", said).answer.level == "full"
    replica.check.tick()
    assert replica.lost() == []


def test_a_replica_that_learns_of_a_rung_late_takes_nobody_for_lost(databases: Databases) -> None:
    url, _ = databases.lived()
    if url.startswith("sqlite"):
        pytest.skip("SQLite serves one process")
    late, ahead = databases.start(url), databases.start(url)
    ahead.cache.remember("refunds", "approval", 4)
    ahead.check.tick()
    level, epoch = ahead.told("approval", 5)
    before = len(late.lost())
    assert late.told(level, epoch) == ("approval", 5)
    late.check.tick()
    assert len(late.lost()) == before == 1
    assert late.store.epoch("refunds") == 5
    late.flush()
    assert late.told("approval", 5) == ("approval", 5)


def test_two_replicas_that_see_it_at_once_settle_it_once(databases: Databases) -> None:
    url = databases.fresh()
    if url.startswith("sqlite"):
        pytest.skip("SQLite serves one process")
    one, other = databases.start(url), databases.start(url)
    one.poll("approval", 4, "r-1")
    other.poll("read-only", 4, "r-2")
    one.check.tick()
    other.check.tick()
    one.flush()
    other.flush()
    other.check.tick()  # what it heard is lower than what the first one knew of
    one.flush()
    assert len(one.lost()) == 1
    assert [(state.epoch, state.rung) for state in one.store.rung_history("refunds", START)] == [
        (5, "approval"),
        (6, "read-only"),
    ]
    assert one.told("approval", 5) == ("read-only", 6)
    assert one.faults() == []


def test_a_database_that_is_replaced_under_a_running_process_raises_nobody(databases: Databases) -> None:
    """The process itself remembers: nobody has polled since."""
    url, backup = databases.lived()
    replica = databases.start(url)
    replica.cache.remember("refunds", "read-only", 5)
    replica.check.tick()
    (known,) = replica.store.rungs()
    databases.stop(replica)
    swapped = databases.start(backup)
    swapped.cache.publish([known])
    swapped.check.tick()
    assert swapped.store.epoch("refunds") == 7
    assert swapped.cache.answer("refunds").level == "read-only"
    assert len(swapped.lost()) == 1


def test_two_people_restore_it_by_the_usual_way(tmp_path: Path) -> None:
    house = WiredEngine(tmp_path)
    house.settle_in()
    house.rung_cache.remember("refunds", "bounded", 7)
    opener = IncidentOpener(house.store, house.recorder, house.get_fleet, OneRunbook(), frozenset({"slack"}))
    check = LostStateCheck(house.store, house.recorder, opener, house.rung_cache, house.get_fleet, house.clock)
    check.tick()
    (incident,) = house.store.open_incidents("refunds")
    house.commands.paging.acknowledge(ANA, incident.id)
    assert not house.commands.autonomy.ask_restore(ANA, "refunds", "settled").ok
    house.live(60)
    assert house.commands.autonomy.ask_restore(ANA, "refunds", "we looked at each instance").ok
    assert not house.commands.autonomy.approve_restore(ANA, incident.id).ok
    assert house.commands.autonomy.approve_restore(BO, incident.id).ok
    assert (house.rung_cache.answer("refunds").level, house.store.epoch("refunds")) == ("watched", 9)
    house.close()
