"""Incidents in a store, for tests of the store."""

from bot.core.incident import events as ev
from bot.core.incident.incident import Decision, Incident
from bot.core.model.people import BOT
from bot.core.transitions.reducer import advance
from bot.store import SqlStore
from tests.support.wired import PLAN, START


def opened(store: SqlStore, agent: str = "refunds") -> Decision:
    event = ev.Opened(
        at=START,
        actor=BOT,
        incident_id=store.next_incident_id(),
        agent=agent,
        incident_kind="slo",
        title="HER 18 %",
        severity="SEV2",
        roster=ev.Roster("ana", "bo", "cleo", ("ana", "bo"), {"ana": ("slack",), "bo": ("slack",)}),
        rung="full",
        normal_rung="full",
        plan=PLAN,
        agent_channel="C1",
    )
    return advance(None, event)


def kept(store: SqlStore) -> Incident:
    decision = opened(store)
    store.commit(decision, START, wall=1.0)
    return decision.incident
