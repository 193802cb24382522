"""`stepdown db copy` and `status`: all of it, on either engine, or nothing."""

import json
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.pool import NullPool
from typer.testing import CliRunner

from bench.harness.postgres import PostgresServer
from bot.cli import app
from bot.core.incident.effects import Say
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.ports.store import Replica
from bot.store import SqlStore, StoreError
from bot.store.database.urls import sqlite_path
from bot.store.tables import TableModel
from bot.store.tools.copying import copy
from tests.support.wired import ANA, START, WiredEngine


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A database in which a night has happened, and nobody on it any more."""
    house = WiredEngine(tmp_path)
    house.settle_in()
    house.live(5, her=18.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "it loops", 120, "")
    house.live(5, her=18.0)
    house.store.put_readings(house.rung_cache.take_changed())
    house.store.put_minutes([MinuteRow(Series("kyc", "", "her"), minute_of(START - timedelta(days=9)), None)])
    house.close()
    return f"sqlite:///{tmp_path / 'stepdown.db'}"


def _rows(url: str) -> Mapping[str, list[tuple[object, ...]]]:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in TableModel.metadata.sorted_tables
        }


def test_everything_goes_to_postgresql_and_back(source: str, postgres: PostgresServer, tmp_path: Path) -> None:
    there, back = postgres.fresh(), f"sqlite:///{tmp_path / 'back.db'}"
    counts = copy(source, there)
    empty = [name for name in ("incident", "entry", "outbox", "minute", "rung", "reading", "timer") if not counts[name]]
    assert not empty
    assert copy(there, back) == counts
    assert _rows(back) == _rows(there) == _rows(source)


def test_what_was_copied_goes_on_where_it_stopped(source: str, postgres: PostgresServer) -> None:
    url = postgres.fresh()
    copy(source, url)
    with closing(SqlStore.open(url)) as store:
        fresh = MinuteRow(Series("new", "", "her"), minute_of(START), 1.0)
        store.put_minutes([fresh])
        assert list(store.minutes(fresh.series, fresh.minute, fresh.minute)) == [fresh]
        store.enqueue([Say(1, "copied", "here we are")], 1.0)
        assert store.next_incident_id() == 2


def test_a_target_with_anything_in_it_is_refused(source: str, postgres: PostgresServer) -> None:
    url = postgres.fresh()
    with closing(SqlStore.open(url)) as store:
        store.first_delivery("Ev1", START)
    before = _rows(url)
    with pytest.raises(StoreError, match="not empty: there are rows in sight"):
        copy(source, url)
    assert _rows(url) == before


def test_one_that_somebody_runs_on_is_refused(source: str, postgres: PostgresServer) -> None:
    url = postgres.fresh()
    with closing(SqlStore.open(source)), pytest.raises(StoreError, match="in use by another Stepdown"):
        copy(source, url)
    with closing(SqlStore.open(url)) as store:
        store.report(Replica("one", "host-1", 77), 2e9)
        with pytest.raises(StoreError, match=r"target is in use by host-1 \(77\)"):
            copy(source, url)


def test_a_timeline_that_was_changed_is_found_and_nothing_is_copied(source: str, postgres: PostgresServer) -> None:
    url = postgres.fresh()
    with closing(SqlStore.open(source)) as store, store.writing() as connection:
        connection.exec_driver_sql("UPDATE entry SET record = replace(record, 'loops', 'works')")
    with pytest.raises(StoreError, match=r"INC-0001: entry .* was changed"):
        copy(source, url)
    assert not any(_rows(url).values())


def test_odd_sources_are_refused_and_made_by_nobody(source: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="same database"):
        copy(source, source)
    with pytest.raises(StoreError, match="is not there"):
        copy(f"sqlite:///{tmp_path / 'none.db'}", source)
    assert not (tmp_path / "none.db").exists()


def _run(url: str, *words: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["db", *words], env={"STEPDOWN_DATABASE_URL": url})
    return found.exit_code, found.output


def test_status_and_upgrade_from_the_command_line(source: str, postgres: PostgresServer, tmp_path: Path) -> None:
    code, out = _run(source, "status", "--json")
    assert (code, json.loads(out)["running"], json.loads(out)["current"]) == (0, [], True)
    url = postgres.empty()
    assert _run(url, "status")[0] == 1
    assert _run(url, "upgrade")[0] == 0
    with closing(SqlStore.open(url)) as store:
        store.report(Replica("one", "host-1", 77), store.report(Replica("one", "host-1", 77), 0.0)[1])
    code, out = _run(url, "status")
    assert (code, "PostgreSQL" in out, "running: host-1 (77)" in out) == (0, True, True)
    nowhere = f"postgresql+psycopg://me:hunter2@/x?host={tmp_path}"
    for words in (["status"], ["upgrade"], ["copy", source, nowhere]):
        code, out = _run(nowhere, *words)
        assert (code, "cannot be reached" in out, "hunter2" in out) == (3, True, False)
    assert _run(url, "copy", "mysql://me:hunter2@x/y", url)[0] == 2


def test_an_upgrade_under_a_running_sqlite_bot_is_refused(source: str) -> None:
    path = sqlite_path(source)
    assert path is not None
    with closing(SqlStore.open(source)):
        code, out = _run(source, "upgrade")
    assert (code, "in use by another Stepdown" in out) == (3, True)
