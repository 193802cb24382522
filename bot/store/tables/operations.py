"""Stepdown itself: its replicas, what it does once in a period, who has the pager, what was wrong with it."""

from sqlalchemy import Index, Text
from sqlmodel import Field

from bot.store.tables.schema import TableModel


class ReplicaRow(TableModel, table=True):
    """A running process on this database. Times are wall time.

    `told_at`: everything its instances said before then stands in `reading`, and it knew every rung committed before.
    """

    __tablename__ = "replica"
    name: str = Field(primary_key=True)
    host: str
    pid: int
    started_at: float
    told_at: float


class OnceMarkerRow(TableModel, table=True):
    """Something that happens once in a period: a daily check, a weekly page. The row is what makes it once."""

    __tablename__ = "occasion"
    kind: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    at: float
    outcome: str = ""
    """Empty until it is known how it went: `ok`, or what failed."""
    detail: str = Field(default="", sa_type=Text)


class OverrideRow(TableModel, table=True):
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


class EpisodeRow(TableModel, table=True):
    """Something that was wrong with Stepdown itself, from when to when; said once at each end."""

    __tablename__ = "episode"
    __table_args__ = (Index("ix_episode_ended", "ended_at"),)
    key: str = Field(primary_key=True)
    began_at: float = Field(primary_key=True)
    ended_at: float | None = None
    text: str = Field(default="", sa_type=Text)
