"""The ledger: one row an action, whatever is said of it later goes into the same row."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlmodel import col, select

from bot.core.enforcement.actions import OPEN, AgentAction
from bot.store.codec import seconds
from bot.store.database.transactions import SqlRepository
from bot.store.database.upsert import keep_newest
from bot.store.tables import ActionRow, table_of

_ACTION = table_of(ActionRow)
_json: TypeAdapter[AgentAction] = TypeAdapter(AgentAction)


class SqlActions(SqlRepository):
    """The ledger's part of the store."""

    def put_actions(self, actions: Sequence[AgentAction]) -> None:
        """Store actions; the same again changes nothing, and what is over is not opened again by a late word."""
        with self.writing() as connection:
            keep_newest(connection, _ACTION, [_row(action) for action in actions], ("id",), newer="rank")

    def actions(
        self, agent: str, since: datetime, until: datetime, *, writes_only: bool = False, limit: int = 1_000
    ) -> Sequence[AgentAction]:
        """The agent's actions that began in this span, both ends included, oldest first; the newest `limit` of them."""
        span = col(ActionRow.began).between(seconds(since), seconds(until))
        query = select(ActionRow.body).where(col(ActionRow.agent) == agent, span)
        if writes_only:
            query = query.where(col(ActionRow.writes) == 1)
        with self.read_models() as session:
            found = session.exec(
                query.order_by(col(ActionRow.began).desc(), col(ActionRow.id).desc()).limit(limit)
            ).all()
        return [_json.validate_json(body) for body in reversed(found)]


def _row(action: AgentAction) -> Mapping[str, object]:
    return {
        "id": action.id,
        "agent": action.agent,
        "writes": int(action.writes),
        "began": seconds(action.began),
        "outcome": str(action.outcome),
        "rank": 0 if action.outcome in OPEN else action.times,
        "body": _json.dump_json(action).decode(),
    }
