"""`stepdown db copy`: everything from one database to another, of either engine, as a whole or not at all."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import groupby

from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from bot.core.formatting.plurals import plural
from bot.core.incident import timeline
from bot.ports.store import Replica
from bot.store.codec import entry_of
from bot.store.database.errors import StoreError
from bot.store.database.partitions import DAY, make_days
from bot.store.database.urls import same_place, sqlite_path
from bot.store.sql_store import SqlStore
from bot.store.tables import EntryRow, IncidentRow, MinuteRecord, ReplicaRow, TableModel, table_of

ROWS = 2_000
"""Rows in one insert."""
_ENTRY = table_of(EntryRow)
_INCIDENT = table_of(IncidentRow)
_MINUTE = table_of(MinuteRecord)


def copy(source: str, target: str) -> Mapping[str, int]:
    """Copy every table; returns the rows of each. Raises StoreError, and then the target is as it was.

    Refused: a target that is not empty, one of the two in use, a schema that is not this version's.
    """
    if same_place(source, target):
        raise StoreError("Source and target are the same database.")
    path = sqlite_path(source)
    if path is not None and not path.is_file():
        raise StoreError(f"{path} is not there.")
    with _alone(source, "source") as from_, _alone(target, "target") as to, _unhurried(from_, to) as (read, write):
        _refuse_rows(write)
        counts = {table.name: _copy(table, read, write) for table in _tables()}
        _go_on_counting(write)
        _verify(read, write, counts)
    return counts


def _tables() -> list[Table]:
    """All but who runs: that is about processes, and they stay where they are."""
    return [table for table in TableModel.metadata.sorted_tables if table.name != ReplicaRow.__tablename__]


@contextmanager
def _alone(url: str, role: str) -> Iterator[SqlStore]:
    """A database on which nobody runs, by its lock file or by what replicas last said."""
    with closing(SqlStore.open(url)) as store:
        alive, _ = store.report(Replica("", "", 0), 0.0)
        if alive:
            names = ", ".join(f"{one.host} ({one.pid})" for one in alive)
            raise StoreError(f"The {role} is in use by {names}: stop Stepdown there first.")
        yield store


@contextmanager
def _unhurried(source: SqlStore, target: SqlStore) -> Iterator[tuple[Connection, Connection]]:
    """One snapshot to read from, one transaction to write in, neither bounded in time."""
    try:
        with source.reading(), source.looking() as read, target.writing() as write:
            source.database.lift_time_limits(read)
            target.database.lift_time_limits(write)
            yield read, write
    except SQLAlchemyError as error:
        raise StoreError(f"Nothing was copied: {str(error).splitlines()[0]}") from error


def _refuse_rows(write: Connection) -> None:
    full = [table.name for table in _tables() if write.execute(select(table).limit(1)).first() is not None]
    if full:
        raise StoreError(f"The target is not empty: there are rows in {', '.join(full)}.")


def _copy(table: Table, read: Connection, write: Connection) -> int:
    if table is _MINUTE and write.dialect.name == "postgresql":
        make_days(write, read.scalars(select(col(MinuteRecord.minute).op("/")(DAY)).distinct()).all())
    copied = 0
    for rows in read.execution_options(yield_per=ROWS).execute(select(table)).mappings().partitions():
        write.execute(insert(table).inline(), [dict(row) for row in rows])
        copied += len(rows)
    return copied


def _go_on_counting(write: Connection) -> None:
    """PostgreSQL numbers rows by sequences, which know nothing of rows that came with their numbers."""
    if write.dialect.name != "postgresql":
        return
    for table in _tables():
        for column in table.primary_key.columns:
            where = {"table": f'"{table.name}"', "column": column.name}
            sequence = write.execute(text("SELECT pg_get_serial_sequence(:table, :column)"), where).scalar()
            newest = write.execute(select(func.max(column))).scalar() if sequence else None
            if newest is not None:
                write.execute(text("SELECT setval(:sequence, :newest)"), {"sequence": sequence, "newest": newest})


def _verify(read: Connection, write: Connection, counts: Mapping[str, int]) -> None:
    """Count both sides, and check the seals of every timeline where it has arrived."""
    for table in _tables():
        both = [int(side.execute(select(func.count()).select_from(table)).scalar_one()) for side in (read, write)]
        if both != [counts[table.name]] * 2:
            raise StoreError(f"Nothing was copied: {table.name} has {plural(both[0], 'row')} there and {both[1]} here.")
    wrong = _broken(write)
    if wrong:
        raise StoreError(f"Nothing was copied: {'; '.join(wrong)}")


def _broken(write: Connection) -> list[str]:
    """What is wrong with the timelines, one sentence each."""
    known = set(write.scalars(select(col(IncidentRow.id))))
    query = _ENTRY.select()
    rows = write.execution_options(yield_per=ROWS).execute(
        query.order_by(col(EntryRow.incident_id), col(EntryRow.serial))
    )
    wrong = []
    for incident, own in groupby(rows, key=lambda row: row.incident_id):
        known.discard(incident)
        fault = timeline.verify([entry_of(row.serial, row.record, row.seal) for row in own])
        wrong += [f"INC-{incident:04d}: {fault}"] if fault else []
    return [*wrong, *(f"INC-{incident:04d} has no timeline" for incident in sorted(known))]
