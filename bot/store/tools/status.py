"""`stepdown db status`: what can be said of a database without changing it, also of one with an old schema."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field

from sqlalchemy import Connection, inspect, text

from bot.ports.store import Replica
from bot.store.database.engines import open_database
from bot.store.database.sqlite import holder_of
from bot.store.database.urls import sqlite_path
from bot.store.migrate import head, stored_revision
from bot.store.repositories.outbox import SqlOutbox
from bot.store.repositories.replicas import SqlReplicas
from bot.store.tables import ReplicaRow


@dataclass(frozen=True, slots=True)
class Status:
    """`schema` "" where there is none yet; `running` in words, one a process; `waiting` by lane; `size` in bytes."""

    engine: str
    schema: str
    newest: str
    size: int = 0
    running: tuple[str, ...] = ()
    waiting: Mapping[str, int] = field(default_factory=dict)

    @property
    def current(self) -> bool:
        """Whether this version can run on it."""
        return self.schema == self.newest

    def lines(self) -> list[str]:
        """The same for a person."""
        behind = "" if self.current else f", this Stepdown needs {self.newest}: stepdown db upgrade"
        waiting = ", ".join(f"{count} in {lane}" for lane, count in self.waiting.items())
        return [
            f"{self.engine}, {self.size / 1e6:.1f} MB, schema {self.schema or 'none'}{behind}",
            f"running: {', '.join(self.running) or 'nobody'}",
            f"waiting: {waiting or 'nothing'}",
        ]


class _Seen(SqlOutbox, SqlReplicas):
    """The parts that are asked."""


def look(url: str) -> Status:
    """Look at a database. Raises StoreError where it cannot be reached."""
    path = sqlite_path(url)
    with closing(open_database(url, alone=False)) as database:
        with database.looking() as connection:
            schema, engine, size = stored_revision(connection), *_engine(connection)
            known = inspect(connection).get_table_names()
        seen = _Seen(database)
        running: list[str] = []
        if path is not None and (holder := holder_of(path)) is not None:
            running = [f"process {holder}"]
        elif ReplicaRow.__tablename__ in known:
            running = [f"{one.host} ({one.pid})" for one in seen.report(Replica("", "", 0), 0.0)[0]]
        waiting = seen.backlog() if "outbox" in known else {}
        return Status(engine, schema, head(), size, tuple(running), waiting)


def _engine(connection: Connection) -> tuple[str, int]:
    """Return the engine with its version, and the size in bytes."""
    if connection.dialect.name == "postgresql":
        size = text("SELECT pg_database_size(current_database())")
        version = str(connection.execute(text("SHOW server_version")).scalar_one()).split()[0]
        return f"PostgreSQL {version}", int(connection.execute(size).scalar_one())
    version = str(connection.execute(text("SELECT sqlite_version()")).scalar_one())
    size = text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
    return f"SQLite {version}", int(connection.execute(size).scalar_one())
