"""SQLite, the embedded default: WAL, FULL, every write transaction BEGIN IMMEDIATE, one writer at a time.

With the driver's default transactions 123 of 200 concurrent read-modify-writes were lost without an error; and waiting
for SQLite's own lock is a sleep of up to 100 ms, so writers queue on a lock of ours instead.
"""

import fcntl
import os
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import ColumnElement, Connection, Engine, Float, bindparam, create_engine, event, literal, make_url
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import QueuePool

from bot.store.database.errors import StoreError
from bot.store.database.group_commit import GroupCommit
from bot.store.database.transactions import Close, Database, News

WRITER = ("cache_size=-16000", "secure_delete=FAST")
"""Of the one connection that writes. Ids of traces are random, so each row goes to another page of an index: with 2 MB
of cache most of these were read again for each. Where a library is built to overwrite all that is deleted (Debian's),
it does so only in pages that are written in any case."""


class SqliteDatabase(Database):
    """One file, one process. Readers see a WAL snapshot and never wait for the writer."""

    shared = False
    clock = bindparam("now", type_=Float)

    def __init__(self, url: str, lock: TextIO | None) -> None:
        super().__init__()
        self._writes = _open(url, writes=True)
        self._reads = _open(url, writes=False)
        self._lock_file = lock
        self.sole_writer = lock is not None
        self._commits = GroupCommit(self._writes.begin, self.yields)

    def writing(self) -> AbstractContextManager[Connection]:
        """One write transaction: committed as a whole, or not at all."""
        return self._commits.transaction()

    def one_read(self) -> AbstractContextManager[Connection]:
        """A WAL snapshot of its own."""
        return self._reads.begin()

    def one_snapshot(self) -> AbstractContextManager[Connection]:
        """The same: every read transaction is one."""
        return self._reads.begin()

    def at(self, wall: float) -> Mapping[str, float]:
        """This process's clock."""
        return {"now": wall}

    def now(self, wall: float) -> ColumnElement[float]:
        """This process's clock: there is no other."""
        return literal(wall, Float)

    def moment(self, connection: Connection, wall: float) -> float:  # noqa: ARG002 - the base has it
        """The same."""
        return wall

    def lock_incidents(self, connection: Connection, incidents: Sequence[int]) -> Sequence[int]:  # noqa: ARG002 - the base has it
        """All of them: nobody else claims."""
        return incidents

    def lock(self, connection: Connection, what: str) -> None:
        """There is one writer in any case."""

    def lift_time_limits(self, connection: Connection) -> None:
        """Nobody hurries it."""

    def announce(self, connection: Connection, news: Sequence[str]) -> None:
        """Nobody else listens."""

    def listen(self, on_news: News) -> Close:  # noqa: ARG002 - the base has it
        """Nobody else speaks."""
        return lambda: None

    def close(self) -> None:
        """Let go of connections and of the process lock."""
        self._reads.dispose()
        self._writes.dispose()
        if self._lock_file is not None:
            self._lock_file.close()


class BeginningDialect(SQLiteDialect_pysqlite):
    """Begins each transaction itself, which the driver would only do before a write.

    SQLAlchemy's manual does it in an event "begin"; but where an engine has one event, each of its statements looks for
    all of them, and a read takes 85 us instead of 50. A tick reads a hundred times.
    """

    supports_statement_cache = True

    def __init__(self, begin: str = "BEGIN DEFERRED", **more: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        super().__init__(**more)
        self._begin = begin

    def do_begin(self, dbapi_connection: Any) -> None:  # noqa: ANN401 - the pool's stand-in of sqlite3's
        """Begin, on the connection below."""
        dbapi_connection.driver_connection.execute(self._begin)


registry.register("sqlite.beginning", __name__, BeginningDialect.__name__)


def _open(url: str, *, writes: bool) -> Engine:
    """An engine for one role."""
    engine = create_engine(
        make_url(url).set(drivername="sqlite+beginning"),
        begin="BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED",
        poolclass=QueuePool,
        pool_size=1 if writes else 8,
        max_overflow=0 if writes else 24,
        pool_timeout=30,
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        always = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON")
        for pragma in (*always, *(WRITER if writes else ())):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def refuse_missing(path: Path) -> None:
    """Raise StoreError where there is nothing to look into: to open the file would make a database of it."""
    if not path.is_file() or path.stat().st_size == 0:
        raise StoreError(f"There is no database at {path.absolute()} yet; `stepdown run` makes it.")


def holder_of(path: Path) -> int | None:
    """The process that holds the database; None when nobody does."""
    file = path.with_name(path.name + ".lock")
    if not file.is_file():
        return None
    with file.open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return int(lock.read().strip() or 0) or None
    return None


def hold_alone(path: Path) -> TextIO:
    """Lock the database for this process; the lock goes with the process. Raises StoreError when another holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(path.name + ".lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise StoreError(
            f"{path} is in use by another Stepdown (process {holder}). SQLite serves one process: stop that one first."
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
