"""The store over SQL: `ports.Store` put together from its parts, one file a subject."""

from contextlib import AbstractContextManager

from sqlalchemy import inspect, update
from sqlmodel import SQLModel

from bot.store import tables
from bot.store.budgets import Budgets
from bot.store.changes import Changes
from bot.store.engines import open_database
from bot.store.errors import StoreError
from bot.store.followups import Followups
from bot.store.ground import Close, News
from bot.store.incidents import Incidents
from bot.store.keeping import Keeping
from bot.store.migrate import head, stamp, stored_revision
from bot.store.occasions import Occasions
from bot.store.outbox import Outbox
from bot.store.polls import Polls
from bot.store.replicas import Replicas
from bot.store.rolled import Fives
from bot.store.rungs import Rungs
from bot.store.tasks import Tasks
from bot.store.vitals import Vitals

__all__ = ["SqlStore", "StoreError"]


class SqlStore(
    Incidents, Outbox, Budgets, Polls, Rungs, Tasks, Changes, Replicas, Followups, Occasions, Fives, Keeping, Vitals
):
    """Everything Stepdown keeps. Open it with `open`; close it when done."""

    @classmethod
    def open(cls, url: str, *, alone: bool = True) -> "SqlStore":
        """Open the database, creating the tables of an empty SQLite file.

        Raises StoreError for an old schema, a file in use, a server that cannot be reached or that would lose pages.
        `alone` False skips SQLite's process lock: for command line readers beside a running bot.
        """
        store = cls(open_database(url, alone=alone))
        try:
            store._prepare()
            if alone and not store.database.shared:
                store._take_over()
        except BaseException:
            store.close()
            raise
        return store

    def _prepare(self) -> None:
        with self.writing() as connection:
            empty = not inspect(connection).has_table(tables.IncidentRow.__tablename__)
            if empty and not self.database.shared:
                SQLModel.metadata.create_all(connection)
                stamp(connection)
                return
            found = "" if empty else stored_revision(connection)
        if empty:
            raise StoreError("The database is empty. Bring it to this version's schema first: stepdown db upgrade")
        if found != head():
            raise StoreError(
                f"The database has schema {found or 'unknown'}, this Stepdown needs {head()}: stepdown db upgrade"
            )

    def _take_over(self) -> None:
        """Whoever has the database alone need not wait for leases: those who held them are dead."""
        with self.writing() as connection:
            for name in ("outbox", "poll_group", "timer"):
                table = SQLModel.metadata.tables[name]
                connection.execute(update(table).where(table.c.lease_until > 0).values(lease_until=0.0))

    def close(self) -> None:
        """Let go of connections and of the process lock."""
        self.database.close()

    def reading(self) -> AbstractContextManager[None]:
        """Several reads from one snapshot."""
        return self.database.reading()

    def listen(self, on_news: News) -> Close:
        """Hear what other replicas commit, until closed; on SQLite there are none."""
        return self.database.listen(on_news)

    def announce(self, news: str) -> None:
        """Tell every replica; on SQLite there is none to tell."""
        with self.writing() as connection:
            self.database.announce(connection, [news])
