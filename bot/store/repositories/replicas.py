"""Who runs on this database. On SQLite nobody else can, so nothing is written there."""

import time
from collections.abc import Sequence

from sqlalchemy import delete
from sqlmodel import Session, col, select

from bot.ports.store import Replica
from bot.store.database.transactions import SqlRepository
from bot.store.database.upsert import keep_newest
from bot.store.tables import ReplicaRow, table_of

_REPLICA = table_of(ReplicaRow)

ALIVE = 10.0
"""Seconds of silence after which a replica does not count: killed, stopped, or cut off from the database."""
FORGOTTEN = 86_400.0


class SqlReplicas(SqlRepository):
    """The part of the store that knows the replicas."""

    def report(self, replica: Replica, reported_at: float) -> tuple[Sequence[Replica], float]:
        """Say that this replica is alive and how far it told; returns the others alive, and the database's now."""
        if not self.database.shared:
            return [], time.time()
        with self.write_models() as session:
            connection = session.connection()
            now = self.database.moment(connection, time.time())
            if reported_at:
                row = {"name": replica.name, "host": replica.host, "pid": replica.pid, "told_at": reported_at}
                keep_newest(connection, _REPLICA, [{**row, "started_at": replica.started_at or now}], ["name"])
            return _alive(session, replica.name, now - ALIVE), now

    def leave(self, replica: Replica) -> None:
        """Say that this replica stops; nobody waits for it. Rows that were left behind a day ago go too."""
        if self.database.shared:
            with self.writing() as connection:
                now = self.database.moment(connection, time.time())
                gone = (col(ReplicaRow.name) == replica.name) | (col(ReplicaRow.told_at) < now - FORGOTTEN)
                connection.execute(delete(_REPLICA).where(gone))


def _alive(session: Session, but: str, since: float) -> list[Replica]:
    query = select(ReplicaRow).where(ReplicaRow.name != but, ReplicaRow.told_at > since).order_by(col(ReplicaRow.name))
    return [Replica(row.name, row.host, row.pid, row.started_at, row.told_at) for row in session.exec(query)]
