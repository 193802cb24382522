"""The store over SQL: `ports.Store` put together from its parts, one file a subject."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from sqlalchemy import Connection, Engine, inspect
from sqlmodel import SQLModel

from bot.store import tables
from bot.store.changes import Changes
from bot.store.engines import StoreError, hold_alone, open_engine, sqlite_path
from bot.store.incidents import Incidents
from bot.store.migrate import head, stamp, stored_revision
from bot.store.minutes import Minutes
from bot.store.outbox import Outbox
from bot.store.rungs import Rungs
from bot.store.tasks import Tasks

__all__ = ["SqlStore", "StoreError"]


class SqlStore(Incidents, Outbox, Minutes, Rungs, Tasks, Changes):
    """Everything Stepdown keeps. Open it with `open`; close it when done."""

    def __init__(self, write_engine: Engine, read_engine: Engine, lock: TextIO | None) -> None:
        self._write_engine = write_engine
        self._read_engine = read_engine
        self._lock_file = lock
        self._writing = threading.RLock()
        self._local = threading.local()
        super().__init__()

    @classmethod
    def open(cls, url: str, *, alone: bool = True) -> "SqlStore":
        """Open the database, creating an empty one's tables. Raises StoreError for an old schema or a busy file.

        `alone` False skips the process lock: for command line readers beside a running bot.
        """
        path = sqlite_path(url)
        lock = hold_alone(path) if path is not None and alone else None
        store = cls(open_engine(url, writes=True), open_engine(url, writes=False), lock)
        try:
            store._prepare()
        except BaseException:
            store.close()
            raise
        return store

    def _prepare(self) -> None:
        with self.writing() as connection:
            if not inspect(connection).has_table(tables.IncidentRow.__tablename__):
                SQLModel.metadata.create_all(connection)
                stamp(connection)
                return
            found = stored_revision(connection)
        if found != head():
            raise StoreError(
                f"The database has schema {found or 'unknown'}, this Stepdown needs {head()}: stepdown db upgrade"
            )

    def close(self) -> None:
        """Let go of connections and of the process lock."""
        self._read_engine.dispose()
        self._write_engine.dispose()
        if self._lock_file is not None:
            self._lock_file.close()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction: committed as a whole, or not at all."""
        with self._writing, self._write_engine.begin() as connection:
            yield connection

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """A read transaction; inside `reading` the one that is open already."""
        shared: Connection | None = getattr(self._local, "connection", None)
        if shared is not None:
            yield shared
            return
        with self._read_engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several reads from one snapshot."""
        if getattr(self._local, "connection", None) is not None:
            yield
            return
        with self._read_engine.begin() as connection:
            self._local.connection = connection
            try:
                yield
            finally:
                self._local.connection = None
