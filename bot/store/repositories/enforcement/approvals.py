"""Approvals: one row each, changed only by whoever saw its newest version, together with what is wanted for it."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Integer, bindparam, func, update
from sqlmodel import col, select

from bot.core.enforcement.approvals import Approval
from bot.core.incident.effects import Effect
from bot.store.codec import seconds
from bot.store.database.transactions import SqlRepository
from bot.store.database.upsert import keep_first
from bot.store.repositories.outbox import want_at_once
from bot.store.tables import ApprovalRow, table_of

_APPROVAL = table_of(ApprovalRow)
_PENDING = ApprovalRow.state == "pending"
_WAITING = (
    select(ApprovalRow.body)
    .where(_PENDING)
    .order_by(col(ApprovalRow.due), col(ApprovalRow.id))
    .limit(bindparam("most", type_=Integer))
)
_DUE = _WAITING.where(col(ApprovalRow.due) <= bindparam("by"))
"""Asked each second, so written once."""
_json: TypeAdapter[Approval] = TypeAdapter(Approval)


class SqlApprovals(SqlRepository):
    """The approvals' part of the store."""

    def ask_approval(self, approval: Approval, effects: Sequence[Effect], wall: float) -> bool:
        """Keep a new one, with what is wanted for it; False, changing nothing, where its id is known already."""
        row = {
            "id": approval.id,
            "agent": approval.agent,
            "state": str(approval.state),
            "asked_at": seconds(approval.asked_at),
            "due": seconds(approval.due),
            "version": approval.version,
            "body": _json.dump_json(approval).decode(),
        }
        with self.writing() as connection:
            if not keep_first(connection, _APPROVAL, [row], ("id",)):
                return False
            want_at_once(self.database, connection, effects, wall)
        return True

    def change_approval(self, before: Approval, after: Approval, effects: Sequence[Effect], wall: float) -> bool:
        """Put what it has become, with what is wanted for it; False where somebody else changed it first."""
        values = {"state": str(after.state), "version": after.version, "body": _json.dump_json(after).decode()}
        mine = (_APPROVAL.c.id == before.id) & (_APPROVAL.c.version == before.version)
        with self.writing() as connection:
            if connection.execute(update(_APPROVAL).where(mine).values(**values)).rowcount != 1:
                return False
            want_at_once(self.database, connection, effects, wall)
        return True

    def approval(self, key: str) -> Approval | None:
        """The approval with that id; None where there is none."""
        with self.read_models() as session:
            body = session.exec(select(ApprovalRow.body).where(col(ApprovalRow.id) == key)).first()
        return None if body is None else _json.validate_json(body)

    def pending_approvals(self, limit: int, agent: str = "", due: datetime | None = None) -> Sequence[Approval]:
        """Those that wait, the one that is due first first; of one agent, and due by then, where that is given."""
        query, asked = (_WAITING, {}) if due is None else (_DUE, {"by": seconds(due)})
        if agent:
            query = query.where(col(ApprovalRow.agent) == agent)
        with self.looking() as connection:
            return [_json.validate_json(body) for (body,) in connection.execute(query, {"most": limit, **asked})]

    def count_pending_approvals(self, agent: str) -> int:
        """How many of the agent's writes wait."""
        query = select(func.count()).select_from(ApprovalRow).where(_PENDING, col(ApprovalRow.agent) == agent)
        with self.read_models() as session:
            return session.exec(query).one()
