"""The tables. Times are seconds since the epoch, as floats: one type on both engines, no time zones to lose.

An incident's row is a JSON snapshot beside the few columns that are searched; its timeline, timers and wanted effects
stand in tables of their own and are committed with it (`architecture.md`, "Snapshot plus entries").
"""

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class IncidentRow(SQLModel, table=True):
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


class EntryRow(SQLModel, table=True):
    """One timeline entry. `record` is the exact canonical JSON that `seal` covers."""

    __tablename__ = "entry"
    incident_id: int = Field(primary_key=True)
    serial: int = Field(primary_key=True)
    at: float
    kind: str
    record: str = Field(sa_type=Text)
    seal: str


class TimerRow(SQLModel, table=True):
    """A deadline of an incident. `lease_until` is wall time: who took it over from `due_at` on has until then."""

    __tablename__ = "timer"
    __table_args__ = (Index("ix_timer_due", "due_at"),)
    incident_id: int = Field(primary_key=True)
    token: str = Field(primary_key=True)
    kind: str
    due_at: float
    lease_until: float = Field(default=0, sa_column_kwargs={"server_default": "0"})


class OutboxRow(SQLModel, table=True):
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


class SeriesRow(SQLModel, table=True):
    """A number for each series, so that a minute costs few bytes."""

    __tablename__ = "series"
    __table_args__ = (Index("uq_series_name", "agent", "workflow", "sli", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    agent: str
    workflow: str
    sli: str


class MinuteRecord(SQLModel, table=True):
    """One series in one minute of source time. On PostgreSQL there is a partition for each UTC day (`days.py`)."""

    __tablename__ = "minute"
    __table_args__ = ({"sqlite_with_rowid": False, "postgresql_partition_by": "RANGE (minute)"},)
    series_id: int = Field(primary_key=True)
    minute: int = Field(primary_key=True)
    value: float | None = None
    n: float | None = None
    doubt: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": ""})
    """Why the minute is not to be trusted; empty when it is whole."""


class PollRow(SQLModel, table=True):
    """A poll group: when it is due, and up to which minute it has been asked."""

    __tablename__ = "poll_group"
    name: str = Field(primary_key=True)
    next_due: float
    last_minute: int = -1
    lease_until: float = 0
    fence: int = 0


class RungRow(SQLModel, table=True):
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


class ReadingRow(SQLModel, table=True):
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


class BaselineRow(SQLModel, table=True):
    """The last computed baseline of a series."""

    __tablename__ = "baseline"
    series_id: int = Field(primary_key=True)
    computed_at: float
    body: str = Field(sa_type=Text)


class DeduplicationRow(SQLModel, table=True):
    """Keys of events seen, against second deliveries."""

    __tablename__ = "sight"
    __table_args__ = (Index("ix_sight_at", "at"),)
    key: str = Field(primary_key=True)
    at: float


class CounterRow(SQLModel, table=True):
    """Numbers that are given out once."""

    __tablename__ = "counter"
    name: str = Field(primary_key=True)
    value: int


class TaskRow(SQLModel, table=True):
    """A task record as its agent reported it; the newest report of a task id wins."""

    __tablename__ = "task"
    __table_args__ = (Index("ix_task_minute", "agent", "minute"),)
    agent: str = Field(primary_key=True)
    task_id: str = Field(primary_key=True)
    workflow: str = ""
    minute: int
    pending: int = 0
    queued_minute: int | None = None
    judged: int = 0
    body: str = Field(sa_type=Text)


class ChangeRow(SQLModel, table=True):
    """A change that was posted: a deploy, a prompt, a model, a tool's schema, a policy."""

    __tablename__ = "change"
    __table_args__ = (Index("ix_change_at", "at"),)
    id: str = Field(primary_key=True)
    at: float
    body: str = Field(sa_type=Text)


class ReplicaRow(SQLModel, table=True):
    """A running process on this database. Times are wall time.

    `told_at`: everything its instances said before then stands in `reading`, and it knew every rung committed before.
    """

    __tablename__ = "replica"
    name: str = Field(primary_key=True)
    host: str
    pid: int
    started_at: float
    told_at: float


class SpentRow(SQLModel, table=True):
    """What was spent of an error budget in the minutes from `start` on: an hour, or a day folded of hours."""

    __tablename__ = "spent"
    __table_args__ = ({"sqlite_with_rowid": False},)
    series_id: int = Field(primary_key=True)
    start: int = Field(primary_key=True)
    length: int
    bad: float
    total: float
    unknown: int


class TicketRow(SQLModel, table=True):
    """One episode of a budget alert, or of a finding about what an agent reports. At most one of a kind is open."""

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


class DecisionRow(SQLModel, table=True):
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


class FollowupRow(SQLModel, table=True):
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


class OnceMarkerRow(SQLModel, table=True):
    """Something that happens once in a period: a daily check, a weekly page. The row is what makes it once."""

    __tablename__ = "occasion"
    kind: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    at: float
    outcome: str = ""
    """Empty until it is known how it went: `ok`, or what failed."""
    detail: str = Field(default="", sa_type=Text)


class OverrideRow(SQLModel, table=True):
    """The pager of one person, handed to another until a time."""

    __tablename__ = "cover"
    __table_args__ = (Index("ix_cover_until", "until"),)
    id: int | None = Field(default=None, primary_key=True)
    person: str
    by: str
    since: float
    until: float
    made_by: str = ""
    ended_at: float | None = None
    said: int = 0


class EpisodeRow(SQLModel, table=True):
    """Something that was wrong with Stepdown itself, from when to when; said once at each end."""

    __tablename__ = "episode"
    __table_args__ = (Index("ix_episode_ended", "ended_at"),)
    key: str = Field(primary_key=True)
    began_at: float = Field(primary_key=True)
    ended_at: float | None = None
    text: str = Field(default="", sa_type=Text)


class RolledRow(SQLModel, table=True):
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
