"""Acts on a page: take it, pass it on, page one more person."""

from dataclasses import dataclass

from bot.core.cards.answer import Answer
from bot.core.incident import permissions
from bot.core.incident.events import Acknowledged, Event, PageAsked, PassedOn
from bot.core.incident.incident import Incident
from bot.core.model.people import Actor
from bot.engine import name_lookup
from bot.engine.commands.act_recorder import ActRecorder
from bot.engine.name_lookup import Unknown


@dataclass(frozen=True, slots=True)
class PagingCommands:
    """Who has the page, and who else gets one."""

    acts: ActRecorder

    def acknowledge(self, actor: Actor, incident_id: int) -> Answer:
        """Take the page. Stops every pending page, everywhere."""

        def decide(incident: Incident) -> Event | None:
            mine = incident.open and incident.acked_by == actor.key
            return None if mine else Acknowledged(self.acts.now(), actor)

        return self.acts.record(actor, incident_id, permissions.may_respond, decide, "You have {number}.", self._acked)

    def _acked(self, incident: Incident) -> str:
        rungs = incident.rungs
        tip = f" Next: {rungs.rung} is its rung" if rungs.rung != rungs.normal else ""
        return f"Paging has stopped. Show a sign of work within {incident.policy.ack_lapse:g} min.{tip}"

    def pass_on(self, actor: Actor, incident_id: int, reason: str = "") -> Answer:
        """Can't take it: the next person is paged at once."""
        return self.acts.record(
            actor,
            incident_id,
            permissions.may_respond,
            lambda _: PassedOn(self.acts.now(), actor, reason),
            "Passed on. The next person is being paged.",
        )

    def page(self, actor: Actor, incident_id: int, person: str, why: str = "") -> Answer:
        """Page one more person."""
        try:
            key = name_lookup.find_person(self.acts.fleet(), person)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        reason = why or f"{actor.name} asks for you."
        return self.acts.record(
            actor,
            incident_id,
            permissions.may_respond,
            lambda _: PageAsked(self.acts.now(), actor, key, reason),
            f"Paging {key}.",
        )
