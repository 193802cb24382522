"""What is measured: series, minutes, five-minute roll-ups, baselines, poll groups, task records, changes."""

from sqlalchemy import Index, Text
from sqlmodel import Field

from bot.store.tables.schema import TableModel, index_where


class SeriesRow(TableModel, table=True):
    """A number for each series, so that a minute costs few bytes."""

    __tablename__ = "series"
    __table_args__ = (Index("uq_series_name", "agent", "workflow", "sli", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    agent: str
    workflow: str
    sli: str


class MinuteRecord(TableModel, table=True):
    """One series in one minute of source time. On PostgreSQL each UTC day is a partition (`database/partitions.py`)."""

    __tablename__ = "minute"
    __table_args__ = ({"sqlite_with_rowid": False, "postgresql_partition_by": "RANGE (minute)"},)
    series_id: int = Field(primary_key=True)
    minute: int = Field(primary_key=True)
    value: float | None = None
    n: float | None = None
    doubt: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    """Why the minute is not to be trusted; empty when it is whole."""
    tail: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    """Of a percentile: what its tasks took, in bins (`core.telemetry.tail`)."""


class RollupRow(TableModel, table=True):
    """Five minutes of a series rolled into one row. `seen` has bit i set when minute 5 * slot + i is in it.

    With counts `n` is their sum and `total` the sum of value times n (for a ratio: 100 times the good tasks); without,
    `total` is the sum of the values and `n` is empty. `middle` is the median of the values.
    """

    __tablename__ = "minute5"
    __table_args__ = ({"sqlite_with_rowid": False},)
    series_id: int = Field(primary_key=True)
    slot: int = Field(primary_key=True)
    seen: int
    n: float | None = None
    total: float
    low: float
    high: float
    middle: float
    tail: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    """Of a percentile: what the tasks of the five minutes took, merged."""
    parts: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    """What each of the five minutes said (`core/telemetry/rollup.py`); empty where an older version rolled them."""


class BaselineRow(TableModel, table=True):
    """The last computed baseline of a series."""

    __tablename__ = "baseline"
    series_id: int = Field(primary_key=True)
    computed_at: float
    body: str = Field(sa_type=Text)


class PollRow(TableModel, table=True):
    """A poll group: when it is due, and up to which minute it has been asked."""

    __tablename__ = "poll_group"
    name: str = Field(primary_key=True)
    next_due: float
    last_minute: int = -1
    lease_until: float = 0
    fence: int = 0


class TaskRow(TableModel, table=True):
    """A task record as its agent reported it; the newest report of a task id wins."""

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_minute", "agent", "minute"),
        index_where("pending = 1", "ix_task_waiting", "agent", "queued_minute"),
        index_where("judged = 1", "ix_task_judged", "agent", "workflow"),
    )
    agent: str = Field(primary_key=True)
    task_id: str = Field(primary_key=True)
    workflow: str = ""
    minute: int
    pending: int = 0
    queued_minute: int | None = None
    judged: int = 0
    body: str = Field(sa_type=Text)


class ChangeRow(TableModel, table=True):
    """A change that was posted: a deploy, a prompt, a model, a tool's schema, a policy."""

    __tablename__ = "change"
    __table_args__ = (Index("ix_change_at", "at"),)
    id: str = Field(primary_key=True)
    at: float
    body: str = Field(sa_type=Text)
