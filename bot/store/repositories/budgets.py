"""What is kept between incidents: budget tallies, tickets, and decisions about scope."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, insert, or_, select, update

from bot.core.budgets.budget import Tally
from bot.core.budgets.spending import Spent
from bot.core.budgets.tickets import Ticket
from bot.core.incident.effects import Effect
from bot.core.model.samples import Series
from bot.core.reports.readiness import ScopeDecision
from bot.store.codec import moment, seconds
from bot.store.database.upsert import keep_newest
from bot.store.repositories.minutes import SqlMinutes
from bot.store.repositories.outbox import lanes, want
from bot.store.tables import DecisionRow, SpentRow, TicketRow

_SPENT = SpentRow.__table__  # type: ignore[attr-defined]
_TICKET = TicketRow.__table__  # type: ignore[attr-defined]
_DECISION = DecisionRow.__table__  # type: ignore[attr-defined]
SLICE = 400
"""Rows replaced by one statement: SQLite takes 999 values in the oldest builds."""


class SqlBudgets(SqlMinutes):
    """The part of the store for error budgets and readiness."""

    def spent(self, agents: Sequence[str], since: int) -> Mapping[Series, Sequence[Spent]]:
        """Tallies that end after the minute `since`, in order, for every series of these agents."""
        wanted = frozenset(agents)
        ids = {number: series for series, number in self._known().items() if series.agent in wanted}
        found: dict[Series, list[Spent]] = {series: [] for series in ids.values()}
        query = select(_SPENT).where(_SPENT.c.series_id.in_(ids), _SPENT.c.start + _SPENT.c.length > since)
        with self.looking() as connection:
            for row in connection.execute(query.order_by(_SPENT.c.series_id, _SPENT.c.start)):
                tally = Tally(row.bad, row.total, row.unknown)
                found[ids[row.series_id]].append(Spent(row.start, row.length, tally))
        return found

    def put_spent(self, rows: Sequence[tuple[Series, Spent]], instead: Sequence[tuple[Series, Spent]] = ()) -> None:
        """Keep tallies, in the place of whatever begins at the same minute; those of `instead` go in the same step."""
        if not rows and not instead:
            return
        with self.writing() as connection:
            ids, fresh = self._identify(connection, {series for series, _ in (*rows, *instead)})
            gone = [(ids[series], span.start) for series, span in instead]
            for place in range(0, len(gone), SLICE):
                same = [
                    and_(_SPENT.c.series_id == number, _SPENT.c.start == start)
                    for number, start in gone[place : place + SLICE]
                ]
                connection.execute(delete(_SPENT).where(or_(*same)))
            keep_newest(
                connection, _SPENT, [_spent(ids[series], span) for series, span in rows], ["series_id", "start"]
            )
        self._remember(fresh)

    def drop_spent(self, before: int) -> None:
        """Forget tallies that ended before this minute."""
        with self.writing() as connection:
            connection.execute(delete(_SPENT).where(_SPENT.c.start + _SPENT.c.length <= before))

    def tickets(self, agents: Sequence[str], *, open_only: bool = True, since: datetime | None = None) -> list[Ticket]:
        """Tickets of these agents, oldest first."""
        query = select(_TICKET).where(_TICKET.c.agent.in_(agents)).order_by(_TICKET.c.id)
        if open_only:
            query = query.where(_TICKET.c.closed_at.is_(None))
        if since is not None:
            query = query.where(_TICKET.c.opened_at >= seconds(since))
        with self.looking() as connection:
            return [
                Ticket(
                    Series(row.agent, row.workflow, row.sli),
                    row.alert,
                    moment(row.opened_at),
                    row.text,
                    None if row.closed_at is None else moment(row.closed_at),
                    row.id,
                )
                for row in connection.execute(query)
            ]

    def open_ticket(self, ticket: Ticket, effect: Effect, wall: float) -> bool:
        """Store a ticket and that it is to be posted, in one transaction. False where its episode is open already."""
        with self.writing() as connection:
            if connection.execute(_open_of(ticket)).first() is not None:
                return False
            row = {**ticket.series._asdict(), "alert": ticket.alert, "text": ticket.text}
            connection.execute(insert(_TICKET).values(**row, opened_at=seconds(ticket.opened_at)))
            want(connection, [effect], self.database.moment(connection, wall))
            self.database.announce(connection, lanes([effect]))
        return True

    def close_ticket(self, ticket: Ticket, at: datetime) -> None:
        """The episode is over."""
        with self.writing() as connection:
            connection.execute(update(_TICKET).where(_TICKET.c.id == ticket.id).values(closed_at=seconds(at)))

    def decide(self, decided: ScopeDecision) -> None:
        """Record a decision of a person."""
        row = decided._asdict() | {"at": seconds(decided.at)}
        with self.writing() as connection:
            connection.execute(insert(_DECISION).values(**row))

    def decisions(self, agent: str) -> list[ScopeDecision]:
        """Decisions about an agent, oldest first."""
        query = select(_DECISION).where(_DECISION.c.agent == agent).order_by(_DECISION.c.id)
        with self.looking() as connection:
            return [
                ScopeDecision(row.agent, moment(row.at), row.by, row.stage, row.terms, row.reason)
                for row in connection.execute(query)
            ]


def _spent(series_id: int, span: Spent) -> dict[str, float]:
    return {"series_id": series_id, "start": span.start, "length": span.length, **span.tally._asdict()}


def _open_of(ticket: Ticket):  # type: ignore[no-untyped-def]  # noqa: ANN202 - SQLAlchemy's own generic
    return select(_TICKET.c.id).where(
        _TICKET.c.agent == ticket.series.agent,
        _TICKET.c.workflow == ticket.series.workflow,
        _TICKET.c.sli == ticket.series.sli,
        _TICKET.c.alert == ticket.alert,
        _TICKET.c.closed_at.is_(None),
    )
