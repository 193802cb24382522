"""Incidents with their timelines, and the deadlines they wait for."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Protocol

from bot.core.incident.followups import Followup
from bot.core.incident.incident import Decision, Incident
from bot.core.incident.timeline import SealedEntry
from bot.core.model.rungs import RungState
from bot.ports.store.records import DueTimer, Finished


class IncidentStore(Protocol):
    """Keeps incidents. One `commit` is one transaction; readers see whole decisions or none."""

    def open_incident(self, decide: Callable[[int], Decision], now: datetime, *, wall: float) -> Decision:
        """Give a new incident its number, never given twice, and store what `decide` makes of it in one transaction.

        `decide` is called while others wait to write: it must be quick. Raises Conflict as `commit` does.
        """
        ...

    def commit(
        self,
        decision: Decision,
        now: datetime,
        *,
        rung: RungState | None = None,
        followup: Followup | None = None,
        wall: float,
        done: Finished | None = None,
    ) -> None:
        """Store incident, entries, timers, effects, rung, follow-up and the outcome of an effect in one transaction.

        `wall` is the real time, in epoch seconds, at which the effects are wanted. Raises Conflict where the incident's
        version moved, an open incident of the same agent and kind exists, or the rung's epoch is not the next one;
        LostClaim where the effect that is `done` belongs to another worker now.
        """
        ...

    def incident(self, incident_id: int) -> Incident | None:
        """The incident as stored."""
        ...

    def open_incidents(self, agent: str = "") -> Sequence[Incident]:
        """Incidents that are neither resolved nor cancelled, oldest first."""
        ...

    def agents_with_incidents(self) -> AbstractSet[str]:
        """Agents that have an open one."""
        ...

    def last_closed(self, agent: str, kind: str, since: datetime, state: str = "resolved") -> Incident | None:
        """The newest incident of an agent and kind that was closed so (resolved, cancelled) at or after `since`."""
        ...

    def incident_in(self, channel: str) -> Incident | None:
        """The newest incident whose channel this is."""
        ...

    def incidents(self, limit: int) -> Sequence[Incident]:
        """The newest incidents, open or not, newest first."""
        ...

    def incident_spans(self, agent: str, since: datetime) -> Sequence[tuple[int, int]]:
        """Minutes [first, last) during which the agent had an incident, for baselines to leave out."""
        ...

    def entries(self, incident_id: int) -> Sequence[SealedEntry]:
        """The timeline, oldest first."""
        ...


class TimerStore(Protocol):
    """Keeps the deadlines of incidents."""

    def due_timers(self, now: datetime, limit: int) -> Sequence[DueTimer]:
        """Timers due at or before `now`."""
        ...

    def claim_timers(self, now: datetime, limit: int, lease: float) -> Sequence[DueTimer]:
        """Claim timers due at or before `now` for `lease` seconds of wall time, the most overdue first."""
        ...
