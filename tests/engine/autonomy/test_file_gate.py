"""The gate before a fleet file: a start and another replica are judged as a reload is, by what is stored."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.core.autonomy.file_record import fleet_of, record_of
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.rungs import DEFAULT_LADDER, Ladder
from bot.engine.autonomy.file_gate import FileGate
from bot.ports.errors import Conflict
from bot.simulation.clock import MovableClock
from bot.store import SqlStore
from tests.support.wired import ANA, BO, START, WiredEngine, fleet


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    made = SqlStore.open(database_url)
    yield made
    made.close()


def _with(**changes: object) -> Fleet:
    whole = fleet()
    return replace(whole, agents={"refunds": replace(whole.agents["refunds"], **changes)})  # type: ignore[arg-type]


def _gate(store: SqlStore) -> FileGate:
    return FileGate(store, MovableClock(START))


def test_the_first_file_is_let_in_and_kept(store: SqlStore) -> None:
    assert store.file_record() is None
    assert _gate(store).let_in(fleet()) == ()
    kept = store.file_record()
    assert kept == record_of(fleet())
    assert kept is not None
    assert fleet_of(kept).agents["refunds"].workflows == ("refund",)


def test_a_file_that_raises_is_refused_by_the_next_start_too(store: SqlStore) -> None:
    assert _gate(store).let_in(_with(normal_rung="approval")) == ()
    for _ in range(2):
        (said, *_rest) = _gate(store).let_in(_with(normal_rung="full"))
        assert "refunds would go from approval to full" in said
    assert store.file_record() == record_of(_with(normal_rung="approval"))


def test_two_small_steps_are_judged_each_by_the_last_one_in_force(store: SqlStore) -> None:
    gate = _gate(store)
    assert gate.let_in(fleet()) == ()
    assert gate.let_in(_with(normal_rung="read-only")) == ()
    assert gate.let_in(_with(normal_rung="approval"))
    assert gate.let_in(fleet())


def test_an_agent_that_was_added_first_is_compared_when_the_old_one_goes(store: SqlStore) -> None:
    gate = _gate(store)
    low = _with(normal_rung="approval")
    both = replace(low, agents={**low.agents, "refunds-eu": replace(fleet().agents["refunds"], key="refunds-eu")})
    assert gate.let_in(low) == ()
    assert gate.let_in(both) == ()
    (said,) = gate.let_in(replace(both, agents={"refunds-eu": both.agents["refunds-eu"]}))
    assert said.startswith("agent refunds, which is on approval, goes from the file, and refunds-eu came to it")


def test_what_an_older_version_kept_is_replaced(store: SqlStore) -> None:
    """It did not write down when an agent came, so its row is compared by what it means."""
    assert _gate(store).let_in(fleet()) == ()
    with store.database.writing() as connection:
        body = str(connection.execute(text("SELECT body FROM fleet_file")).scalar())
        assert '"came_at":null' in body
        old = body.replace(',"came_at":null', "")
        connection.execute(text("UPDATE fleet_file SET body = :body"), {"body": old})
    assert _gate(store).let_in(_with(normal_rung="approval")) == ()


def test_a_ladder_with_looser_grants_is_refused(store: SqlStore) -> None:
    loose = Ladder(tuple(replace(one, grants={"writes": "allow"}) for one in DEFAULT_LADDER))
    assert _gate(store).let_in(_with(normal_rung="approval")) == ()
    said = _gate(store).let_in(replace(_with(normal_rung="approval"), ladder=loose))
    assert "writes 'approve' would become 'allow'" in said[0]


def test_of_two_replicas_with_two_files_the_second_is_judged_by_the_first(database_url: str) -> None:
    """Both open the same database; the second one began to compare before the first one's file was in force."""
    if database_url.startswith("sqlite"):
        pytest.skip("one process has a SQLite database alone")
    first, second = SqlStore.open(database_url), SqlStore.open(database_url)
    try:
        assert _gate(first).let_in(fleet()) == ()
        seen = second.file_record()
        assert _gate(first).let_in(_with(normal_rung="approval")) == ()
        with pytest.raises(Conflict):
            second.put_file_record(record_of(fleet()), seen, START)
        assert _gate(second).let_in(fleet())
        assert second.file_record() == record_of(_with(normal_rung="approval"))
    finally:
        first.close()
        second.close()


def test_a_step_down_by_another_file_than_the_one_in_force_raises_nobody(tmp_path: Path) -> None:
    """A command line beside the bot reads the file anew: what is down by that file may be up by the one in force."""
    house = WiredEngine(tmp_path, watched=_with(normal_rung="approval"))
    assert house.engine.file_gate.let_in(house.watched) == ()
    house.watched = _with(normal_rung="full")
    answer = house.commands.autonomy.step_down(ANA, "refunds", "watched", "sure")
    assert not answer.ok
    assert "By the fleet file in force refunds is on approval, so watched would raise it" in answer.text
    assert house.store.rung("refunds") is None
    assert house.commands.autonomy.step_down(ANA, "refunds", "read-only", "sure").ok
    house.close()


def test_a_restore_by_another_ladder_is_one_rung_by_the_one_in_force(tmp_path: Path) -> None:
    house = WiredEngine(tmp_path)
    assert house.engine.file_gate.let_in(house.watched) == ()
    house.settle_in()
    house.live(3, tie=13.0)
    assert house.commands.paging.acknowledge(ANA, 1).ok
    assert house.commands.autonomy.step_down(ANA, "refunds", "suspended", "retry loop").ok
    house.live(50)
    short = Ladder((DEFAULT_LADDER.rung("full"), DEFAULT_LADDER.rung("suspended")))
    house.watched = replace(house.watched, ladder=short)
    assert house.commands.autonomy.ask_restore(ANA, "refunds", "fixed").ok
    answer = house.commands.autonomy.approve_restore(BO, 1)
    assert not answer.ok
    assert "is on suspended, so full would raise it" in answer.text
    house.close()


def test_an_agent_that_the_file_in_force_lacks_is_free(tmp_path: Path) -> None:
    house = WiredEngine(tmp_path)
    assert house.engine.file_gate.let_in(replace(house.watched, agents={"kyc": Agent("kyc", "ana")})) == ()
    assert house.commands.autonomy.step_down(ANA, "refunds", "watched", "sure").ok
    house.close()


def test_an_agent_that_comes_back_to_the_file_comes_back_with_no_more(store: SqlStore) -> None:
    gate = _gate(store)
    assert gate.let_in(_with(normal_rung="approval")) == ()
    held = Agent("kyc", "ana", normal_rung="approval")
    assert gate.let_in(replace(fleet(), agents={"kyc": held})) == ()
    assert "refunds would go from approval to full" in gate.let_in(fleet())[0]
    assert gate.let_in(_with(normal_rung="approval")) == ()
