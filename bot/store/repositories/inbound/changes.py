"""The change feed: what was posted to `/v1/changes`, one row a change."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from bot.core.model.posted_change import IdTaken, PostedChange
from bot.store.codec import seconds
from bot.store.database.transactions import SqlRepository
from bot.store.tables import ChangeRow, table_of

_CHANGE = table_of(ChangeRow)
_json: TypeAdapter[PostedChange] = TypeAdapter(PostedChange)


class SqlChanges(SqlRepository):
    """The change feed's part of the store."""

    def put_changes(self, changes: Sequence[PostedChange]) -> int:
        """Store changes; returns how many are new. Raises IdTaken, storing nothing, where an id is another's."""
        try:
            return self._put_changes(changes)
        except IntegrityError:  # another replica stored one of them just now: it is known by now
            return self._put_changes(changes)

    def _put_changes(self, changes: Sequence[PostedChange]) -> int:
        wanted = {change.id: change for change in changes}
        with self.write_models() as session:
            stored = session.exec(select(ChangeRow.body).where(col(ChangeRow.id).in_(wanted)))
            known = [_json.validate_json(body) for body in stored]
            others = [*(one for one in known if one != wanted[one.id]), *(c for c in changes if c != wanted[c.id])]
            if others:
                raise IdTaken(dict.fromkeys(one.id for one in others))
            fresh = [change for key, change in wanted.items() if key not in {one.id for one in known}]
            for change in fresh:
                body = _json.dump_json(change).decode()
                session.add(ChangeRow(id=change.id, at=seconds(change.at), body=body))
        return len(fresh)

    def changes(self, since: datetime, until: datetime) -> Sequence[PostedChange]:
        """Changes of this span, both ends included, oldest first."""
        query = select(ChangeRow.body).where(col(ChangeRow.at).between(seconds(since), seconds(until)))
        with self.read_models() as session:
            found = session.exec(query.order_by(col(ChangeRow.at), col(ChangeRow.id))).all()
        return [_json.validate_json(body) for body in found]

    def drop_changes(self, before: datetime) -> int:
        """Forget changes from before then; returns how many."""
        with self.writing() as connection:
            return connection.execute(delete(_CHANGE).where(col(ChangeRow.at) < seconds(before))).rowcount
