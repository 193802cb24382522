"""`stepdown db upgrade`, with what could stand in its way said in a sentence."""

from contextlib import closing

from sqlalchemy.exc import SQLAlchemyError

from bot.store import migrate
from bot.store.database.engines import open_database
from bot.store.database.errors import StoreError


def upgrade(url: str) -> str:
    """Bring a database to the newest revision; returns it.

    Raises StoreError where it cannot be reached, where a bot runs on the SQLite file, or where the upgrade fails; then
    the database is as it was. Replicas on PostgreSQL may go on meanwhile: the next version's start waits for this.
    """
    with closing(open_database(url, alone=True)):
        try:
            return migrate.upgrade(url)
        except SQLAlchemyError as error:
            raise StoreError(f"The schema was not upgraded: {str(error).splitlines()[0]}") from error
