"""How an act is done: check who asks, record the event, answer in words; the second time says what is so already."""

from collections.abc import Callable

from bot.core.cards.answer import Answer
from bot.core.incident.events import Event
from bot.core.incident.incident import IllegalMove, Incident
from bot.core.model.fleet import Agent
from bot.core.model.people import Actor
from bot.engine.commands.autonomy import Autonomy
from bot.ports.errors import Conflict

Rule = Callable[[Actor, Agent], str]


class Acting(Autonomy):
    """What the acts of people on an incident share."""

    def _act(
        self,
        actor: Actor,
        incident_id: int,
        rule: Rule,
        decide: Callable[[Incident], Event | None],
        done: str,
        more: Callable[[Incident], str] | None = None,
    ) -> Answer:
        """Check, record, answer. `done` may name {number}."""
        incident = self._store.incident(incident_id)
        if incident is None:
            return Answer(f"There is no incident INC-{incident_id:04d}.", ok=False)
        if refusal := rule(actor, self._views.agent_of(incident)):
            return self.refuse(actor, refusal, incident_id)
        try:
            after = self._recorder.record(incident_id, decide)
        except IllegalMove as why:
            return Answer(str(why), ok=False, incident_id=incident_id)
        except Conflict:
            return Answer(
                f"{incident.agent} has another incident of this kind open.", ok=False, incident_id=incident_id
            )
        text = done.replace("{number}", after.number)
        extra = more(after) if more is not None else ""
        return Answer(f"{text} {extra}".strip(), incident_id=incident_id)
