"""Follow-ups: rows that outlive their incident. They are written in the transaction of the event that changes them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from bot.core.incident.followups import Followup
from bot.store.codec import actor_json, moment, seconds
from bot.store.database.transactions import SqlRepository
from bot.store.tables import FollowupRow

_FOLLOWUP = FollowupRow.__table__  # type: ignore[attr-defined]


class SqlFollowups(SqlRepository):
    """The follow-up part of the store."""

    def followup(self, item: str) -> Followup | None:
        """The follow-up of that id."""
        found = self._followups(select(_FOLLOWUP).where(_FOLLOWUP.c.id == item))
        return found[0] if found else None

    def followups(
        self, *, owner: str = "", agent: str = "", incident_id: int | None = None, open_only: bool = True
    ) -> Sequence[Followup]:
        """Follow-ups of an owner, an agent or an incident (all where none is named), the ones due first, first."""
        query = select(_FOLLOWUP).order_by(_FOLLOWUP.c.due, _FOLLOWUP.c.id)
        for column, wanted in (("owner", owner or None), ("agent", agent or None), ("incident_id", incident_id)):
            if wanted is not None:
                query = query.where(_FOLLOWUP.c[column] == wanted)
        return self._followups(query.where(_FOLLOWUP.c.done_at.is_(None)) if open_only else query)

    def due_followups(self, now: datetime, limit: int) -> Sequence[Followup]:
        """Open follow-ups whose next reminder is due."""
        query = select(_FOLLOWUP).where(_FOLLOWUP.c.nudge_at <= seconds(now), _FOLLOWUP.c.done_at.is_(None))
        return self._followups(query.order_by(_FOLLOWUP.c.nudge_at).limit(limit))

    def remind_followup(self, followup: Followup) -> None:
        """Write when the next reminder is due, and how many went out; one that was done meanwhile stays done."""
        at = None if followup.nudge_at is None else seconds(followup.nudge_at)
        statement = update(_FOLLOWUP).where(_FOLLOWUP.c.id == followup.id, _FOLLOWUP.c.done_at.is_(None))
        with self.writing() as connection:
            connection.execute(statement.values(nudges=followup.nudges, nudge_at=at))

    def _followups(self, query: object) -> list[Followup]:
        with self.looking() as connection:
            return [
                Followup(
                    row.id,
                    row.incident_id,
                    row.agent,
                    row.text,
                    row.owner,
                    moment(row.due),
                    moment(row.created_at),
                    actor_json.validate_json(row.created_by),
                    None if row.done_at is None else moment(row.done_at),
                    row.done_by,
                    row.link,
                    row.nudges,
                    None if row.nudge_at is None else moment(row.nudge_at),
                )
                for row in connection.execute(query)  # type: ignore[call-overload]
            ]


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
        "done_at": None if followup.done_at is None else seconds(followup.done_at),
        "done_by": followup.done_by,
        "link": followup.link,
        "nudges": followup.nudges,
        "nudge_at": None if followup.nudge_at is None else seconds(followup.nudge_at),
    }
    known = connection.execute(update(_FOLLOWUP).where(_FOLLOWUP.c.id == followup.id).values(**row)).rowcount
    if not known:
        connection.execute(insert(_FOLLOWUP).values(id=followup.id, **row))
