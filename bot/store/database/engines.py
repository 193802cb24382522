"""Which engine a database URL asks for."""

from bot.store.database.postgres import PostgresDatabase
from bot.store.database.sqlite import SqliteDatabase, hold_alone, refuse_missing
from bot.store.database.transactions import Database
from bot.store.database.urls import parsed, sqlite_path


def open_database(url: str, *, alone: bool) -> Database:
    """Connections to a database. Raises StoreError where it cannot be used, or, on SQLite, is in use.

    `alone` False, for those who look in beside a running bot: a SQLite file that is not there is not made.
    """
    if parsed(url).get_backend_name() == "postgresql":
        return PostgresDatabase(url)
    path = sqlite_path(url)
    if path is not None and not alone:
        refuse_missing(path)
    lock = hold_alone(path) if path is not None and alone else None
    return SqliteDatabase(url, lock)
