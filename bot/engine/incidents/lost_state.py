"""Lost state: somebody remembers a newer epoch of an agent's rung than the database does.

A database that was deleted, or an older backup of it, would answer a lowered agent with its normal rung. Missing state
is never normal (`docs/design/product.md` section 7): the rung cache answers no higher than what is remembered, and here
that is made fact. The lower of the stored and the lowest remembered rung is committed under an epoch above all that are
known, in an incident of its own that pages the owner once. From there two people restore it as they restore any rung.

An instance that lies can lower its agent this way, and nobody else's; it can raise nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.core.autonomy.lost_state import is_lost
from bot.core.incident.events import Event, RungLowered
from bot.core.incident.incident import IllegalMove, Incident
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import BOT
from bot.core.model.rungs import RememberedRung, RungState
from bot.engine.incidents.opener import IncidentOpener
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.run_all import run_all
from bot.ports.clock import Clock
from bot.ports.errors import Conflict
from bot.ports.store import Store

KIND = "lost-state"
AGAIN = timedelta(minutes=1)
"""How soon a change that lowers nothing is committed again: an instance could name a newer epoch each second."""


class RungMemory(Protocol):
    """What is remembered of rungs outside the database."""

    def remembered(self) -> Mapping[str, Sequence[RememberedRung]]:
        """By agent."""
        ...


class LostStateCheck:
    """Compares what is remembered with what is stored, and settles the difference downwards."""

    def __init__(
        self,
        store: Store,
        recorder: IncidentRecorder,
        opener: IncidentOpener,
        memory: RungMemory,
        fleet: Callable[[], Fleet],
        clock: Clock,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._opener = opener
        self._memory = memory
        self._fleet = fleet
        self._clock = clock
        self._settled: dict[str, datetime] = {}

    def tick(self) -> None:
        """Look at every agent. What is remembered is asked first: what was committed since then is in the database."""
        remembered = self._memory.remembered()
        states = self._store.rungs() if remembered else ()
        newest = _newest(states)
        whole = {state.agent: state for state in states if not state.workflow}
        ladder = self._fleet().ladder
        lost = {
            agent: beyond
            for agent, known in remembered.items()
            if (beyond := [one for one in known if is_lost(one, whole.get(agent), newest.get(agent, 0), ladder)])
        }
        run_all(list(lost.items()), lambda found: self._settle(*found))

    def _settle(self, key: str, beyond: Sequence[RememberedRung]) -> None:
        fleet, now = self._fleet(), self._clock.now()
        agent = fleet.agents.get(key)
        if agent is None:
            return
        newest = max(one.epoch for one in beyond)
        lowest = max((one.level for one in beyond), key=fleet.ladder.depth)
        found = RememberedRung(newest, lowest)
        if self._decide(agent, found, now) is None:
            return
        incident = self._incident(agent, found, now)
        self._recorder.record(incident.id, lambda _: self._decide(agent, found, now))
        self._settled[key] = now

    def _decide(self, agent: Agent, found: RememberedRung, now: datetime) -> Event | None:
        """The change, judged on the rung of now; None where the database knows it, or it can wait."""
        stored, whole, ladder = self._store.epoch(agent.key), self._store.rung(agent.key), self._fleet().ladder
        if not is_lost(found, whole, stored, ladder):
            return None
        present = self._opener.rung(agent)
        lower = ladder.lower(present, found.level)
        last = self._settled.get(agent.key)
        if lower == present and last is not None and abs(now - last) < AGAIN:
            return None
        follows = stored if found.epoch > stored or whole is None else whole.follows
        epoch, why, within = max(found.epoch, stored) + 1, _why(found, stored), agent.control.confirm_within
        return RungLowered(now, BOT, "", present, lower, epoch, why, confirm_within=within, follows=follows)

    def _incident(self, agent: Agent, found: RememberedRung, now: datetime) -> Incident:
        """The open incident about it; a new one where there is none."""
        for _ in range(3):
            for incident in self._store.open_incidents(agent.key):
                if incident.kind == KIND:
                    return incident
            try:
                return self._opener.lost_state(agent, f"lost state: {_why(found, self._store.epoch(agent.key))}", now)
            except Conflict:  # another replica opened it just now
                continue
        raise IllegalMove(f"no incident about the lost state of {agent.key} could be opened")


def _why(found: RememberedRung, stored: int) -> str:
    return f"instances remember epoch {found.epoch}, the database knows epoch {stored}"


def _newest(states: Sequence[RungState]) -> Mapping[str, int]:
    newest: dict[str, int] = {}
    for state in states:
        newest[state.agent] = max(state.epoch, newest.get(state.agent, 0))
    return newest
