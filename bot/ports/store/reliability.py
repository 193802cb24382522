"""What is computed from minutes and decided on them: baselines, budgets, decisions about scope."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.budgets.spending import Spent
from bot.core.budgets.tickets import Ticket
from bot.core.incident.effects import Effect
from bot.core.model.samples import Series
from bot.core.model.slis import Baseline
from bot.core.reports.readiness import ScopeDecision


class BaselineStore(Protocol):
    """Keeps the last computed baselines."""

    def baseline(self, series: Series) -> tuple[Baseline, datetime] | None:
        """The last computed baseline of a series and when it was computed."""
        ...

    def put_baselines(self, rows: Sequence[tuple[Series, Baseline]], at: datetime) -> None:
        """Store computed baselines."""
        ...


class BudgetStore(Protocol):
    """Keeps what was spent of error budgets, and the tickets of burn alerts."""

    def spent(self, agents: Sequence[str], since: int) -> Mapping[Series, Sequence[Spent]]:
        """Budget tallies that end after the minute `since`, in order, by series."""
        ...

    def put_spent(self, rows: Sequence[tuple[Series, Spent]], instead: Sequence[tuple[Series, Spent]] = ()) -> None:
        """Keep tallies, in the place of what begins at the same minutes; `instead` goes in the same transaction."""
        ...

    def drop_spent(self, before: int) -> None:
        """Forget tallies that ended before this minute."""
        ...

    def tickets(
        self, agents: Sequence[str], *, open_only: bool = True, since: datetime | None = None
    ) -> Sequence[Ticket]:
        """Tickets of these agents, oldest first."""
        ...

    def open_ticket(self, ticket: Ticket, effect: Effect, wall: float) -> bool:
        """Store a ticket and want it posted, in one transaction. False where its episode is open already."""
        ...

    def close_ticket(self, ticket: Ticket, at: datetime) -> None:
        """The episode is over."""
        ...


class ScopeDecisionStore(Protocol):
    """Keeps what people decided about an agent."""

    def decide(self, decided: ScopeDecision) -> None:
        """Record a person's decision about an agent's scope or stage."""
        ...

    def decisions(self, agent: str) -> Sequence[ScopeDecision]:
        """Decisions about an agent, oldest first."""
