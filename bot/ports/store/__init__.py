"""What is kept, by subject. A use takes the narrow Protocol it needs; `Store` is all of them."""

from bot.ports.store.alerts import AlertStore
from bot.ports.store.enforcement import ActionStore, ApprovalStore
from bot.ports.store.incidents import IncidentStore, TimerStore
from bot.ports.store.outbox import OutboxStore
from bot.ports.store.people import FollowupStore, OverrideStore
from bot.ports.store.records import (
    DueTimer,
    EffectOutcome,
    Episode,
    Finished,
    Job,
    OnceMarker,
    PollClaim,
    Replica,
    Waiting,
)
from bot.ports.store.reliability import BaselineStore, BudgetStore, ScopeDecisionStore
from bot.ports.store.rungs import ReadbackStore, ReplicaStore, RungStore
from bot.ports.store.telemetry import MinuteStore, PollStore, TaskStore
from bot.ports.store.traces import TraceStore
from bot.ports.store.upkeep import MINUTE_MARKER, DeduplicationStore, EpisodeStore, HealthQueries, OnceMarkerStore
from bot.ports.store.whole import Store

__all__ = [
    "MINUTE_MARKER",
    "ActionStore",
    "AlertStore",
    "ApprovalStore",
    "BaselineStore",
    "BudgetStore",
    "DeduplicationStore",
    "DueTimer",
    "EffectOutcome",
    "Episode",
    "EpisodeStore",
    "Finished",
    "FollowupStore",
    "HealthQueries",
    "IncidentStore",
    "Job",
    "MinuteStore",
    "OnceMarker",
    "OnceMarkerStore",
    "OutboxStore",
    "OverrideStore",
    "PollClaim",
    "PollStore",
    "ReadbackStore",
    "Replica",
    "ReplicaStore",
    "RungStore",
    "ScopeDecisionStore",
    "Store",
    "TaskStore",
    "TimerStore",
    "TraceStore",
    "Waiting",
]
