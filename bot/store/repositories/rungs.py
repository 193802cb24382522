"""Rungs and read-backs. A rung is committed with the incident that asked for it, under the next epoch of its agent."""

import time
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from bot.core.model.rungs import InstanceReading, RungState
from bot.ports.errors import Conflict
from bot.store.codec import moment, seconds
from bot.store.database.transactions import SqlRepository
from bot.store.database.upsert import keep_newest
from bot.store.tables import ReadingRow, RungRow

_RUNG = RungRow.__table__  # type: ignore[attr-defined]
_READING = ReadingRow.__table__  # type: ignore[attr-defined]

COMMITTED_WITHIN = 5.0
"""Seconds that a transaction may take from its clock to its commit: sessions that idle longer are ended."""


class SqlRungs(SqlRepository):
    """The autonomy part of the store."""

    def rung(self, agent: str, workflow: str = "") -> RungState | None:
        """The rung in force for exactly this agent and workflow."""
        query = select(_RUNG).where(_RUNG.c.agent == agent, _RUNG.c.workflow == workflow)
        with self.looking() as connection:
            row = connection.execute(query.order_by(_RUNG.c.epoch.desc()).limit(1)).first()
        return None if row is None else _state(row)

    def epoch(self, agent: str) -> int:
        """The newest epoch of an agent over all its workflows, 0 before the first change."""
        with self.looking() as connection:
            return _newest(connection, agent)

    def rungs(self) -> Sequence[RungState]:
        """Every rung in force."""
        newest = select(_RUNG.c.agent, _RUNG.c.workflow, func.max(_RUNG.c.epoch).label("epoch"))
        top = newest.group_by(_RUNG.c.agent, _RUNG.c.workflow).subquery()
        query = select(_RUNG).join(top, (_RUNG.c.agent == top.c.agent) & (_RUNG.c.epoch == top.c.epoch))
        with self.looking() as connection:
            return [_state(row) for row in connection.execute(query)]

    def rung_history(self, agent: str, since: datetime) -> Sequence[RungState]:
        """Every change since then, oldest first."""
        query = select(_RUNG).where(_RUNG.c.agent == agent, _RUNG.c.changed_at >= seconds(since))
        with self.looking() as connection:
            return [_state(row) for row in connection.execute(query.order_by(_RUNG.c.epoch))]

    def confirm_rung(self, agent: str, epoch: int, at: datetime) -> None:
        """Write the time at which a rung was confirmed."""
        with self.writing() as connection:
            statement = update(_RUNG).where(_RUNG.c.agent == agent, _RUNG.c.epoch == epoch)
            connection.execute(statement.values(confirmed_at=seconds(at)))

    def readings(self, since: datetime) -> Sequence[InstanceReading]:
        """What instances have said since then."""
        query = select(_READING).where(_READING.c.seen_at >= seconds(since))
        with self.looking() as connection:
            return [_reading(row) for row in connection.execute(query)]

    def readings_stored(self, since: float) -> tuple[Sequence[InstanceReading], float]:
        """What any replica stored since then, and from when on to ask next; the last seconds are asked for again."""
        query = select(_READING).where(_READING.c.stored_at > since)
        with self.looking() as connection:
            rows = connection.execute(query.order_by(_READING.c.stored_at)).all()
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


def _newest(connection: Connection, agent: str) -> int:
    return int(connection.execute(select(func.max(_RUNG.c.epoch)).where(_RUNG.c.agent == agent)).scalar() or 0)


def add_rung(connection: Connection, state: RungState) -> None:
    """Insert a change of rung under the agent's next epoch. Raises Conflict when that epoch is taken."""
    if state.epoch != _newest(connection, state.agent) + 1:
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
            until=None if state.until is None else seconds(state.until),
            incident_id=state.incident_id,
        )
    )


def _reading(row: object) -> InstanceReading:
    got = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 - SQLAlchemy's public name for it
    seen_at = moment(got["seen_at"])
    return InstanceReading(got["agent"], got["instance"], got["level"], got["epoch"], seen_at, got["workflow"])


def _state(row: object) -> RungState:
    got = row._mapping  # type: ignore[attr-defined]  # noqa: SLF001 - SQLAlchemy's public name for it
    return RungState(
        agent=got["agent"],
        workflow=got["workflow"],
        rung=got["rung"],
        epoch=got["epoch"],
        changed_at=moment(got["changed_at"]),
        by=got["by"],
        reason=got["reason"],
        until=None if got["until"] is None else moment(got["until"]),
        incident_id=got["incident_id"],
        confirmed_at=None if got["confirmed_at"] is None else moment(got["confirmed_at"]),
    )
