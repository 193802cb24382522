"""Follow-ups: rows that outlive their incident. They are written in the transaction of the event that changes them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Row, bindparam, insert, update
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.core.incident.followups import Followup
from bot.store.codec import actor_json, moment, moment_or_none, seconds, seconds_or_none
from bot.store.database.transactions import SqlRepository
from bot.store.tables import FollowupRow, table_of

_FOLLOWUP = table_of(FollowupRow)
_DUE = (
    _FOLLOWUP.select()
    .where(col(FollowupRow.nudge_at) <= bindparam("until"), col(FollowupRow.done_at).is_(None))
    .order_by(col(FollowupRow.nudge_at))
    .limit(bindparam("most", type_=Integer))
)
"""Asked each second, so written once."""


class SqlFollowups(SqlRepository):
    """The follow-up part of the store."""

    def followup(self, item: str) -> Followup | None:
        """The follow-up of that id."""
        found = self._followups(select(FollowupRow).where(FollowupRow.id == item))
        return found[0] if found else None

    def followups(
        self, *, owner: str = "", agent: str = "", incident_id: int | None = None, open_only: bool = True
    ) -> Sequence[Followup]:
        """Follow-ups of an owner, an agent or an incident (all where none is named), the ones due first, first."""
        query = select(FollowupRow).order_by(col(FollowupRow.due), col(FollowupRow.id))
        if owner:
            query = query.where(FollowupRow.owner == owner)
        if agent:
            query = query.where(FollowupRow.agent == agent)
        if incident_id is not None:
            query = query.where(FollowupRow.incident_id == incident_id)
        return self._followups(query.where(col(FollowupRow.done_at).is_(None)) if open_only else query)

    def due_followups(self, now: datetime, limit: int) -> Sequence[Followup]:
        """Open follow-ups whose next reminder is due."""
        with self.looking() as connection:
            return [_followup(row) for row in connection.execute(_DUE, {"until": seconds(now), "most": limit})]

    def remind_followup(self, followup: Followup) -> None:
        """Write when the next reminder is due, and how many went out; one that was done meanwhile stays done."""
        at = seconds_or_none(followup.nudge_at)
        statement = update(_FOLLOWUP).where(_FOLLOWUP.c.id == followup.id, _FOLLOWUP.c.done_at.is_(None))
        with self.writing() as connection:
            connection.execute(statement.values(nudges=followup.nudges, nudge_at=at))

    def _followups(self, query: SelectOfScalar[FollowupRow]) -> list[Followup]:
        with self.read_models() as session:
            return [_followup(row) for row in session.exec(query)]


def _followup(row: FollowupRow | Row[Any]) -> Followup:
    return Followup(
        row.id,
        row.incident_id,
        row.agent,
        row.text,
        row.owner,
        moment(row.due),
        moment(row.created_at),
        actor_json.validate_json(row.created_by),
        moment_or_none(row.done_at),
        row.done_by,
        row.link,
        row.nudges,
        moment_or_none(row.nudge_at),
    )


def put_followup(connection: Connection, followup: Followup) -> None:
    """Insert the row, or replace it."""
    row = {
        "incident_id": followup.incident_id,
        "agent": followup.agent,
        "text": followup.text,
        "owner": followup.owner,
        "due": seconds(followup.due),
        "created_at": seconds(followup.created_at),
        "created_by": actor_json.dump_json(followup.created_by).decode(),
        "done_at": seconds_or_none(followup.done_at),
        "done_by": followup.done_by,
        "link": followup.link,
        "nudges": followup.nudges,
        "nudge_at": seconds_or_none(followup.nudge_at),
    }
    known = connection.execute(update(_FOLLOWUP).where(_FOLLOWUP.c.id == followup.id).values(**row)).rowcount
    if not known:
        connection.execute(insert(_FOLLOWUP).values(id=followup.id, **row))
