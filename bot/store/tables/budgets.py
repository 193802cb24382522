"""Error budgets, their tickets, and decisions about scope."""

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from bot.store.tables.schema import TableModel


class SpentRow(TableModel, table=True):
    """What was spent of an error budget in the minutes from `start` on: an hour, or a day folded of hours."""

    __tablename__ = "spent"
    __table_args__ = ({"sqlite_with_rowid": False},)
    series_id: int = Field(primary_key=True)
    start: int = Field(primary_key=True)
    length: int
    bad: float
    total: float
    unknown: int


class TicketRow(TableModel, table=True):
    """One episode of a budget alert. At most one of a kind is open."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index(
            "uq_ticket_open",
            "agent",
            "workflow",
            "sli",
            "alert",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    agent: str
    workflow: str
    sli: str
    alert: str
    text: str = Field(sa_type=Text)
    opened_at: float
    closed_at: float | None = None


class DecisionRow(TableModel, table=True):
    """A person's decision about what an agent is and may do. `terms` are what it was about."""

    __tablename__ = "decision"
    __table_args__ = (Index("ix_decision_agent", "agent"),)
    id: int | None = Field(default=None, primary_key=True)
    agent: str
    at: float
    by: str
    stage: str
    terms: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
