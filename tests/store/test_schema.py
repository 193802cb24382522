"""One history of the schema for both engines: upgraded with its data, equal to the models, refused when old."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from bench.harness.postgres import PostgresServer
from bot.core.incident.timeline import GENESIS, seal, verify
from bot.core.model.samples import MinuteRow, Series
from bot.store import SqlStore, StoreError, migrate
from bot.store.tables import TableModel

MINUTE = 29_500_000


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'old.db'}"
    return str(request.getfixturevalue("postgres").empty())


@pytest.fixture
def engine(empty_url: str) -> Engine:
    return create_engine(empty_url, poolclass=NullPool)


def _to(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url)
    command.upgrade(config, revision)


def _fill(engine: Engine) -> None:
    """A row of the first schema wherever an upgrade has something to move or to widen."""
    record: dict[str, object] = {"at": "2026-03-02T02:00:00+00:00", "actor": {"key": "bot", "name": "Stepdown"}}
    record |= {"kind": "noted", "text": "é", "event": None}
    rows = {
        "timer": {"incident_id": 1, "token": "t1", "kind": "escalate", "due_at": 10.0},
        "reading": {"agent": "a", "workflow": "", "instance": "i", "level": "full", "epoch": 3, "seen_at": 7.0},
        "series": {"id": 5, "agent": "a", "workflow": "", "sli": "her"},
        "entry": {
            "incident_id": 1,
            "serial": 1,
            "at": 1.0,
            "kind": "noted",
            "record": json.dumps(record, ensure_ascii=False, sort_keys=True),
            "seal": seal(GENESIS, record),
        },
    }
    with engine.begin() as connection:
        for table, row in rows.items():
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608 - ours
        for minute in (MINUTE, MINUTE + 1, MINUTE + 1440):
            connection.execute(text("INSERT INTO minute VALUES (5, :minute, 1.5, 10)"), {"minute": minute})


def test_a_database_of_the_first_schema_is_refused_then_upgraded_with_its_data(empty_url: str, engine: Engine) -> None:
    _to(empty_url, "0001")
    _fill(engine)
    with pytest.raises(StoreError, match=r"has schema 0001, .*: stepdown db upgrade"):
        SqlStore.open(empty_url)
    assert migrate.upgrade(empty_url) == migrate.head()
    store = SqlStore.open(empty_url)
    rows = store.minutes(Series("a", "", "her"), MINUTE, MINUTE + 1440)
    assert [(row.minute, row.value) for row in rows] == [(MINUTE, 1.5), (MINUTE + 1, 1.5), (MINUTE + 1440, 1.5)]
    assert verify(store.entries(1), 1) == ""
    store.put_minutes([MinuteRow(Series("b", "", "her"), MINUTE, 2.0, 1)])
    assert store.minutes(Series("b", "", "her"), MINUTE, MINUTE)
    store.close()


def test_the_models_are_what_the_migrations_make(empty_url: str, engine: Engine) -> None:
    migrate.upgrade(empty_url)

    def ours(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or not str(name).startswith("minute_day_")

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": ours, "compare_type": True})
        assert compare_metadata(context, TableModel.metadata) == []


def test_sqlite_as_created_is_what_the_migrations_make(tmp_path: Path) -> None:
    def shape(url: str) -> dict[str, object]:
        look = inspect(create_engine(url, poolclass=NullPool))
        return {
            name: (
                {(column["name"], str(column["type"]), column["nullable"]) for column in look.get_columns(name)},
                {(index["name"], tuple(index["column_names"])) for index in look.get_indexes(name)},
            )
            for name in look.get_table_names()
            if name != "alembic_version"
        }

    created, migrated = f"sqlite:///{tmp_path / 'created.db'}", f"sqlite:///{tmp_path / 'migrated.db'}"
    SqlStore.open(created).close()
    migrate.upgrade(migrated)
    assert shape(created) == shape(migrated)


def test_an_empty_postgresql_is_refused_and_says_what_to_do(postgres: PostgresServer) -> None:
    with pytest.raises(StoreError, match=r"empty.*stepdown db upgrade"):
        SqlStore.open(postgres.empty())


def test_a_postgresql_that_answers_before_it_has_written_is_refused(postgres: PostgresServer) -> None:
    url = postgres.fresh()
    with create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    with pytest.raises(StoreError, match="synchronous_commit=off"):
        SqlStore.open(url)


def test_a_server_out_of_reach_is_said_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be reached") as raised:
        SqlStore.open(f"postgresql+psycopg://me:hunter2@/x?host={tmp_path}")
    assert "hunter2" not in str(raised.value)


def test_two_upgrades_at_once_wait_for_one_another(postgres: PostgresServer) -> None:
    url = postgres.empty()
    command_line = [sys.executable, "-c", f"from bot.store.migrate import upgrade; print(upgrade({url!r}))"]
    both = [subprocess.Popen(command_line, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0].strip() for process in both] == [migrate.head()] * 2
    SqlStore.open(url).close()
