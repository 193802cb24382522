"""PostgreSQL, for several equal replicas (`architecture.md`, "PostgreSQL").

Every session is bounded: a replica that is stopped in the middle of a transaction loses it after five seconds, so that
the rows it had locked are free for the others. Leases are judged by the database's clock. What a commit means for other
replicas is announced with `NOTIFY` in the same transaction; who listens is woken within milliseconds, and a poll each
second is the net below that.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

import psycopg
import structlog
from sqlalchemy import ColumnElement, Connection, Engine, Float, create_engine, event, literal_column, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from bot.store.database.errors import StoreError
from bot.store.database.listener import CHANNEL, CONNECTING, Listener
from bot.store.database.transactions import Close, Database, News
from bot.store.database.urls import parsed, place_of, redacted

log = structlog.get_logger("stepdown.store")

OLDEST = 140000
"""PostgreSQL 14, as `server_version_num` counts."""
CLAIMING = 0x5D0
"""The first key of the advisory locks under which an incident's effects are claimed."""
ALONE = 0x5D3
"""The first key of the advisory locks of what one replica does at a time."""
POOL = 16
"""Connections that are kept: ten lane workers and the ticks ask each second, and what goes beyond is opened anew."""
SESSION = {
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "10s",
    "statement_timeout": "30s",
    "timezone": "UTC",
}
_CLOCK = literal_column("extract(epoch from clock_timestamp())::double precision", Float)


class PostgresDatabase(Database):
    """A pool of bounded sessions. Writes are READ COMMITTED: a compare-and-set or a unique key settles every race."""

    shared = True
    clock = _CLOCK

    def __init__(self, url: str, wall: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._url = parsed(url)
        self._wall = wall
        self._engine = open_pool(self._url)
        self._single = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._snapshot = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        try:
            self._check()
        except BaseException:
            self._engine.dispose()
            raise

    def _check(self) -> None:
        """Refuse what would lose pages: a server out of reach, too old, or that answers before it has written."""
        where = place_of(self._url)
        try:
            with self._single.connect() as connection:
                found = int(connection.execute(text("SHOW server_version_num")).scalar_one())
                commits = str(connection.execute(text("SHOW synchronous_commit")).scalar_one())
        except DBAPIError as error:
            raise StoreError(
                f"{where} cannot be reached: {redacted(_first_line(error), self._url)}"
            ) from None  # its cause may hold the password
        if found < OLDEST:
            raise StoreError(f"{where} is PostgreSQL {found // 10000}; Stepdown needs {OLDEST // 10000} or newer.")
        if commits == "off":
            raise StoreError(
                f"{where} has synchronous_commit=off: a page that was promised would be lost with the server. "
                "Set it to on (or remote_apply, remote_write, local) for this database and its user."
            )

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One write transaction: committed as a whole, or not at all."""
        with self._engine.begin() as connection:
            yield connection

    def one_read(self) -> AbstractContextManager[Connection]:
        """One statement by itself."""
        return self._single.connect()

    def one_snapshot(self) -> AbstractContextManager[Connection]:
        """REPEATABLE READ, read only."""
        return self._snapshot.begin()

    def at(self, wall: float) -> Mapping[str, float]:  # noqa: ARG002 - the database's clock counts, not ours
        """Nothing: the database has a clock."""
        return {}

    def now(self, wall: float) -> ColumnElement[float]:  # noqa: ARG002 - the database's clock counts, not ours
        """The database's clock."""
        return _CLOCK

    def moment(self, connection: Connection, wall: float) -> float:
        """As far from the database's now as `wall` is from ours."""
        return float(connection.execute(select(_CLOCK)).scalar_one()) + (wall - self._wall())

    def lock_incidents(self, connection: Connection, incidents: Sequence[int]) -> Sequence[int]:
        """Locks that end with the transaction; what somebody else holds is left to them."""
        return [
            number
            for number in incidents
            if connection.execute(
                text("SELECT pg_try_advisory_xact_lock(:space, :number)"), {"space": CLAIMING, "number": number}
            ).scalar()
        ]

    def lock(self, connection: Connection, what: str) -> None:
        """A lock that ends with the transaction, on the text's own hash."""
        connection.execute(
            text("SELECT pg_advisory_xact_lock(:space, hashtext(:what))"), {"space": ALONE, "what": what}
        )

    def lift_time_limits(self, connection: Connection) -> None:
        """No bound but the end of the connection."""
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(text(f"SET LOCAL {limit} = 0"))

    def announce(self, connection: Connection, news: Sequence[str]) -> None:
        """`NOTIFY`, sent by the server when the transaction commits."""
        for word in news:
            connection.execute(text("SELECT pg_notify(:channel, :word)"), {"channel": CHANNEL, "word": word})

    def listen(self, on_news: News) -> Close:
        """`LISTEN` on a connection of its own; it reconnects by itself and then tells `all`."""
        listener = Listener(plain_url(self._url), on_news)
        listener.start()
        return listener.stop

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()


def open_pool(url: URL) -> Engine:
    """Connections that are checked before use: after a restart of the database the next caller gets a live one."""
    engine = create_engine(
        url,
        pool_size=POOL,
        max_overflow=16,
        pool_timeout=30,
        pool_pre_ping=True,
        connect_args={**CONNECTING, "application_name": "stepdown"},
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: psycopg.Connection, _record: object) -> None:
        connection.adapters.register_dumper(str, _TextWithoutNul)
        before, connection.autocommit = connection.autocommit, True
        for name, value in SESSION.items():
            connection.execute(f"SET {name} = '{value}'")
        connection.autocommit = before

    return engine


class _TextWithoutNul(psycopg.types.string.StrDumper):
    """PostgreSQL has no NUL and no lone surrogate in its text; what an agent or a person wrote may have either."""

    def dump(self, obj: str) -> bytes:
        """The text with those characters replaced by U+FFFD."""
        return obj.replace("\0", "\ufffd").encode("utf-8", "replace")


def plain_url(url: URL) -> str:
    """What libpq understands."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0] if error.orig is not None else str(error)
