"""Which engine a database URL asks for."""

from sqlalchemy.engine import make_url

from bot.store.errors import StoreError
from bot.store.ground import Database
from bot.store.postgres import PostgresDatabase
from bot.store.sqlite import SqliteDatabase, hold_alone, sqlite_path


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
