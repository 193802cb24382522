"""Spans that have come and the runs they made: what the join of spans to tasks stands on."""

from sqlalchemy import Index, Text
from sqlmodel import Field

from bot.store.tables.schema import TableModel, index_where


class SpanChunkRow(TableModel, table=True):
    """Spans of one trace out of one request. The same request again has the same `chunk`, so it changes nothing."""

    __tablename__ = "span_chunk"
    trace: str = Field(primary_key=True)
    writer: str = Field(primary_key=True)
    """The agent whose token brought them; "" where a collector's did."""
    chunk: str = Field(primary_key=True)
    body: str = Field(sa_type=Text)


class TraceRow(TableModel, table=True):
    """A trace of one writer. `seq` counts its chunks; `due`: when to look at it; `sealed`: its spans are gone.

    One that nothing more is expected of is due beyond `NEVER` (`repositories/telemetry/traces.py`), in the order in
    which they are sealed.
    """

    __tablename__ = "trace"
    __table_args__ = (
        Index("ix_trace_due", "due"),
        index_where("sealed = 0", "ix_trace_kept", "sealed", "spans"),
        index_where("sealed = 1", "ix_trace_sealed", "last_at"),
    )
    trace: str = Field(primary_key=True)
    writer: str = Field(primary_key=True)
    seq: int
    spans: int
    due: float
    first_at: float
    last_at: float
    sealed: int = 0


class RunRow(TableModel, table=True):
    """A run as its spans tell. `task_id`: the task it was counted in."""

    __tablename__ = "run"
    __table_args__ = (
        index_where("offers <> ''", "ix_run_offers", "agent", "offers"),
        index_where("wants <> ''", "ix_run_wants", "agent", "wants"),
        Index("ix_run_ended", "ended"),
    )
    trace: str = Field(primary_key=True)
    writer: str = Field(primary_key=True)
    span: str = Field(primary_key=True)
    agent: str
    offers: str = ""
    wants: str = ""
    ended: float
    task_id: str
    body: str = Field(sa_type=Text)


class SpanCountRow(TableModel, table=True):
    """How many spans and records came in a minute, and how they were read or why not."""

    __tablename__ = "span_count"
    minute: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    detail: str = Field(primary_key=True)
    times: int
