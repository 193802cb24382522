"""Incidents and what is committed with them: timeline, deadlines, wanted effects, follow-ups."""

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from bot.store.tables.schema import TableModel


class IncidentRow(TableModel, table=True):
    """One incident. `is_open` backs the rule "one open incident per agent and kind"."""

    __tablename__ = "incident"
    __table_args__ = (
        Index(
            "uq_incident_open",
            "agent",
            "kind",
            unique=True,
            sqlite_where=text("is_open = 1"),
            postgresql_where=text("is_open = 1"),
        ),
        Index("ix_incident_channel", "channel"),
        Index("ix_incident_agent_closed", "agent", "kind", "closed_at"),
    )
    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    agent: str
    kind: str
    state: str
    is_open: int
    version: int
    channel: str = ""
    first_bad: float
    opened_at: float
    closed_at: float | None = None
    exercise: int = 0
    body: str = Field(sa_type=Text)


class EntryRow(TableModel, table=True):
    """One timeline entry. `record` is the exact canonical JSON that `seal` covers."""

    __tablename__ = "entry"
    incident_id: int = Field(primary_key=True)
    serial: int = Field(primary_key=True)
    at: float
    kind: str
    record: str = Field(sa_type=Text)
    seal: str


class TimerRow(TableModel, table=True):
    """A deadline of an incident. `lease_until` is wall time: who took it over from `due_at` on has until then."""

    __tablename__ = "timer"
    __table_args__ = (Index("ix_timer_due", "due_at"),)
    incident_id: int = Field(primary_key=True)
    token: str = Field(primary_key=True)
    kind: str
    due_at: float
    lease_until: float = Field(default=0, sa_column_kwargs={"server_default": "0"})


class OutboxRow(TableModel, table=True):
    """A wanted effect. `due_at`, leases and `created_at` are wall time: they are about the world, not the scenario."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "lane", "state", "due_at"),
        Index("ix_outbox_incident", "incident_id"),
        Index("ix_outbox_order", "order_key", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    lane: str
    kind: str
    incident_id: int
    order_key: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Rows that share one are carried out in the order of their ids."""
    body: str = Field(sa_type=Text)
    state: str = "pending"
    due_at: float
    created_at: float
    finished_at: float | None = None
    attempts: int = 0
    fence: int = 0
    lease_until: float = 0
    receipt: str | None = Field(default=None, sa_type=Text)
    why: str = Field(default="", sa_type=Text)


class FollowupRow(TableModel, table=True):
    """Something to do after an incident; it outlives it. `created_by` is the actor as JSON."""

    __tablename__ = "followup"
    __table_args__ = (
        Index("ix_followup_nudge_at", "nudge_at"),
        Index("ix_followup_owner", "owner"),
        Index("ix_followup_incident", "incident_id"),
    )
    id: str = Field(primary_key=True)
    incident_id: int
    agent: str
    text: str = Field(sa_type=Text)
    owner: str
    due: float
    created_at: float
    created_by: str = Field(sa_type=Text)
    done_at: float | None = None
    done_by: str = ""
    link: str = ""
    nudges: int = 0
    nudge_at: float | None = None


class DeduplicationRow(TableModel, table=True):
    """Keys of events seen, against second deliveries."""

    __tablename__ = "sight"
    __table_args__ = (Index("ix_sight_at", "at"),)
    key: str = Field(primary_key=True)
    at: float


class CounterRow(TableModel, table=True):
    """Numbers that are given out once."""

    __tablename__ = "counter"
    name: str = Field(primary_key=True)
    value: int
