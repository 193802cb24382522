"""Questions people ask: each answers with a card built from the present state, and changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from bot.core.cards.answer import Answer, Card
from bot.core.cards.team import HomeCard
from bot.core.formatting.plurals import plural
from bot.core.incident.incident import Incident
from bot.core.model.fleet import Fleet
from bot.core.model.people import Actor
from bot.core.runbooks.runbook import PHASES, Phase, next_step
from bot.engine import name_lookup
from bot.engine.name_lookup import Unknown
from bot.engine.reliability.queries import ReliabilityQueries
from bot.engine.views.views import Views
from bot.ports.clock import Clock
from bot.ports.store import FollowupStore, IncidentStore


class QueryStore(FollowupStore, IncidentStore, Protocol):
    """What is asked of the store."""


@dataclass(frozen=True, slots=True)
class Queries:
    """Each answers with a card built from the present state."""

    store: QueryStore
    views: Views
    present_fleet: Callable[[], Fleet]
    clock: Clock
    reliability: ReliabilityQueries

    def find_agent(self, text: str) -> str:
        """The agent meant. Raises Unknown with the nearest match."""
        return name_lookup.find_agent(self.present_fleet(), text)

    def find_rung(self, text: str) -> str:
        """The rung meant. Raises Unknown with the nearest match."""
        return name_lookup.find_rung(self.present_fleet(), text)

    def incident_in(self, channel: str) -> int | None:
        """The incident whose channel this is."""
        found = self.store.incident_in(channel)
        return None if found is None else found.id

    def agent_in(self, channel: str) -> str:
        """The agent whose incident this channel is for; empty elsewhere."""
        found = self.store.incident_in(channel)
        return "" if found is None else found.agent

    def status(self, incident_id: int) -> Answer:
        """The incident card."""
        return self._of(incident_id, lambda incident: self.views.incident_card(incident, self.clock.now()))

    def tray(self, incident_id: int) -> Answer:
        """Everything that can be done now."""
        return self._of(incident_id, lambda incident: self.views.tray_card(incident, self.clock.now()))

    def tasks(self, incident_id: int) -> Answer:
        """The incident's tasks."""
        return self._of(incident_id, lambda incident: self.views.task_list(incident, self.clock.now()))

    def followups(self, actor: Actor, incident_id: int | None = None) -> Answer:
        """Open follow-ups of an incident, or of whoever asks."""
        if incident_id is None:
            found, title = self.store.followups(owner=actor.key), "Your follow-ups"
        else:
            found, title = self.store.followups(incident_id=incident_id), f"Follow-ups of INC-{incident_id:04d}"
        card = self.views.followup_list(title, list(found), self.clock.now())
        return Answer(f"{plural(len(found), 'follow-up')} open.", card=card)

    def home(self, actor: Actor) -> HomeCard:
        """The home tab of one person, with what each own agent still lacks before it may go live."""
        card = self.views.home_card(actor, self.clock.now())
        known = [(row, self.reliability.ready(row.value)) for row in card.agents]
        rows = tuple(
            replace(row, text=f"{row.text} · {answer.text.splitlines()[0]}") if answer.ok else row
            for row, answer in known
        )
        return replace(card, agents=rows)

    def steps(self, incident_id: int, phase: Phase | None = None) -> Answer:
        """A phase of the runbook; the present one when none is named."""

        def card(incident: Incident) -> Card:
            step = next_step(incident.plan, incident.marks)
            wanted = phase or (step.phase if step else PHASES[-1])
            return self.views.phase_card(incident, wanted, self.clock.now())

        return self._of(incident_id, card)

    def open_steps(self, incident_id: int) -> tuple[tuple[str, str], ...]:
        """(id, title) of the steps that are not settled, the present one first; a blocked one is not settled."""
        incident = self.store.incident(incident_id)
        if incident is None:
            return ()
        settled = {key for key, mark in incident.marks.items() if mark.outcome != "blocked"}
        return tuple((step.id, step.title) for step in incident.plan.steps if step.id not in settled)

    def timeline(self, incident_id: int, limit: int = 20) -> Answer:
        """The newest entries."""
        return self._of(incident_id, lambda incident: self.views.timeline_card(incident, limit, self.clock.now()))

    def catchup(self, incident_id: int) -> Answer:
        """For a late joiner."""
        return self._of(incident_id, lambda incident: self.views.catchup_card(incident, self.clock.now()))

    def incidents(self) -> Answer:
        """Open incidents."""
        card = self.views.incident_list(self.clock.now())
        return Answer(
            "No incident is open." if not card.rows else f"{plural(len(card.rows), 'incident')} open.", card=card
        )

    def fleet(self) -> Answer:
        """Every agent."""
        card = self.views.fleet_card(self.clock.now(), off_normal=False)
        return Answer(f"{plural(len(card.rows), 'agent')}.", card=card)

    def off_normal(self) -> Answer:
        """Agents off their normal rung."""
        card = self.views.fleet_card(self.clock.now(), off_normal=True)
        text = _off_normal(len(card.rows)) if card.rows else card.empty
        return Answer(text, card=card)

    def agent(self, key: str) -> Answer:
        """One agent."""
        try:
            found = self.present_fleet().agents[self.find_agent(key)]
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        return Answer(found.key, card=self.views.agent_card(found, self.clock.now()))

    def changes(self, key: str) -> Answer:
        """What changed on an agent in the last 24 hours."""
        try:
            found = self.present_fleet().agents[self.find_agent(key)]
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        card = self.views.changes_card(found, self.clock.now())
        count = len(card.changes)
        what = plural(count, "change") if count else "Nothing changed"
        return Answer(f"{what} on {found.key} in the last 24 h.", card=card)

    def sli(self, key: str, sli_name: str) -> Answer:
        """One SLI of an agent, in words."""
        try:
            agent = self.present_fleet().agents[self.find_agent(key)]
            name = name_lookup.nearest(sli_name, dict.fromkeys(sli.name for _, sli in agent.slis), "SLI")
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        return Answer(self.views.sli_words(agent, name, self.clock.now()), chart=(agent.key, name))

    def _of(self, incident_id: int, card: Callable[[Incident], Card]) -> Answer:
        incident = self.store.incident(incident_id)
        if incident is None:
            return Answer(f"There is no incident INC-{incident_id:04d}.", ok=False)
        return Answer(incident.number, card=card(incident), incident_id=incident_id)


def _off_normal(number: int) -> str:
    """`1 agent is off its normal rung.`."""
    return f"{plural(number, 'agent')} {'is off its' if number == 1 else 'are off their'} normal rung."
