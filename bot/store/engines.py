"""Connections. SQLite: WAL, FULL, every write transaction BEGIN IMMEDIATE, one writer at a time within the process.

With the driver's default transactions 123 of 200 concurrent read-modify-writes were lost without an error; and waiting
for SQLite's own lock is a sleep of up to 100 ms, so writers queue on a lock of ours instead.
"""

import fcntl
import os
from pathlib import Path
from typing import TextIO

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool


class StoreError(Exception):
    """The database cannot be used; the sentence says why and what to do."""


def open_engine(url: str, *, writes: bool) -> Engine:
    """An engine for one role. On SQLite readers see a WAL snapshot and never wait for the writer."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        raise StoreError(f"{parsed.get_backend_name()} is not supported yet: use sqlite:///PATH")
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=1 if writes else 8, max_overflow=0 if writes else 24, pool_timeout=30
    )
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED"

    @event.listens_for(engine, "connect")
    def _connect(connection: object, _record: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite URL; None for another engine or a database in memory."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


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
