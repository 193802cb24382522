"""What agents did and wanted to do, as gateways write it down, and the writes that wait for people."""

from sqlalchemy import Index, Text
from sqlmodel import Field

from bot.store.tables.schema import TableModel, index_where


class ActionRow(TableModel, table=True):
    """One call of a tool. `body` is the action as JSON; the other columns are what is searched.

    `rank`: 0 while another word on it may follow, else how often it came; a lower one never replaces a higher one.
    """

    __tablename__ = "action"
    __table_args__ = (Index("ix_action_agent", "agent", "writes", "began"),)
    id: str = Field(primary_key=True)
    agent: str
    writes: int
    began: float
    outcome: str
    rank: int
    body: str = Field(sa_type=Text)


class ApprovalRow(TableModel, table=True):
    """A write that waits for a person, or waited. `body` is the approval as JSON; `version` fences its changes."""

    __tablename__ = "approval"
    __table_args__ = (
        index_where("state = 'pending'", "ix_approval_pending", "due"),
        Index("ix_approval_agent", "agent", "asked_at"),
    )
    id: str = Field(primary_key=True)
    agent: str
    state: str
    asked_at: float
    due: float
    version: int
    body: str = Field(sa_type=Text)
