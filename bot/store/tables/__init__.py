"""The tables. Times are seconds since the epoch, as floats: one type on both engines, no time zones to lose.

An incident's row is a JSON snapshot beside the few columns that are searched; its timeline, timers and wanted effects
stand in tables of their own and are committed with it (`docs/design/architecture.md`, "Snapshot plus entries").
"""

from bot.store.tables.alerts import AlertRow
from bot.store.tables.autonomy import FleetFileRow, ReadingRow, RungRow
from bot.store.tables.budgets import DecisionRow, SpentRow, TicketRow
from bot.store.tables.enforcement import ActionRow, ApprovalRow
from bot.store.tables.incidents import (
    CounterRow,
    DeduplicationRow,
    EntryRow,
    FollowupRow,
    IncidentRow,
    OutboxRow,
    TimerRow,
)
from bot.store.tables.measurements import BaselineRow, ChangeRow, MinuteRecord, PollRow, RollupRow, SeriesRow, TaskRow
from bot.store.tables.operations import EpisodeRow, OnceMarkerRow, OverrideRow, ReplicaRow
from bot.store.tables.schema import TableModel, table_of
from bot.store.tables.traces import RunRow, SpanChunkRow, SpanCountRow, TraceRow

__all__ = [
    "ActionRow",
    "AlertRow",
    "ApprovalRow",
    "BaselineRow",
    "ChangeRow",
    "CounterRow",
    "DecisionRow",
    "DeduplicationRow",
    "EntryRow",
    "EpisodeRow",
    "FleetFileRow",
    "FollowupRow",
    "IncidentRow",
    "MinuteRecord",
    "OnceMarkerRow",
    "OutboxRow",
    "OverrideRow",
    "PollRow",
    "ReadingRow",
    "ReplicaRow",
    "RollupRow",
    "RunRow",
    "RungRow",
    "SeriesRow",
    "SpanChunkRow",
    "SpanCountRow",
    "SpentRow",
    "TableModel",
    "TaskRow",
    "TicketRow",
    "TimerRow",
    "TraceRow",
    "table_of",
]
