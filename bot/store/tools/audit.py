"""Whether what is stored fits together: what `stepdown verify` looks at, beyond the hash chain of each timeline.

Each finding is one sentence that names the row. Nothing is repaired: a database that contradicts itself is looked at by
a person, on a copy (`stepdown db backup`).
"""

from collections.abc import Iterator
from dataclasses import fields
from itertools import groupby

from sqlalchemy import Connection, func, text
from sqlmodel import col, select

from bot.core.incident import timeline
from bot.core.incident.incident import IllegalMove, Incident
from bot.core.incident.timeline import SealedEntry
from bot.core.transitions import reducer
from bot.store.codec import entry_of, incident_json, seconds
from bot.store.tables import (
    EntryRow,
    IncidentRow,
    MinuteRecord,
    OutboxRow,
    RollupRow,
    RungRow,
    SeriesRow,
    TimerRow,
    table_of,
)

_INCIDENT = table_of(IncidentRow)
_ENTRY = table_of(EntryRow)
_TIMER = table_of(TimerRow)
_OUTBOX = table_of(OutboxRow)
_SERIES = table_of(SeriesRow)
_MINUTE = table_of(MinuteRecord)
_ROLLUP = table_of(RollupRow)


def findings(connection: Connection) -> Iterator[str]:
    """Everything that does not fit, one sentence each."""
    yield from _file(connection)
    ids = [row.id for row in connection.execute(select(IncidentRow.id).order_by(col(IncidentRow.id)))]
    for number in ids:
        yield from _incident(connection, number)
    yield from _orphans(connection)
    yield from _epochs(connection)


def _file(connection: Connection) -> Iterator[str]:
    """What SQLite says of its own file."""
    if connection.dialect.name == "sqlite":
        for (said,) in connection.execute(text("PRAGMA integrity_check(20)")):
            if said != "ok":
                yield f"the database file: {said}"


def _incident(connection: Connection, number: int) -> Iterator[str]:
    row = connection.execute(_INCIDENT.select().where(col(IncidentRow.id) == number)).one()
    name = f"INC-{number:04d}"
    try:
        incident = incident_json.validate_json(row.body)
    except ValueError as error:
        yield f"{name}: its row cannot be read: {str(error).splitlines()[0]}"
        return
    query = select(EntryRow.serial, EntryRow.record, EntryRow.seal).where(col(EntryRow.incident_id) == number)
    entries = [entry_of(*entry) for entry in connection.execute(query.order_by(col(EntryRow.serial)))]
    if wrong := timeline.verify(entries, incident.entries):
        yield f"{name}: {wrong}"
        return
    yield from (f"{name}: {wrong}" for wrong in _replayed(incident, entries))
    columns = (incident.id, incident.agent, incident.kind, incident.state.value, int(incident.open), incident.version)
    if columns != (row.id, row.agent, row.kind, row.state, row.is_open, row.version):
        yield f"{name}: the columns beside its row say something else than the row"
    timers = connection.execute(select(TimerRow.token, TimerRow.due_at).where(col(TimerRow.incident_id) == number))
    if {tuple(timer) for timer in timers} != {(timer.token, seconds(timer.due_at)) for timer in incident.timers}:
        yield f"{name}: its deadlines are not those of its row"


def _replayed(incident: Incident, entries: list[SealedEntry]) -> Iterator[str]:
    """Folding the entries must give the row."""
    events = [sealed.entry.event for sealed in entries if sealed.entry.event is not None]
    try:
        again = reducer.replay(events)
    except IllegalMove as why:
        yield f"its entries do not follow from one another: {why}"
        return
    other = [field.name for field in fields(Incident) if getattr(again, field.name) != getattr(incident, field.name)]
    if other:
        yield f"replaying its entries gives another {', '.join(other)}"


def _orphans(connection: Connection) -> Iterator[str]:
    """Rows of incidents or series that are not there."""
    known = select(IncidentRow.id)
    for table, what in ((_ENTRY, "timeline entries"), (_TIMER, "deadlines"), (_OUTBOX, "effects")):
        column = table.c.incident_id
        query = select(column, func.count()).where(column.not_in(known), column != 0).group_by(column)
        yield from (
            f"{count} {what} of INC-{number:04d}, which is not there" for number, count in connection.execute(query)
        )
    series = select(SeriesRow.id)
    for table, what in ((_MINUTE, "minutes"), (_ROLLUP, "rolled-up minutes")):
        query = select(table.c.series_id, func.count()).where(table.c.series_id.not_in(series))
        found = connection.execute(query.group_by(table.c.series_id))
        yield from (f"{count} {what} of series {number}, which is not there" for number, count in found)


def _epochs(connection: Connection) -> Iterator[str]:
    """The epochs of an agent have no gap, but where a change says that state was lost after the one before it."""
    query = select(RungRow.agent, RungRow.epoch, RungRow.follows).order_by(col(RungRow.agent), col(RungRow.epoch))
    for agent, rows in groupby(connection.execute(query), key=lambda row: str(row.agent)):
        before = 0
        for row in rows:
            if before not in (row.epoch - 1, row.follows):
                yield f"the change of rung of {agent} to epoch {row.epoch} comes after epoch {before}"
            before = row.epoch
