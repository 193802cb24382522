"""What is kept between incidents: budget tallies, tickets, and decisions about scope."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, or_, update
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.core.budgets.budget import Tally
from bot.core.budgets.spending import Spent
from bot.core.budgets.tickets import Ticket
from bot.core.incident.effects import Effect
from bot.core.model.samples import Series
from bot.core.reports.readiness import ScopeDecision
from bot.store.codec import moment, moment_or_none, seconds
from bot.store.database.upsert import keep_newest
from bot.store.repositories.minutes import SqlMinutes
from bot.store.repositories.outbox import want_at_once
from bot.store.tables import DecisionRow, SpentRow, TicketRow, table_of

_SPENT = table_of(SpentRow)
_TICKET = table_of(TicketRow)
SLICE = 400
"""Rows replaced by one statement: SQLite takes 999 values in the oldest builds."""


class SqlBudgets(SqlMinutes):
    """The part of the store for error budgets and readiness."""

    def spent(self, agents: Sequence[str], since: int) -> Mapping[Series, Sequence[Spent]]:
        """Tallies that end after the minute `since`, in order, for every series of these agents."""
        wanted = frozenset(agents)
        ids = {number: series for series, number in self._known().items() if series.agent in wanted}
        found: dict[Series, list[Spent]] = {series: [] for series in ids.values()}
        ending = col(SpentRow.start) + col(SpentRow.length) > since
        query = _SPENT.select().where(col(SpentRow.series_id).in_(ids), ending)
        with self.looking() as connection:
            for row in connection.execute(query.order_by(col(SpentRow.series_id), col(SpentRow.start))):
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
                    and_(col(SpentRow.series_id) == number, col(SpentRow.start) == start)
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
            connection.execute(delete(_SPENT).where(col(SpentRow.start) + col(SpentRow.length) <= before))

    def tickets(self, agents: Sequence[str], *, open_only: bool = True, since: datetime | None = None) -> list[Ticket]:
        """Tickets of these agents, oldest first."""
        query = select(TicketRow).where(col(TicketRow.agent).in_(agents)).order_by(col(TicketRow.id))
        if open_only:
            query = query.where(col(TicketRow.closed_at).is_(None))
        if since is not None:
            query = query.where(TicketRow.opened_at >= seconds(since))
        with self.read_models() as session:
            return [_ticket(row) for row in session.exec(query)]

    def open_ticket(self, ticket: Ticket, effect: Effect, wall: float) -> bool:
        """Store a ticket and that it is to be posted, in one transaction. False where its episode is open already."""
        with self.write_models() as session:
            if session.exec(_open_of(ticket)).first() is not None:
                return False
            session.add(
                TicketRow(
                    **ticket.series._asdict(),
                    alert=ticket.alert,
                    text=ticket.text,
                    opened_at=seconds(ticket.opened_at),
                )
            )
            want_at_once(self.database, session.connection(), [effect], wall)
        return True

    def close_ticket(self, ticket: Ticket, at: datetime) -> None:
        """The episode is over."""
        with self.writing() as connection:
            connection.execute(update(_TICKET).where(col(TicketRow.id) == ticket.id).values(closed_at=seconds(at)))

    def decide(self, decided: ScopeDecision) -> None:
        """Record a decision of a person."""
        row = decided._asdict() | {"at": seconds(decided.at)}
        with self.write_models() as session:
            session.add(DecisionRow(**row))

    def decisions(self, agent: str) -> list[ScopeDecision]:
        """Decisions about an agent, oldest first."""
        query = select(DecisionRow).where(DecisionRow.agent == agent).order_by(col(DecisionRow.id))
        with self.read_models() as session:
            return [
                ScopeDecision(row.agent, moment(row.at), row.by, row.stage, row.terms, row.reason)
                for row in session.exec(query)
            ]


def _spent(series_id: int, span: Spent) -> dict[str, float]:
    return {"series_id": series_id, "start": span.start, "length": span.length, **span.tally._asdict()}


def _ticket(row: TicketRow) -> Ticket:
    return Ticket(
        Series(row.agent, row.workflow, row.sli),
        row.alert,
        moment(row.opened_at),
        row.text,
        moment_or_none(row.closed_at),
        row.id or 0,
    )


def _open_of(ticket: Ticket) -> SelectOfScalar[str]:
    return select(TicketRow.alert).where(
        TicketRow.agent == ticket.series.agent,
        TicketRow.workflow == ticket.series.workflow,
        TicketRow.sli == ticket.series.sli,
        TicketRow.alert == ticket.alert,
        col(TicketRow.closed_at).is_(None),
    )
