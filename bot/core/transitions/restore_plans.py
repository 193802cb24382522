"""What becomes of a restore plan. It is stopped easily and by anybody; it goes on only in the names of two people."""

from dataclasses import replace
from datetime import datetime

from bot.core.incident import events as ev
from bot.core.incident.effects import Effect, Say
from bot.core.incident.incident import IllegalMove, Incident, Timer
from bot.core.model.people import Actor, same_person
from bot.core.model.restore_plan import LASTS, RestorePlan
from bot.core.paging import escalation
from bot.core.transitions.transition import Transition, apply, edits

PLAN_END = "plan-end"


def plan_after(event: ev.RungRaised, incident: Incident) -> RestorePlan | None:
    """The plan that stands after a restore: begun by its approval, taken on by one of its own, gone by any other."""
    known = incident.rungs.plan
    if event.by_plan:
        return _its_own(event, known).step_made()
    if not event.then:
        return None
    return RestorePlan(event.then, event.asked_by, event.actor, event.at + LASTS, event.reason, event.workflow)


def _its_own(event: ev.RungRaised, plan: RestorePlan | None) -> RestorePlan:
    """Raise IllegalMove unless two people have approved exactly this restore."""
    if plan is None or not plan.walking:
        raise IllegalMove("No restore plan is walking, so Stepdown raises nothing.")
    if event.at > plan.until:
        raise IllegalMove(f"The restore plan of {plan.people} is older than its approval holds.")
    if not (_same(event.asked_by, plan.asked_by) and _same(event.actor, plan.approved_by)):
        raise IllegalMove(f"The restore plan is that of {plan.people}, and of nobody else.")
    if (plan.steps[0].rung, plan.workflow) != (event.to_rung, event.workflow):
        raise IllegalMove(f"The restore plan goes to {plan.steps[0].rung} next, not to {event.to_rung}.")
    return plan


def _same(one: Actor, other: Actor) -> bool:
    return same_person(one, other) and one.proven == other.proven


def plan_timers(plan: RestorePlan | None, epoch: int) -> tuple[Timer, ...]:
    """The deadline of a plan that walks on."""
    return (Timer("plan-end", f"{PLAN_END}-{epoch}", plan.until),) if plan is not None and plan.walking else ()


def without_plan(incident: Incident, why: str) -> Incident:
    """The incident with its plan stopped, where one is walking."""
    plan = incident.rungs.plan
    if plan is None or not plan.walking:
        return incident
    timers = tuple(timer for timer in incident.timers if timer.kind != PLAN_END)
    return replace(incident, rungs=replace(incident.rungs, plan=plan.stopped(why)), timers=timers)


def halted(incident: Incident, why: str) -> tuple[Incident, tuple[Effect, ...], tuple[tuple[str, str], ...]]:
    """Stop a walking plan because of the numbers, and page whoever has the incident: (incident, effects, lines)."""
    plan = incident.rungs.plan
    if plan is None or not plan.walking:
        return incident, (), ()
    text = f"Restore plan stopped: {why}. {incident.agent} stays on {incident.rungs.rung}."
    moved = escalation.page_holder(without_plan(incident, why), text)
    also = (("plan_stopped", text), *(("paged", words) for words in moved.words))
    loud = Say(incident.id, f"plan-stopped-v{incident.version + 1}", text)
    return moved.incident, (loud, *moved.effects, *_shown(incident)), also


def _shown(incident: Incident) -> tuple[Effect, ...]:
    return edits(incident, incident.rungs.restore_card or "recovery", "recovery", "incident")


@apply.register
def plan_stopped(event: ev.PlanStopped, incident: Incident) -> Transition:
    """Anybody's word, or what the bot saw: then it pages."""
    plan = incident.rungs.plan
    if plan is None or not plan.walking:
        raise IllegalMove("No restore plan is walking.")
    if event.actor.surface == "bot":
        stopped, effects, also = halted(incident, event.why)
        return Transition(stopped, also[0][1], effects, also=also[1:])
    why = f": {event.why}" if event.why else ""
    text = f"Restore plan stopped by {event.actor.name}{why}. {incident.agent} stays on {incident.rungs.rung}."
    say = Say(incident.id, f"plan-stopped-v{incident.version + 1}", text)
    stopped = without_plan(incident, f"by {event.actor.name}{why}")
    return Transition(stopped, text, (say, *_shown(incident)))


def plan_ended(at: datetime, incident: Incident) -> Transition:
    """The approval is too old to go on by: two people may approve a new plan."""
    plan = incident.rungs.plan
    if plan is None or not plan.walking:
        return Transition(incident, "The restore plan is over already.")
    why = f"its approval held until {plan.until:%H:%M} UTC"
    text = f"Restore plan ended at {at:%H:%M} UTC: {why}. {incident.agent} stays on {incident.rungs.rung}."
    mention = incident.acked_by or incident.roster.owner
    say = Say(incident.id, f"plan-ended-v{incident.version + 1}", text, mention=mention)
    return Transition(without_plan(incident, why), text, (say, *_shown(incident)))
