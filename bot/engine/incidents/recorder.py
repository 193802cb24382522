"""Decide, commit, then act: the one way in which anything changes an incident.

`record` reads the incident, lets the caller turn it into an event, applies the event, and commits. Where somebody else
was first (Conflict) it looks again and decides again, so that a decision never rests on a state that has passed.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from bot.core.autonomy.file_record import fleet_of
from bot.core.autonomy.raised_by_change import raised_by_change
from bot.core.incident import followups
from bot.core.incident.effects import LANES, Effect, Lane
from bot.core.incident.events import Event, FollowupChanged, Noted, Opened, RungLowered, RungRaised
from bot.core.incident.followups import Followup
from bot.core.incident.incident import Decision, IllegalMove, Incident
from bot.core.model.rungs import RungState
from bot.core.transitions import reducer
from bot.ports.controls import RungCache
from bot.ports.errors import Conflict
from bot.ports.store import Finished, Store

TRIES = 20
"""Attempts before giving up on a contended incident. Each is a fresh read, so progress is certain for somebody."""


class IncidentRecorder:
    """Commits decisions, publishes committed rungs to the rung cache, and wakes the lanes that got work."""

    def __init__(
        self, store: Store, rung_cache: RungCache, wall: Callable[[], float], wake: Callable[[Iterable[Lane]], None]
    ) -> None:
        self._store = store
        self._rung_cache = rung_cache
        self.wall = wall
        """The real time, in epoch seconds."""
        self.listeners: list[Callable[[Incident, Event], None]] = []
        """Told of each event after it was committed, with the incident after it."""
        self._wake = wake

    def open(self, event: Opened) -> Incident:
        """Commit a new incident, under a fresh number whatever the event has.

        Raises Conflict when the agent has an open one of this kind already.
        """
        wall = self.wall()
        made = [event]

        def decide(number: int) -> Decision:
            made[0] = replace(event, incident_id=number)
            return reducer.advance(None, made[0])

        decision = self._store.open_incident(decide, event.at, wall=wall)
        return self._tell(decision, made[0])

    def record(
        self, incident_id: int, decide: Callable[[Incident], Event | None], done: Finished | None = None
    ) -> Incident:
        """Apply what `decide` makes of the present incident; None changes nothing. Raises IllegalMove.

        `done` is the outcome of an effect, stored in the same transaction; LostClaim where its claim ran out.
        """
        for _ in range(TRIES):
            incident = self._store.incident(incident_id)
            if incident is None:
                raise IllegalMove(f"There is no incident INC-{incident_id:04d}.")
            event = decide(incident)
            if event is None:
                return incident
            try:
                return self._commit(reducer.advance(incident, event), event, done)
            except Conflict:
                continue
        raise Conflict(f"INC-{incident_id:04d} changed {TRIES} times while being decided on")

    def refresh(self, effects: Iterable[Effect]) -> None:
        """Want effects that change no incident, such as the edit of a card whose numbers moved."""
        wanted = tuple(effects)
        self._store.enqueue(wanted, self.wall())
        self._wake({effect.lane for effect in wanted})

    def _commit(self, decision: Decision, event: Event, done: Finished | None = None) -> Incident:
        rung = rung_of(decision.incident, event)
        if rung is not None:
            self._check_by_file_in_force(rung, up=1 if isinstance(event, RungRaised) else 0)
        kept = self._followup_of(decision.incident, event)
        self._store.commit(decision, event.at, rung=rung, followup=kept, wall=self.wall(), done=done)
        if rung is not None:
            self._rung_cache.publish((rung,))
        return self._tell(decision, event)

    def _tell(self, decision: Decision, event: Event) -> Incident:
        """Wake the lanes that have work now, and tell whoever listens."""
        wanted = {effect.lane for effect in decision.effects}
        self._wake(lane for lane in LANES if lane in wanted)
        for tell in self.listeners:
            tell(decision.incident, event)
        return decision.incident

    def _check_by_file_in_force(self, rung: RungState, *, up: int) -> None:
        """Raise IllegalMove where what was decided by another fleet file raises by the one that agents are answered."""
        known = self._store.file_record()
        if known is None:
            return
        if why := raised_by_change(fleet_of(known), self._store.rungs(rung.agent), rung, up=up):
            raise IllegalMove(why)

    def _followup_of(self, incident: Incident, event: Event) -> Followup | None:
        """The row that an event makes or changes; the incident's version fences it against a change beside it."""
        if isinstance(event, Noted) and event.sort == "followup":
            return followups.made(incident, event)
        if isinstance(event, FollowupChanged):
            known = self._store.followup(event.item)
            return followups.changed(known, event) if known is not None else None
        return None


def rung_of(incident: Incident, event: Event) -> RungState | None:
    """The rung that an event puts in force; None for events that are not about rungs."""
    if not isinstance(event, RungLowered | RungRaised):
        return None
    return RungState(
        agent=incident.agent,
        workflow=event.workflow,
        rung=event.to_rung,
        epoch=event.epoch,
        changed_at=event.at,
        by=event.actor.key,
        reason=event.reason,
        until=event.until if isinstance(event, RungLowered) else None,
        incident_id=incident.id,
        follows=event.follows if isinstance(event, RungLowered) else None,
    )
