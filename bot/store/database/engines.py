"""Which engine a database URL asks for."""

from sqlalchemy.engine import make_url

from bot.store.database.errors import StoreError
from bot.store.database.postgres import PostgresDatabase
from bot.store.database.sqlite import SqliteDatabase, hold_alone, sqlite_path
from bot.store.database.transactions import Database


def same_place(one: str, other: str) -> bool:
    """Whether two URLs lead to one database, as far as can be seen."""
    paths = [sqlite_path(url) for url in (one, other)]
    if None not in paths:
        return len({str(path.resolve()) for path in paths if path is not None}) == 1
    first, second = (make_url(url) for url in (one, other))
    return first.set(password=None, username=None) == second.set(password=None, username=None)


def open_database(url: str, *, alone: bool) -> Database:
    """Connections to a database. Raises StoreError where it cannot be used, or, on SQLite, is in use."""
    name = make_url(url).get_backend_name()
    if name == "postgresql":
        return PostgresDatabase(url)
    if name != "sqlite":
        raise StoreError(f"{name} is not supported: use sqlite:///PATH or postgresql+psycopg://USER@HOST/NAME")
    path = sqlite_path(url)
    lock = hold_alone(path) if path is not None and alone else None
    return SqliteDatabase(url, lock)
