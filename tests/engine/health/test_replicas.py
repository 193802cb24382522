"""What replicas tell each other through a real PostgreSQL, and what may be called confirmed meanwhile."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from bench.harness.postgres import PostgresServer
from bot.core.incident import events as ev
from bot.core.model.people import BOT
from bot.core.model.rungs import InstanceReading, RungState
from bot.core.transitions.reducer import advance
from bot.engine.autonomy.file_gate import FileGate
from bot.engine.autonomy.rung_cache import MemoryRungCache
from bot.engine.health.replicas import ReplicaSync
from bot.ports.store import Replica
from bot.simulation.clock import MovableClock
from bot.store import SqlStore
from tests.support.wired import ANA, PLAN, START, fleet


class One:
    """One replica, without what it does besides talking."""

    def __init__(self, name: str, url: str) -> None:
        self.watched = fleet()
        self.store = SqlStore.open(url)
        self.rung_cache = MemoryRungCache(lambda: self.watched, MovableClock(START), self.store.rungs())
        self.replicas = ReplicaSync(self.store, self.rung_cache, Replica(name, f"host-{name}", 1))
        self.replicas.begin(START - timedelta(hours=1))

    def hears(self, instance: str, level: str, epoch: int, after: float) -> None:
        at = START + timedelta(seconds=after)
        self.rung_cache.record(InstanceReading("refunds", instance, level, epoch, at))

    def knows(self) -> dict[str, str]:
        return {word.instance: word.level for word in self.rung_cache.readings("refunds")}


@pytest.fixture
def pair(postgres: PostgresServer) -> Iterator[tuple[One, One]]:
    url = postgres.fresh()
    a, b = One("a", url), One("b", url)
    with closing(a.store), closing(b.store):
        for one in (a, b, a):
            one.replicas.exchange()
        yield a, b


def _step_down(store: SqlStore) -> None:
    roster = ev.Roster("ana", "bo", "", ("ana",), {"ana": ("slack",)})
    event = ev.Opened(START, BOT, 1, "refunds", "slo", "HER", "SEV2", roster, "full", "full", plan=PLAN)
    opened = advance(None, event)
    rung = RungState("refunds", "", "approval", 1, START, ANA.key, "loop", incident_id=1)
    store.commit(opened, START, rung=rung, wall=1.0)


def test_a_rung_is_told_only_when_everyone_alive_knows_it_and_has_passed_on_what_was_said(
    pair: tuple[One, One],
) -> None:
    a, b = pair
    a.hears("i-a", "approval", 1, 1)
    b.hears("i-b", "full", 0, 1)
    _step_down(a.store)
    assert not a.replicas.known_everywhere("refunds", 1)
    a.replicas.exchange()
    assert not a.replicas.known_everywhere("refunds", 1), "b has an instance that nobody else knows of"
    assert a.knows() == {"i-a": "approval"}
    b.replicas.exchange()
    a.replicas.exchange()
    assert a.replicas.known_everywhere("refunds", 1)
    assert a.knows() == b.knows() == {"i-a": "approval", "i-b": "full"}
    assert b.rung_cache.answer("refunds").level == "approval"


def test_nobody_waits_for_one_that_is_silent_or_has_left(pair: tuple[One, One]) -> None:
    a, b = pair
    _step_down(a.store)
    a.replicas.exchange()
    assert not a.replicas.known_everywhere("refunds", 1)
    with a.store.writing() as connection:
        connection.exec_driver_sql("UPDATE replica SET told_at = told_at - 11 WHERE name = 'b'")
    a.replicas.exchange()
    assert a.replicas.known_everywhere("refunds", 1)
    b.replicas.leave()
    a.replicas.exchange()
    assert set(a.replicas.alive()) == {"a"}


def test_a_stricter_file_binds_a_replica_that_has_not_read_it(pair: tuple[One, One]) -> None:
    """By the exchange of each second, as rungs do: nobody reads a file anew for it."""
    a, b = pair
    old = a.watched
    assert FileGate(a.store, MovableClock(START)).let_in(old) == ()
    for one in pair:
        one.replicas.exchange()
        assert one.replicas.other_file() == ""
    a.watched = replace(old, agents={"refunds": replace(old.agents["refunds"], normal_rung="approval")})
    assert FileGate(a.store, MovableClock(START)).let_in(a.watched) == ()
    assert b.rung_cache.answer("refunds").level == "full"
    b.replicas.exchange()
    said = b.rung_cache.answer("refunds")
    assert (said.level, said.grants["writes"]) == ("approval", "approve")
    assert b.replicas.other_file().startswith("the fleet file of this replica is not the one in force, which says oth")
    assert "otherwise of refunds;" in b.replicas.other_file()
    b.watched = a.watched
    b.replicas.exchange()
    assert (b.replicas.other_file(), b.rung_cache.answer("refunds").level) == ("", "approval")
