"""What only PostgreSQL has: news, a clock in common, sessions that end by themselves, a server that goes away."""

import queue
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from bench.harness.postgres import PostgresServer
from bot.config import Settings
from bot.core.enforcement.approvals import Approval
from bot.core.incident import events as ev
from bot.core.incident.approval_effects import PostApproval
from bot.core.incident.effects import Say
from bot.core.incident.incident import Decision, Incident
from bot.core.model.people import BOT
from bot.core.model.rungs import RungState
from bot.core.transitions.reducer import advance
from bot.ports.store import Replica
from bot.runtime.process import RunError, ask_to_reload
from bot.store import SqlStore
from bot.store.database.postgres import PostgresDatabase
from tests.support.patience import PATIENCE
from tests.support.wired import ANA, PLAN, START

HOUR = 3600.0


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.fresh()


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    with closing(SqlStore.open(url)) as opened:
        yield opened


@pytest.fixture
def news(store: SqlStore) -> Iterator["queue.Queue[str]"]:
    heard: queue.Queue[str] = queue.Queue()
    close = store.listen(heard.put)
    assert heard.get(timeout=PATIENCE) == "all"
    yield heard
    close()


def _opened() -> Decision:
    roster = ev.Roster("ana", "bo", "", ("ana",), {"ana": ("slack",)})
    event = ev.Opened(START, BOT, 1, "refunds", "slo", "HER", "SEV2", roster, "full", "full", plan=PLAN)
    return advance(None, event)


def _noted(incident: Incident) -> Decision:
    return advance(incident, ev.Noted(START, ANA, "hm"))


def _until(heard: "queue.Queue[str]", word: str) -> None:
    while heard.get(timeout=PATIENCE) != word:
        pass


def test_a_commit_tells_of_its_lanes_and_of_a_rung_and_a_refused_one_of_nothing(
    store: SqlStore, news: "queue.Queue[str]"
) -> None:
    opened = _opened()
    rung = RungState("refunds", "", "approval", 1, START, "ana", "loop", incident_id=1)
    store.commit(opened, START, rung=rung, wall=time.time())
    wanted = {f"outbox {effect.lane}" for effect in opened.effects}
    assert {news.get(timeout=PATIENCE) for _ in range(len(wanted) + 1)} == {*wanted, "rungs"}
    with pytest.raises(Exception, match="first"):
        store.commit(opened, START, wall=time.time())
    store.enqueue([Say(1, "x", "hello")], time.time())
    assert news.get(timeout=PATIENCE) == "outbox slack"
    asked = Approval("write-0001", "refunds", "payments.refund", START, START)
    store.ask_approval(asked, (PostApproval(asked.id),), time.time())
    assert news.get(timeout=PATIENCE) == "outbox slack"


def test_who_listens_finds_the_server_again_and_takes_it_that_anything_may_have_been_said(
    store: SqlStore, news: "queue.Queue[str]", postgres: PostgresServer
) -> None:
    store.enqueue([Say(1, "before", "hello")], time.time())
    postgres.crash()
    with pytest.raises(SQLAlchemyError):
        store.backlog()
    postgres.resume()
    _until(news, "all")
    assert store.backlog() == {"slack": 1}
    store.enqueue([Say(1, "after", "hello")], time.time())
    _until(news, "outbox slack")


def test_every_replica_is_asked_to_read_its_fleet_file(store: SqlStore, news: "queue.Queue[str]", url: str) -> None:
    settings = Settings(database_url=url, fleet=Path("fleet.yaml"))
    with pytest.raises(RunError, match="No Stepdown is running"):
        ask_to_reload(settings)
    me = Replica("one", "host-1", 77)
    store.report(me, store.report(me, 0.0)[1])
    assert "host-1 (77)" in ask_to_reload(settings)
    _until(news, "fleet")


def test_who_stops_in_the_middle_of_a_transaction_loses_it_and_its_locks(store: SqlStore, url: str) -> None:
    store.commit(_opened(), START, wall=time.time())
    incident = store.incident(1)
    assert incident is not None
    with closing(SqlStore.open(url)) as other, other.database.looking() as connection:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("SELECT * FROM incident FOR UPDATE")
        store.commit(_noted(incident), START, wall=time.time())  # waits for the lock, and gets it
        with pytest.raises(SQLAlchemyError):
            connection.exec_driver_sql("SELECT 1")
    found = store.incident(1)
    assert found is not None
    assert found.version == incident.version + 1


def test_leases_are_judged_by_the_databases_clock_however_wrong_a_hosts_is(store: SqlStore, url: str) -> None:
    def ahead() -> float:
        return time.time() + HOUR

    with closing(SqlStore(PostgresDatabase(url, ahead))) as fast:
        store.enqueue([Say(1, "x", "hello")], time.time())
        (job,) = store.claim("slack", time.time(), 10, 30)
        assert fast.claim("slack", ahead(), 10, 30) == [], "its clock says that the claim ran out long ago"
        assert store.retry(job, time.time(), "again")
        (job,) = fast.claim("slack", ahead(), 10, 30)
        assert job.lease_until.timestamp() > ahead(), "whoever claims reads the end of it on the own clock"
        assert fast.retry(job, ahead(), "again")
        assert len(store.claim("slack", time.time(), 10, 30)) == 1, "due now, not in an hour"


def test_two_replicas_do_not_post_to_one_incident_at_once(store: SqlStore, url: str) -> None:
    with closing(SqlStore.open(url)) as other:
        store.enqueue([Say(1, "x", "one"), Say(2, "x", "two"), Say(1, "y", "three")], time.time())
        (first,) = store.claim("slack", time.time(), 1, 30)
        assert [job.effect.incident_id for job in other.claim("slack", time.time(), 10, 30)] == [2]
        assert store.finish(first, time.time(), "sent")
        assert [job.effect.incident_id for job in other.claim("slack", time.time(), 10, 30)] == [1]
