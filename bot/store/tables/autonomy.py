"""Rungs, and what instances last said that they apply."""

from sqlalchemy import Index, Text
from sqlmodel import Field

from bot.store.tables.schema import TableModel


class RungRow(TableModel, table=True):
    """A committed change of rung. The newest epoch of (agent, workflow) is in force."""

    __tablename__ = "rung"
    agent: str = Field(primary_key=True)
    epoch: int = Field(primary_key=True)
    workflow: str = ""
    rung: str
    changed_at: float
    by: str = ""
    reason: str = Field(default="", sa_type=Text)
    until: float | None = None
    incident_id: int | None = None
    confirmed_at: float | None = None
    follows: int | None = None
    """The newest epoch that was known before state was lost, for a rung that makes up for it."""


class FleetFileRow(TableModel, table=True):
    """What the fleet file in force says of rungs, in one row (`id` 1): what a start and a reload are compared with."""

    __tablename__ = "fleet_file"
    id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    body: str = Field(sa_type=Text)
    at: float


class ReadingRow(TableModel, table=True):
    """What an instance last said it applies. `stored_at` is wall time: from when on other replicas can know of it."""

    __tablename__ = "reading"
    __table_args__ = (Index("ix_reading_stored", "stored_at"),)
    agent: str = Field(primary_key=True)
    workflow: str = Field(primary_key=True)
    instance: str = Field(primary_key=True)
    level: str
    epoch: int
    seen_at: float
    stored_at: float = Field(default=0, sa_column_kwargs={"server_default": "0"})
