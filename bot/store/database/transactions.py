"""What the parts of the store stand on, whichever engine is below: transactions, a clock for leases, news for others.

Times that a caller hands in as `wall` are moments of this process's clock. On PostgreSQL replicas have one clock in
common, the database's, and it is the one that leases are written and judged by; the clock of a host may be wrong.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import ColumnElement, Connection
from sqlmodel import Session

Close = Callable[[], None]
News = Callable[[str], None]
"""Told what others committed: `outbox LANE`, `rungs`, `fleet`, or `all` after a gap in which anything may have been."""


class Database(ABC):
    """One engine: its connections, its clock and its way to tell other replicas."""

    shared: bool
    """Whether other processes may write at the same time."""
    sole_writer = False
    """Whether it is certain that none does: what was read stays as it is until this process writes."""

    def __init__(self) -> None:
        self._thread = threading.local()

    @abstractmethod
    def writing(self) -> AbstractContextManager[Connection]:
        """One write transaction: committed as a whole, or not at all."""

    @abstractmethod
    def one_read(self) -> AbstractContextManager[Connection]:
        """A connection for a single read."""

    @abstractmethod
    def one_snapshot(self) -> AbstractContextManager[Connection]:
        """A connection whose reads all see the same state."""

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """One read, or the snapshot that `reading` opened on this thread."""
        shared: Connection | None = getattr(self._thread, "connection", None)
        if shared is not None:
            yield shared
            return
        with self.one_read() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Several reads from one snapshot."""
        if self.in_snapshot():
            yield
            return
        with self.one_snapshot() as connection:
            self._thread.connection = connection
            try:
                yield
            finally:
                self._thread.connection = None

    def in_snapshot(self) -> bool:
        """Whether this thread reads from a snapshot, in which nothing newer is seen."""
        return getattr(self._thread, "connection", None) is not None

    @contextmanager
    def yielding(self) -> Iterator[None]:
        """On this thread, let the writes of others go first, where there is one queue for them."""
        self._thread.yields = True
        try:
            yield
        finally:
            self._thread.yields = False

    def yields(self) -> bool:
        """Whether this thread lets others go first."""
        return bool(getattr(self._thread, "yields", False))

    clock: ColumnElement[float]
    """The moment by which leases are judged, in epoch seconds, for a kept statement; it runs with `at(wall)`."""

    @abstractmethod
    def at(self, wall: float) -> Mapping[str, float]:
        """What `clock` needs to be told: `wall` where this process has the only clock."""

    @abstractmethod
    def now(self, wall: float) -> ColumnElement[float]:
        """The same moment, for a statement that runs at once."""

    @abstractmethod
    def moment(self, connection: Connection, wall: float) -> float:
        """A moment of this process's clock, as the clock has it that leases are judged by."""

    @abstractmethod
    def lock_incidents(self, connection: Connection, incidents: Sequence[int]) -> Sequence[int]:
        """Those of the incidents nobody else is claiming for just now; nobody else can until the transaction ends."""

    @abstractmethod
    def lock(self, connection: Connection, what: str) -> None:
        """Wait until nobody else is at this, in any replica, and keep them waiting until the transaction ends."""

    @abstractmethod
    def lift_time_limits(self, connection: Connection) -> None:
        """Let this transaction think for as long as it has to; others lose theirs after a few idle seconds."""

    @abstractmethod
    def announce(self, connection: Connection, news: Sequence[str]) -> None:
        """Tell every replica, this one too, when and if the transaction commits."""

    @abstractmethod
    def listen(self, on_news: News) -> Close:
        """Hear what is announced, on a thread of its own, until closed."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything."""


class SqlRepository:
    """The base of every part of the store.

    Typed rows (`read_models`, `write_models`) where there are few of them; connections and SQLAlchemy's core
    (`looking`, `writing`) for what is asked each second or written by the thousand.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def writing(self) -> AbstractContextManager[Connection]:
        """One write transaction: committed as a whole, or not at all."""
        return self.database.writing()

    def looking(self) -> AbstractContextManager[Connection]:
        """A read; inside `reading` from the snapshot that is open already."""
        return self.database.looking()

    @contextmanager
    def read_models(self) -> Iterator[Session]:
        """A session to read rows with, on the connection that `looking` gives."""
        with self.looking() as connection, Session(connection) as session:
            yield session

    @contextmanager
    def write_models(self) -> Iterator[Session]:
        """A session to write rows with: what it holds at the end goes in with the transaction, or nothing does."""
        # A transaction may stand behind a savepoint (`group_commit.py`); the session must not make one of its own.
        with self.writing() as connection, Session(connection, join_transaction_mode="rollback_only") as session:
            yield session
            session.flush()
