"""Asks one database, and never changes it: read-only, for so long, so many rows. Each failure is a SourceError.

PostgreSQL: a read-only transaction with a statement timeout. SQLite: the file opened read-only, `query_only`, and an
interrupt at the deadline. Beyond that, a call is waited for no longer than its deadline: a server that was stopped in
the middle of an answer would otherwise hold its caller for ever.
"""

import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, QueuePool, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.core.formatting import durations
from bot.core.formatting.one_line import one_line
from bot.http_client.outbound import FOREIGN_TEXT
from bot.ports.errors import SourceError
from bot.sources.circuit_breaker import Breaker
from bot.sources.sql.settings import SqlSettings

CONNECTIONS: Final = 4
CONNECT: Final = 3
"""Seconds; a host that is up accepts at once."""
GRACE: Final = 1.0
"""Seconds that the database is given to end a statement by itself."""
OPCODES: Final = 1_000
"""SQLite looks at its deadline after so many steps."""
_CANCELED: Final = "57014"
"""PostgreSQL's code for a statement that ran into its timeout."""

Row = Mapping[str, object]


class SqlClient:
    """Asks one database. Safe for several threads, over a few connections."""

    def __init__(self, name: str, settings: SqlSettings, *, breaker: Breaker | None = None) -> None:
        self._name = name
        self._settings = settings
        url = make_url(settings.url.get_secret_value())
        self._secret = url.password or ""
        self._backend = url.get_backend_name()
        self._engine = _engine(url)
        self._breaker = breaker or Breaker()
        self._free = threading.BoundedSemaphore(CONNECTIONS)

    def rows(self, statement: str, start: int, end: int) -> Sequence[Row]:
        """The rows of a statement, by column. Raises SourceError."""
        if refusal := self._breaker.refusal():
            raise self.error(refusal, passing=True)
        try:
            found = self._in_time(statement, {"start": start, "end": end})
        except SourceError as error:
            if error.passing:
                self._breaker.bad(str(error).removeprefix(f"{self._name}: "))
            else:
                self._breaker.good()
            raise
        self._breaker.good()
        return found

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def error(self, why: str, *, passing: bool = False) -> SourceError:
        """The source's name before what it did, without its password."""
        shown = why.replace(self._secret, "(password)") if self._secret else why
        return SourceError(f"{self._name}: {shown}", passing=passing)

    def _in_time(self, statement: str, bound: Mapping[str, int]) -> Sequence[Row]:
        """Ask on a thread of its own, and wait for it no longer than the deadline."""
        deadline = time.monotonic() + self._settings.timeout
        if not self._free.acquire(timeout=self._settings.timeout):
            raise self.error(f"{CONNECTIONS} questions are still without an answer", passing=True)
        found: list[Sequence[Row]] = []
        failed: list[SourceError] = []

        def ask() -> None:
            try:
                found.append(self._ask(statement, bound, deadline))
            except SourceError as error:
                failed.append(error)
            finally:
                self._free.release()

        thread = threading.Thread(target=ask, name=f"sql {self._name}", daemon=True)
        thread.start()
        thread.join(max(0.0, deadline - time.monotonic()) + GRACE)
        if failed:
            raise failed[0]
        if not found:
            raise self.error(self._slow(), passing=True)
        return found[0]

    def _ask(self, statement: str, bound: Mapping[str, int], deadline: float) -> Sequence[Row]:
        try:
            with self._engine.connect() as connection:
                _bounded(connection, self._backend, deadline)
                result = connection.execute(text(statement), dict(bound))
                rows = result.mappings().fetchmany(self._settings.max_rows + 1)
                connection.rollback()
        except PoolTimeout as error:
            raise self.error("all connections are in use", passing=True) from error
        except DBAPIError as error:
            raise self._refused(error, deadline) from error
        except SQLAlchemyError as error:
            raise self.error(f"cannot be asked this: {one_line(str(error), FOREIGN_TEXT)}") from error
        if len(rows) > self._settings.max_rows:
            limit = f"{self._settings.max_rows:,}"
            raise self.error(f"answered more than {limit} rows; ask for fewer (GROUP BY), or raise `max_rows`")
        return [dict(row) for row in rows]

    def _refused(self, error: DBAPIError, deadline: float) -> SourceError:
        """What the driver says, in one line and without the statement; slow, away, or a refusal that would repeat."""
        cause = error.orig
        late = getattr(cause, "sqlstate", None) == _CANCELED or "interrupted" in str(cause)
        if late or time.monotonic() >= deadline:
            return self.error(self._slow(), passing=True)
        said = one_line(str(cause).partition("\n")[0], FOREIGN_TEXT)
        if isinstance(error, ProgrammingError) or _refuses(cause):
            return self.error(f"refuses the statement: {said}")
        return self.error(f"cannot be asked: {said}", passing=True)

    def _slow(self) -> str:
        return f"took longer than {durations.words(self._settings.timeout)}"


def _refuses(cause: BaseException | None) -> bool:
    """Whether asking the same again would be refused again: a fault of the statement or of the rights."""
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return str(state)[:2] in {"22", "25", "28", "3D", "3F", "42"}
    words = ("no such", "syntax", "readonly", "attempt to write", "not authorized", "unrecognized token", "misuse")
    return isinstance(cause, sqlite3.Error) and any(word in str(cause) for word in words)


def _engine(url: URL) -> Engine:
    """Nothing is connected to yet."""
    if url.get_backend_name() == "postgresql":
        more: dict[str, Any] = {
            "connect_timeout": CONNECT,
            "application_name": "stepdown source",
            "keepalives_idle": 10,
            "tcp_user_timeout": 20_000,
        }
        return create_engine(url, pool_size=CONNECTIONS, max_overflow=0, pool_pre_ping=True, connect_args=more)
    path = url.database or ""
    return create_engine(
        "sqlite://", creator=lambda: _sqlite(path), poolclass=QueuePool, pool_size=CONNECTIONS, max_overflow=0
    )


def _sqlite(path: str) -> sqlite3.Connection:
    """The file, which must be there, opened to be read."""
    connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, check_same_thread=False, timeout=CONNECT)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _bounded(connection: Connection, backend: str, deadline: float) -> None:
    """Read-only, and no longer than the deadline."""
    left = max(0.001, deadline - time.monotonic())
    if backend == "postgresql":
        connection.execute(text("SET TRANSACTION READ ONLY"))
        connection.execute(text(f"SET LOCAL statement_timeout = {max(1, int(left * 1000))}"))
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - made by _sqlite
    driver.set_progress_handler(lambda: time.monotonic() >= deadline, OPCODES)
