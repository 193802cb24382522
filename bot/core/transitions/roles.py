"""Roles: lead, communications, scribe. Whoever is offered one has it when they accept, not before."""

from dataclasses import replace

from bot.core.incident import events as ev
from bot.core.incident.effects import EditCard, Effect, Invite, PostCard
from bot.core.incident.incident import IllegalMove, Incident, Offer
from bot.core.transitions.transition import Transition, apply, edits


@apply.register
def role_taken(event: ev.RoleTaken, incident: Incident) -> Transition:
    """Somebody has a role; an offer of it is answered by that."""
    before = incident.roles.get(event.role, "")
    handoff = f", taking over from {before}" if before and before != event.person else ""
    offers = {role: offer for role, offer in incident.offers.items() if role != event.role}
    taken = replace(incident, roles={**incident.roles, event.role: event.person}, offers=offers)
    effects: tuple[Effect, ...] = (*edits(incident, "incident", "announcement"), *_answered(incident, event.role))
    if incident.channel and event.person in incident.roster.ways:
        effects = (*effects, Invite(incident.id, f"role-v{incident.version + 1}", (event.person,)))
    return Transition(taken, f"{event.person} is {event.role}{handoff}.", effects)


@apply.register
def handoff_offered(event: ev.HandoffOffered, incident: Incident) -> Transition:
    """Ask a person to take a role. Until they do, whoever has it keeps it."""
    card = f"handoff-{event.role}-v{incident.version + 1}"
    offer = Offer(event.person, event.actor, event.at, card)
    asked = replace(incident, offers={**incident.offers, event.role: offer})
    effects: tuple[Effect, ...] = _answered(incident, event.role)
    if event.person in incident.roster.ways:
        effects = (*effects, Invite(incident.id, f"offer-v{incident.version + 1}", (event.person,)))
    effects = (*effects, PostCard(incident.id, card, mention=event.person))
    return Transition(asked, f"{event.actor.name} asks {event.person} to be {event.role}.", effects)


@apply.register
def handoff_declined(event: ev.HandoffDeclined, incident: Incident) -> Transition:
    """The role stays where it is."""
    if event.role not in incident.offers:
        raise IllegalMove(f"Nobody is asked to be {event.role}.")
    offers = {role: offer for role, offer in incident.offers.items() if role != event.role}
    text = f"{event.actor.name} does not take {event.role}."
    return Transition(replace(incident, offers=offers), text, _answered(incident, event.role))


def _answered(incident: Incident, role: str) -> tuple[Effect, ...]:
    """The card of an offer that is answered, or replaced by a newer one, shows that."""
    offer = incident.offers.get(role)
    return (EditCard(incident.id, offer.card, f"v{incident.version + 1}"),) if offer else ()
