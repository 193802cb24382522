"""Poll groups: which query is due, who asks it, and up to which minute it has been asked.

When a group is due is scenario time; how long a claim lasts is wall time. Who asks holds on to the claim while it
lives, so that a group moves to another replica within seconds of a death, however long its answer takes.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, or_, update
from sqlmodel import col, select

from bot.ports.store import PollClaim
from bot.store.codec import seconds
from bot.store.database.transactions import SqlRepository
from bot.store.database.upsert import keep_first
from bot.store.tables import PollRow, table_of

_POLL = table_of(PollRow)


class SqlPolls(SqlRepository):
    """The asking part of the store."""

    def claim_polls(self, groups: Mapping[str, float], now: datetime, limit: int, lease: float) -> Sequence[PollClaim]:
        """Claim due poll groups, the most overdue first."""
        if not groups or limit < 1:
            return []
        clock = self.database.now(time.time())
        query = (
            select(PollRow.name, PollRow.last_minute, PollRow.fence)
            .where(
                col(PollRow.next_due) <= seconds(now), col(PollRow.lease_until) < clock, col(PollRow.name).in_(groups)
            )
            .order_by(col(PollRow.next_due))
            .limit(limit)
        )
        with self.looking() as connection:
            known = set(connection.scalars(select(PollRow.name)))
            if groups.keys() <= known and connection.execute(query).first() is None:
                return []
        rows = [
            {"name": name, "next_due": first_due, "last_minute": -1, "lease_until": 0.0, "fence": 0}
            for name, first_due in sorted(groups.items())
            if name not in known
        ]
        with self.writing() as connection:
            keep_first(connection, _POLL, rows, ["name"])
            due = connection.execute(query.with_for_update(skip_locked=True)).all()
            claimed = update(_POLL).where(col(PollRow.name).in_([row.name for row in due]))
            if due:
                connection.execute(claimed.values(lease_until=clock + lease, fence=col(PollRow.fence) + 1))
        return [PollClaim(row.name, row.last_minute, row.fence + 1) for row in due]

    def renew_polls(self, claims: Sequence[PollClaim], lease: float) -> None:
        """Hold on to polls that are under way, where nobody else has them by now.

        One that was finished meanwhile stays free: held on to, it would be due and asked by nobody for a lease.
        """
        if not claims:
            return
        held = col(PollRow.lease_until) > 0
        mine = or_(
            *(and_(col(PollRow.name) == claim.name, col(PollRow.fence) == claim.fence, held) for claim in claims)
        )
        with self.writing() as connection:
            values = {"lease_until": self.database.now(time.time()) + lease}
            connection.execute(update(_POLL).where(mine).values(**values))

    def finish_poll(self, claim: PollClaim, last_minute: int, next_due: datetime) -> bool:
        """Record how far a group was asked and when it is due again, where the claim still holds."""
        mine = update(_POLL).where(col(PollRow.name) == claim.name, col(PollRow.fence) == claim.fence)
        values = {"last_minute": last_minute, "next_due": seconds(next_due), "lease_until": 0.0}
        with self.writing() as connection:
            return connection.execute(mine.values(**values)).rowcount == 1
