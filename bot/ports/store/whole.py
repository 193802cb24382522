"""Everything that is kept, as one."""

from contextlib import AbstractContextManager
from typing import Protocol

from bot.ports.ingest import ChangeFeed
from bot.ports.store.alerts import AlertStore
from bot.ports.store.enforcement import ActionStore, ApprovalStore
from bot.ports.store.incidents import IncidentStore, TimerStore
from bot.ports.store.outbox import OutboxStore
from bot.ports.store.people import FollowupStore, OverrideStore
from bot.ports.store.reliability import BaselineStore, BudgetStore, ScopeDecisionStore
from bot.ports.store.rungs import ReadbackStore, ReplicaStore, RungStore
from bot.ports.store.telemetry import MinuteStore, PollStore, TaskStore
from bot.ports.store.traces import TraceStore
from bot.ports.store.upkeep import ClockShiftStore, DeduplicationStore, EpisodeStore, HealthQueries, OnceMarkerStore


class Store(
    ActionStore,
    ApprovalStore,
    AlertStore,
    BaselineStore,
    BudgetStore,
    ClockShiftStore,
    DeduplicationStore,
    EpisodeStore,
    FollowupStore,
    HealthQueries,
    IncidentStore,
    MinuteStore,
    OnceMarkerStore,
    OutboxStore,
    OverrideStore,
    PollStore,
    ReadbackStore,
    ReplicaStore,
    RungStore,
    ScopeDecisionStore,
    TaskStore,
    TimerStore,
    TraceStore,
    ChangeFeed,
    Protocol,
):
    """Keeps everything. One `commit` is one transaction; readers see whole decisions or none."""

    def installation(self) -> str:
        """A short name of this database, made once: what the world knows its effects by."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """Several reads from one snapshot."""
        ...

    def yielding(self) -> AbstractContextManager[None]:
        """On this thread, let the writes of others go first: for work that a page must not wait for."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
