"""How an act is done: check who asks, record the event, answer in words; the second time says what is so already."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.core.cards.answer import Answer
from bot.core.incident.events import Event
from bot.core.incident.incident import IllegalMove, Incident
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import Actor
from bot.engine import name_lookup
from bot.engine.commands.refusals import Refusals
from bot.engine.incidents.recorder import IncidentRecorder
from bot.engine.views.views import Views
from bot.ports.clock import Clock
from bot.ports.errors import Conflict
from bot.ports.store import Store

Rule = Callable[[Actor, Agent], str]
"""The reason why a person may not; empty where they may."""


@dataclass(frozen=True, slots=True)
class ActRecorder:
    """What the commands share: the stored state, the present fleet, and the one way in which an act is recorded."""

    store: Store
    recorder: IncidentRecorder
    views: Views
    fleet: Callable[[], Fleet]
    clock: Clock
    refusals: Refusals

    def now(self) -> datetime:
        """The present, in scenario time."""
        return self.clock.now()

    def find_agent(self, text: str) -> Agent:
        """The agent meant. Raises Unknown with the nearest match."""
        fleet = self.fleet()
        return fleet.agents[name_lookup.find_agent(fleet, text)]

    def open_incident_of(self, agent: str) -> int | None:
        """The agent's open incident; one about its numbers or by hand before one about missing data."""
        open_ = sorted(self.store.open_incidents(agent), key=lambda incident: incident.kind == "blind")
        return open_[0].id if open_ else None

    def refuse(self, actor: Actor, why: str, incident_id: int | None = None) -> Answer:
        """Say no, and keep that it was said: in the incident's timeline, or in the audit log where there is none."""
        self.refusals.keep(actor, why, incident_id)
        return Answer(why, ok=False, incident_id=incident_id)

    def record(
        self,
        actor: Actor,
        incident_id: int,
        rule: Rule,
        decide: Callable[[Incident], Event | None],
        done: str,
        more: Callable[[Incident], str] | None = None,
    ) -> Answer:
        """Check, record, answer. `done` may name {number}."""
        incident = self.store.incident(incident_id)
        if incident is None:
            return Answer(f"There is no incident INC-{incident_id:04d}.", ok=False)
        if refusal := rule(actor, self.views.agent_of(incident)):
            return self.refuse(actor, refusal, incident_id)
        try:
            after = self.recorder.record(incident_id, decide)
        except IllegalMove as why:
            return Answer(str(why), ok=False, incident_id=incident_id)
        except Conflict:
            return Answer(
                f"{incident.agent} has another incident of this kind open.", ok=False, incident_id=incident_id
            )
        text = done.replace("{number}", after.number)
        extra = more(after) if more is not None else ""
        return Answer(f"{text} {extra}".strip(), incident_id=incident_id)
