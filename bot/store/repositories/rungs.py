"""Rungs and read-backs. A rung is committed with the incident that asked for it, under the next epoch of its agent."""

import time
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, insert, update
from sqlmodel import col, select

from bot.core.autonomy.file_record import FileRecord
from bot.core.model.rungs import InstanceReading, RungState
from bot.ports.errors import Conflict
from bot.store.codec import file_record_json, moment, moment_or_none, seconds, seconds_or_none
from bot.store.database.transactions import SqlRepository
from bot.store.database.upsert import keep_newest
from bot.store.tables import FleetFileRow, ReadingRow, RungRow, table_of

_RUNG = table_of(RungRow)
_READING = table_of(ReadingRow)
_FILE = table_of(FleetFileRow)
_IN_FORCE = (
    _RUNG.select()
    .where(col(RungRow.agent) == bindparam("of"), col(RungRow.workflow) == bindparam("within"))
    .order_by(col(RungRow.epoch).desc())
    .limit(1)
)
"""Asked for each breach, each page and each card, so these are written once and read without the ORM."""
_OF_AGENT = col(RungRow.agent) == bindparam("of")


def _all_in_force(*of: ColumnElement[bool]) -> Select[Any]:
    newest = _RUNG.select().with_only_columns(_RUNG.c.agent, _RUNG.c.workflow, func.max(_RUNG.c.epoch).label("epoch"))
    top = newest.where(*of).group_by(_RUNG.c.agent, _RUNG.c.workflow).subquery()
    return _RUNG.select().join(top, (_RUNG.c.agent == top.c.agent) & (_RUNG.c.epoch == top.c.epoch))


_ALL_IN_FORCE = _all_in_force()
_ALL_IN_FORCE_OF = _all_in_force(_OF_AGENT)
_HISTORY = _RUNG.select().where(_OF_AGENT, col(RungRow.changed_at) >= bindparam("since")).order_by(col(RungRow.epoch))
_NEWEST_EPOCH = select(func.max(RungRow.epoch)).where(_OF_AGENT)

COMMITTED_WITHIN = 5.0
"""Seconds that a transaction may take from its clock to its commit: sessions that idle longer are ended."""


class SqlRungs(SqlRepository):
    """The autonomy part of the store."""

    def rung(self, agent: str, workflow: str = "") -> RungState | None:
        """The rung in force for exactly this agent and workflow."""
        with self.looking() as connection:
            row = connection.execute(_IN_FORCE, {"of": agent, "within": workflow}).first()
        return None if row is None else _state(row)

    def epoch(self, agent: str) -> int:
        """The newest epoch of an agent over all its workflows, 0 before the first change."""
        with self.looking() as connection:
            return _newest(connection, agent)

    def rungs(self, agent: str = "") -> Sequence[RungState]:
        """The rungs in force, of an agent ("": of all)."""
        with self.looking() as connection:
            rows = connection.execute(_ALL_IN_FORCE_OF if agent else _ALL_IN_FORCE, {"of": agent} if agent else {})
            return [_state(row) for row in rows.all()]

    def rung_history(self, agent: str, since: datetime) -> Sequence[RungState]:
        """Every change since then, oldest first."""
        with self.looking() as connection:
            rows = connection.execute(_HISTORY, {"of": agent, "since": seconds(since)})
            return [_state(row) for row in rows.all()]

    def file_record(self) -> FileRecord | None:
        """What the fleet file in force says of rungs; None before the first one."""
        with self.looking() as connection:
            body = _file_in_force(connection)
        return None if body is None else _record(body)

    def put_file_record(self, record: FileRecord, seen: FileRecord | None, at: datetime) -> None:
        """Put a fleet file in force, and tell the other replicas where it is another one than before."""
        body = file_record_json.dump_json(record).decode()
        with self.writing() as connection:
            self.database.lock(connection, "fleet file")
            present = _file_in_force(connection)
            known = None if present is None else _record(present)  # by its meaning: an older version wrote fewer fields
            if known != seen:
                raise Conflict("another fleet file came into force just now")
            if known == record:
                return
            values = {"id": 1, "body": body, "at": seconds(at)}
            connection.execute(insert(_FILE).values(values) if present is None else update(_FILE).values(values))
            if present is not None:
                self.database.announce(connection, ["fleet"])

    def confirm_rung(self, agent: str, epoch: int, at: datetime) -> None:
        """Write the time at which a rung was confirmed."""
        with self.writing() as connection:
            statement = update(_RUNG).where(col(RungRow.agent) == agent, col(RungRow.epoch) == epoch)
            connection.execute(statement.values(confirmed_at=seconds(at)))

    def readings(self, since: datetime) -> Sequence[InstanceReading]:
        """What instances have said since then."""
        query = select(ReadingRow).where(ReadingRow.seen_at >= seconds(since))
        with self.read_models() as session:
            return [_reading(row) for row in session.exec(query)]

    def readings_stored(self, since: float) -> tuple[Sequence[InstanceReading], float]:
        """What any replica stored since then, and from when on to ask next; the last seconds are asked for again."""
        query = select(ReadingRow).where(ReadingRow.stored_at > since).order_by(col(ReadingRow.stored_at))
        with self.read_models() as session:
            rows = session.exec(query).all()
            newest = max((row.stored_at for row in rows), default=since)
            return [_reading(row) for row in rows], max(since, newest - COMMITTED_WITHIN)

    def put_readings(self, readings: Sequence[InstanceReading]) -> None:
        """Upsert what instances said."""
        rows = [
            {
                "agent": reading.agent,
                "workflow": reading.workflow,
                "instance": reading.instance,
                "level": reading.level,
                "epoch": reading.epoch,
                "seen_at": seconds(reading.seen_at),
            }
            for reading in readings
        ]
        rows.sort(key=lambda row: (row["agent"], row["workflow"], row["instance"]))
        if rows:
            with self.writing() as connection:
                now = self.database.moment(connection, time.time())
                rows = [{**row, "stored_at": now} for row in rows]
                keep_newest(connection, _READING, rows, ["agent", "workflow", "instance"], newer="seen_at")


@lru_cache(maxsize=2)
def _record(body: str) -> FileRecord:
    """It is asked for each second and changes once a month."""
    return file_record_json.validate_json(body)


def _file_in_force(connection: Connection) -> str | None:
    body = connection.execute(select(FleetFileRow.body)).scalar()
    return None if body is None else str(body)


def _newest(connection: Connection, agent: str) -> int:
    return int(connection.execute(_NEWEST_EPOCH, {"of": agent}).scalar() or 0)


def add_rung(connection: Connection, state: RungState) -> None:
    """Insert a change of rung. Raises Conflict where it was not decided on the agent's newest one.

    The caller holds the agent's lock (`rung_lock`): where epochs skip some, the key alone does not tell two apart.
    """
    newest = _newest(connection, state.agent)
    fresh_loss = state.follows == newest < state.epoch
    if state.epoch != newest + 1 and not fresh_loss:
        raise Conflict(f"{state.agent} moved on before epoch {state.epoch}")
    connection.execute(
        insert(_RUNG).values(
            agent=state.agent,
            epoch=state.epoch,
            workflow=state.workflow,
            rung=state.rung,
            changed_at=seconds(state.changed_at),
            by=state.by,
            reason=state.reason,
            until=seconds_or_none(state.until),
            incident_id=state.incident_id,
            follows=state.follows,
        )
    )


def rung_lock(agent: str) -> str:
    """What is locked while a change of an agent's rung is committed."""
    return f"rung of {agent}"


def _reading(row: ReadingRow) -> InstanceReading:
    return InstanceReading(row.agent, row.instance, row.level, row.epoch, moment(row.seen_at), row.workflow)


def _state(row: Row[Any]) -> RungState:
    return RungState(
        agent=row.agent,
        workflow=row.workflow,
        rung=row.rung,
        epoch=row.epoch,
        changed_at=moment(row.changed_at),
        by=row.by,
        reason=row.reason,
        until=moment_or_none(row.until),
        incident_id=row.incident_id,
        confirmed_at=moment_or_none(row.confirmed_at),
        follows=row.follows,
    )
