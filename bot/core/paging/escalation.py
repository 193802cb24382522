"""Who is paged when (`product.md` section 6). Pure: the incident carries how far paging has come.

The owner is paged at once, then the policy's steps run; after the last one everyone is paged, again and again, at most
`rounds` times; a policy that ran out is said loudly and ends paging for good. A page that failed on every way moves on
at once, and so does "can't take it". An empty target is said and skipped, never waited for. Who said "can't take it" is
not asked again in this episode, unless nobody else is left.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.incident.effects import Effect, Page, PostCard, Room, Say
from bot.core.incident.events import PageSettled
from bot.core.incident.incident import Escalation, Incident, Timer
from bot.core.model.people import EscalationStep

_LOUD: tuple[Room, ...] = ("incident", "announcements")


@dataclass(frozen=True, slots=True)
class Paging:
    """One move of the escalation: the new incident, what to do, what to say."""

    incident: Incident
    effects: tuple[Effect, ...] = ()
    words: tuple[str, ...] = ()


def begin(incident: Incident, at: datetime, why: str, declined: tuple[str, ...] = ()) -> Paging:
    """Start, or start again, with the first step. `declined`: people who can't take it, so it is not for them."""
    state = incident.escalation
    fresh = replace(state, step=0, rounds=0, paged=(), exhausted=False, declined=declined, episode=state.episode + 1)
    return advance(replace(incident, escalation=fresh), at, why)


def decline(incident: Incident, person: str) -> Incident:
    """Somebody can't take it: the steps that follow leave them out."""
    state = incident.escalation
    return replace(incident, escalation=replace(state, declined=tuple(dict.fromkeys((*state.declined, person)))))


def after(incident: Incident, person: str) -> str:
    """Who comes after a person in the chain of owner, deputy, manager; "" when nobody is left."""
    roster = incident.roster
    chain = (roster.owner, roster.deputy, roster.manager)
    place = chain.index(person) + 1 if person in chain else 0
    return next((other for other in chain[place:] if other and other != person), "")


def stop(incident: Incident) -> Incident:
    """Forget what was still to come."""
    calm = replace(incident.escalation, awaiting=(), landed=False)
    timers = tuple(timer for timer in incident.timers if timer.kind != "escalate")
    return replace(incident, escalation=calm, timers=timers)


def advance(incident: Incident, at: datetime, why: str = "", skip: str = "") -> Paging:
    """Take the next step, skipping empty targets aloud, and set the timer for the one after it.

    `skip`: a person who cannot be had; steps that name nobody else are passed over.
    """
    words: list[str] = []
    while (step := _next(incident)) is not None:
        people = _targets(incident, step)
        incident = _count(incident)
        if people and step.who != "everyone" and set(people) <= {skip, *incident.escalation.declined}:
            continue
        if people:
            paged = _page(incident, people, why or _why(incident, step), at)
            return replace(paged, words=(*words, *paged.words))
        words.append(f"The escalation names a {step.who}, but {incident.agent} has none: moving on at once.")
    return _exhausted(incident, tuple(words))


def page_now(incident: Incident, people: tuple[str, ...], why: str) -> Paging:
    """Page these people once, beside the policy (a step down that was not confirmed; a person's request)."""
    return _beside(incident, people, why)


def page_holder(incident: Incident, why: str) -> Paging:
    """Page whoever has the incident once, beside the policy: who acknowledged it and can be paged, else the owner."""
    has_it = incident.acked_by if incident.acked_by in incident.roster.ways else incident.roster.owner
    return page_now(incident, (has_it,), why)


def settled(incident: Incident, event: PageSettled) -> Paging:
    """Note how a page went. When every way of the newest page failed, move on at once.

    Where everyone was paged there is nobody to move on to: the next round waits for its time, or an outage of all ways
    would use up every round within a minute and end paging for good.
    """
    state = incident.escalation
    if event.page_key in state.beside:
        return _beside_settled(incident, event)
    if event.page_key not in state.awaiting:
        return Paging(incident)
    awaiting = tuple(key for key in state.awaiting if key != event.page_key)
    landed = state.landed or event.outcome == "sent"
    incident = replace(incident, escalation=replace(state, awaiting=awaiting, landed=landed))
    if landed or awaiting or not _running(incident):
        return Paging(incident)
    if state.rounds:
        text = f"{_unreached(incident, event)} Everyone is paged again when the next round is due."
        return Paging(incident, (Say(incident.id, f"unreached-{state.serial}", text, question=True),), (text,))
    loud = Say(
        incident.id,
        f"unreached-{state.serial}",
        f"{_unreached(incident, event)} Paging the next person now.",
        mention=event.person,
    )
    moved = advance(incident, event.at, f"no page reached {event.person}", skip=event.person)
    return replace(moved, effects=(loud, *moved.effects), words=(loud.text, *moved.words))


def _beside(incident: Incident, people: tuple[str, ...], why: str) -> Paging:
    """Page beside the policy: its own steps and what they wait for stay as they are."""
    state = incident.escalation
    serial = state.serial + 1
    pages = tuple(
        Page(incident.id, serial, person, way, why, beside=True)
        for person in people
        for way in incident.roster.ways.get(person, ()) or ("slack",)
    )
    keys = tuple(page.key for page in pages)
    incident = replace(incident, escalation=replace(state, serial=serial, beside=(*state.beside, *keys)))
    words = f"Paging {', '.join(people)}: {why}"
    return Paging(incident, (*pages, *_mention(incident, people, max(serial, 2))), (words,))


def _beside_settled(incident: Incident, event: PageSettled) -> Paging:
    """When a page beside the policy failed on every way, say so and page the next of the roster instead."""
    state = incident.escalation
    left = tuple(key for key in state.beside if key != event.page_key)
    same = [key for key in left if key.rsplit("/", 1)[0] == event.page_key.rsplit("/", 1)[0]]
    incident = replace(incident, escalation=replace(state, beside=left))
    if event.outcome == "sent" or same:
        return Paging(incident)
    text = _unreached(incident, event)
    loud = Say(incident.id, f"unreached-{event.page_key}", text, mention=event.person)
    instead = after(incident, event.person)
    if not instead:
        return Paging(incident, (loud,), (text,))
    moved = _beside(incident, (instead,), f"no page reached {event.person}")
    return replace(moved, effects=(loud, *moved.effects), words=(text, *moved.words))


def _unreached(incident: Incident, event: PageSettled) -> str:
    """Nobody should have to look up a number at night."""
    phone = incident.roster.phones.get(event.person, "")
    call = f"Call {phone}." if phone else "The fleet file has no phone number for them."
    return f"No page reached {event.person} by any way ({event.detail or event.outcome}). {call}"


def _running(incident: Incident) -> bool:
    return any(timer.kind == "escalate" for timer in incident.timers)


def _next(incident: Incident) -> EscalationStep | None:
    """The step to take now; None when the policy has run out."""
    state, policy = incident.escalation, incident.policy
    if state.step < len(policy.steps):
        return policy.steps[state.step]
    if state.rounds < policy.rounds:
        return EscalationStep(0, "everyone")
    return None


def _count(incident: Incident) -> Incident:
    state = incident.escalation
    if state.step < len(incident.policy.steps):
        state = replace(state, step=state.step + 1)
    else:
        state = replace(state, rounds=state.rounds + 1)
    return replace(incident, escalation=state)


def _targets(incident: Incident, step: EscalationStep) -> tuple[str, ...]:
    roster = incident.roster
    if step.who == "everyone":
        willing = tuple(person for person in roster.everyone if person not in incident.escalation.declined)
        return willing or roster.everyone
    person = {"owner": roster.owner, "deputy": roster.deputy, "manager": roster.manager}[step.who]
    return (person,) if person else ()


def standing(incident: Incident, person: str, role: str = "") -> str:
    """Why it is this person's business: they own the agent, or cover for whoever does; "" for those paged beside.

    `role`: the one that they are asked in; else their own, and only then one that they cover.
    """
    roster = incident.roster
    held = [name for name in ("owner", "deputy", "manager") if getattr(roster, name) == person]
    own = [name for name in held if name not in roster.covered]
    role = role or next(iter([*own, *held]), "")
    if role in roster.covered:
        return f"You cover for {roster.covered[role]}, {role} of {incident.agent}."
    if role == "owner":
        return f"You own {incident.agent}."
    return f"You are the {role} of {incident.agent}." if role else ""


def _why(incident: Incident, step: EscalationStep) -> str:
    already, roster = incident.escalation.paged, incident.roster
    if step.who == "everyone":
        return "Nobody answered: paging everyone."
    person = {"owner": roster.owner, "deputy": roster.deputy, "manager": roster.manager}[step.who]
    why = standing(incident, person, step.who)
    if not already:
        return why
    if person in already:
        return f"{why.removesuffix('.')}, and nobody answered yet."
    return f"{why.removesuffix('.')}; {', '.join(dict.fromkeys(already))} did not answer."


def _wait(incident: Incident, at: datetime) -> datetime:
    """When the step after the one just taken is due."""
    state, policy = incident.escalation, incident.policy
    if 0 < state.step < len(policy.steps):
        gap = policy.steps[state.step].after - policy.steps[state.step - 1].after
        return at + timedelta(minutes=max(gap, 0))
    return at + timedelta(minutes=policy.everyone_every)


def _page(incident: Incident, people: tuple[str, ...], why: str, at: datetime) -> Paging:
    serial = incident.escalation.serial + 1
    pages = tuple(
        Page(incident.id, serial, person, way, why)
        for person in people
        for way in incident.roster.ways.get(person, ()) or ("slack",)
    )
    state: Escalation = replace(
        incident.escalation,
        serial=serial,
        paged=(*incident.escalation.paged, *people),
        awaiting=tuple(page.key for page in pages),
        landed=False,
    )
    incident = replace(incident, escalation=state)
    others = tuple(kept for kept in incident.timers if kept.kind != "escalate")
    due = Timer("escalate", f"escalate-{serial}", _wait(incident, at))
    incident = replace(incident, timers=(*others, due))
    words = f"Paging {', '.join(people)}: {why}"
    return Paging(incident, (*pages, *_mention(incident, people, serial)), (words,))


def _mention(incident: Incident, people: tuple[str, ...], serial: int) -> tuple[Effect, ...]:
    """The mention in the incident channel: a card for the first page, a line for each one after it."""
    if not incident.channel:
        return ()
    if serial == 1:
        return (PostCard(incident.id, "page", mention=people[0]),)
    return tuple(
        Say(incident.id, f"page-{serial}-{person}", "you are paged for this incident.", mention=person)
        for person in people
    )


def _exhausted(incident: Incident, words: tuple[str, ...]) -> Paging:
    """The policy ran out: loud, once."""
    calm = stop(incident)
    if calm.escalation.exhausted:
        return Paging(calm, (), words)
    calm = replace(calm, escalation=replace(calm.escalation, exhausted=True))
    serial, roster = calm.escalation.serial, incident.roster
    phone = roster.phones.get(roster.owner, "")
    text = (
        f"NOBODY ANSWERED {incident.number}. {incident.agent}: {incident.title}. The whole escalation has run, and "
        f"everyone was paged {incident.policy.rounds} times; nobody will be paged any more. Acknowledge it, or call "
        f"{roster.owner} by phone{f' ({phone})' if phone else ''}."
    )
    loud = tuple(Say(incident.id, f"exhausted-{serial}-{room}", text, room=room, question=True) for room in _LOUD)
    return Paging(calm, loud, (*words, text))
