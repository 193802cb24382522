"""The store over SQL: `ports.Store` put together from its parts, one file a subject."""

from contextlib import AbstractContextManager

from sqlalchemy import inspect, update

from bot.store import tables
from bot.store.database.engines import open_database
from bot.store.database.errors import StoreError
from bot.store.database.transactions import Close, News
from bot.store.migrate import head, stamp, stored_revision
from bot.store.repositories.budgets import SqlBudgets
from bot.store.repositories.clock_shift import SqlClockShift
from bot.store.repositories.enforcement.actions import SqlActions
from bot.store.repositories.enforcement.approvals import SqlApprovals
from bot.store.repositories.followups import SqlFollowups
from bot.store.repositories.health import SqlHealthQueries
from bot.store.repositories.inbound.alerts import SqlAlerts
from bot.store.repositories.inbound.changes import SqlChanges
from bot.store.repositories.incidents import SqlIncidents
from bot.store.repositories.once_markers import SqlOnceMarkers
from bot.store.repositories.outbox import SqlOutbox
from bot.store.repositories.polls import SqlPolls
from bot.store.repositories.replicas import SqlReplicas
from bot.store.repositories.retention import SqlRetention
from bot.store.repositories.rollups import SqlRollups
from bot.store.repositories.rungs import SqlRungs
from bot.store.repositories.tasks import SqlTasks
from bot.store.repositories.telemetry.recent_sums import SqlRecentSums
from bot.store.repositories.telemetry.traces import SqlTraces

__all__ = ["SqlStore", "StoreError"]


class SqlStore(
    SqlIncidents,
    SqlOutbox,
    SqlBudgets,
    SqlPolls,
    SqlRungs,
    SqlTasks,
    SqlTraces,
    SqlAlerts,
    SqlChanges,
    SqlActions,
    SqlApprovals,
    SqlReplicas,
    SqlFollowups,
    SqlOnceMarkers,
    SqlRollups,
    SqlRecentSums,
    SqlRetention,
    SqlHealthQueries,
    SqlClockShift,
):
    """Everything Stepdown keeps. Open it with `open`; close it when done.

    Its parts are bases and not members: the port is flat (`store.commit`, `store.rung`), `commit` writes through
    several parts in one transaction, and an exercise's store overrides single methods. Members would need a line of
    forwarding for each of the port's methods and would give nothing back.
    """

    @classmethod
    def open(cls, url: str, *, alone: bool = True) -> "SqlStore":
        """Open the database, creating the tables of an empty SQLite file.

        Raises StoreError for an old schema, a file in use, a server that cannot be reached or that would lose pages.
        `alone` False, for those who look in beside a running bot: without SQLite's process lock, and nothing is made.
        """
        store = cls(open_database(url, alone=alone))
        try:
            store._prepare(alone=alone)
            if alone and not store.database.shared:
                store._take_over()
        except BaseException:
            store.close()
            raise
        return store

    def _prepare(self, *, alone: bool) -> None:
        with self.writing() as connection:
            empty = not inspect(connection).has_table(tables.IncidentRow.__tablename__)
            if empty and not self.database.shared and alone:
                tables.TableModel.metadata.create_all(connection)
                stamp(connection)
                return
            found = "" if empty else stored_revision(connection)
        if empty and not self.database.shared:
            raise StoreError("The database has no tables yet; `stepdown run` makes them.")
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
                table = tables.TableModel.metadata.tables[name]
                connection.execute(update(table).where(table.c.lease_until > 0).values(lease_until=0.0))

    def close(self) -> None:
        """Let go of connections and of the process lock."""
        self.database.close()

    def reading(self) -> AbstractContextManager[None]:
        """Several reads from one snapshot."""
        return self.database.reading()

    def yielding(self) -> AbstractContextManager[None]:
        """On this thread, let the writes of others go first."""
        return self.database.yielding()

    def listen(self, on_news: News) -> Close:
        """Hear what other replicas commit, until closed; on SQLite there are none."""
        return self.database.listen(on_news)

    def announce(self, news: str) -> None:
        """Tell every replica; on SQLite there is none to tell."""
        with self.writing() as connection:
            self.database.announce(connection, [news])
