"""What changes of rung do to an incident. Down is easy, up is hard; nothing is confirmed because it was requested."""

from dataclasses import replace
from datetime import timedelta

from bot.core.formatting.plurals import plural
from bot.core.incident import events as ev
from bot.core.incident.effects import Effect, PostCard, PushRung, Say
from bot.core.incident.incident import IllegalMove, Incident, IncidentState, Timer
from bot.core.model.people import same_person
from bot.core.model.restore_plan import in_words
from bot.core.model.samples import minute_of
from bot.core.transitions.restore_plans import plan_after, plan_timers, without_plan
from bot.core.transitions.transition import Transition, apply, ask_ended, charts, edits


def _without(incident: Incident, *kinds: str) -> tuple[Timer, ...]:
    return tuple(timer for timer in incident.timers if timer.kind not in kinds)


def _publish(incident: Incident, epoch: int) -> tuple[Effect, ...]:
    """Push the rung, show its card, and bring the cards that name the rung up to date."""
    rungs = incident.rungs
    push = PushRung(incident.id, incident.agent, rungs.workflow, rungs.rung, epoch)
    shown = edits(incident, "incident", "announcement", "pages", "page", "recovery", "resolve")
    if not incident.channel:
        return (push, *shown)
    return (push, PostCard(incident.id, f"autonomy-{epoch}"), *shown)


@apply.register
def rung_lowered(event: ev.RungLowered, incident: Incident) -> Transition:
    """A lower rung is published. The confirm deadline starts; a restore that was asked for is off, and so is a plan."""
    incident = without_plan(incident, f"stepped down to {event.to_rung}")
    scope = f" for {event.workflow}" if event.workflow else ""
    until = f" until {event.until:%H:%M} UTC" if event.until else ""
    timers = _without(incident, "confirm", "rung-until")
    confirm_at = event.at + timedelta(seconds=event.confirm_within)
    pinned = event.from_rung == event.to_rung and event.follows is None
    if not pinned:  # the agent obeys this rung already, so nobody is to be woken when it is slow to read the epoch back
        timers = (*timers, Timer("confirm", f"confirm-{event.epoch}", confirm_at))
    if event.until:
        timers = (*timers, Timer("rung-until", f"until-{event.epoch}", event.until))
    rungs = replace(
        incident.rungs.without_ask(),
        rung=event.to_rung,
        from_rung=event.from_rung,
        workflow=event.workflow,
        epoch=event.epoch,
        state="requested",
        requested_at=event.at,
        by=event.actor.key,
        reason=event.reason,
        until=event.until,
        seen=0,
        instances=0,
        seconds=None,
    )
    lowered = replace(incident, rungs=rungs, timers=timers)
    text = f"Step down{scope} requested: {event.from_rung} -> {event.to_rung}{until}. {event.reason}".rstrip()
    if pinned:
        text = f"Pinned{scope} to {event.to_rung}: {event.reason}".rstrip(": ")
    if event.follows is not None:
        held = f"stays on {event.to_rung}" if event.from_rung == event.to_rung else f"goes down to {event.to_rung}"
        text = f"Lost state: {event.reason}. {incident.agent} {held}, from epoch {event.epoch} on."
    return Transition(lowered, text, (*_publish(lowered, event.epoch), *ask_ended(incident)))


@apply.register
def rung_seen(event: ev.RungSeen, incident: Incident) -> Transition:
    """Some instances have read the rung back."""
    _current(event.epoch, incident)
    rungs = replace(incident.rungs, seen=event.seen, instances=event.instances)
    if rungs.state == "requested":
        rungs = replace(rungs, state="seen")
    seen = replace(incident, rungs=rungs)
    text = f"{rungs.rung} read back by {event.seen} of {plural(event.instances, 'instance')}."
    return Transition(seen, text, edits(incident, f"autonomy-{event.epoch}", "incident"))


@apply.register
def rung_confirmed(event: ev.RungConfirmed, incident: Incident) -> Transition:
    """Every live instance applies the rung. A lower one contains the agent."""
    _current(event.epoch, incident)
    rungs = replace(
        incident.rungs, state="confirmed", seen=event.seen, instances=event.instances, seconds=event.seconds
    )
    confirmed = replace(incident, rungs=rungs, timers=_without(incident, "confirm"))
    down = rungs.raised_at is None or (rungs.requested_at is not None and rungs.requested_at > rungs.raised_at)
    covers = not rungs.workflow or all(breach.series.workflow == rungs.workflow for breach in incident.breaches)
    if down and covers and incident.contained_at is None and rungs.rung != rungs.normal:
        confirmed = replace(confirmed, contained_at=event.at)
    if confirmed.state is IncidentState.RESPONDING and confirmed.contained_at is not None:
        confirmed = replace(confirmed, state=IncidentState.CONTAINED)
    text = f"{rungs.rung} confirmed by {event.seen} of {plural(event.instances, 'instance')} in {event.seconds:.0f} s."
    cards = (f"autonomy-{event.epoch}", "direct", "page", "incident", "announcement", "recovery", "resolve")
    return Transition(confirmed, text, (*edits(incident, *cards), *charts(confirmed)))


def _current(epoch: int, incident: Incident) -> None:
    if epoch != incident.rungs.epoch:
        raise IllegalMove(f"Epoch {epoch} is not the newest change of {incident.agent} ({incident.rungs.epoch} is).")


@apply.register
def containment_declared(event: ev.ContainmentDeclared, incident: Incident) -> Transition:
    """A person contained it by other means."""
    state = IncidentState.CONTAINED if incident.state is IncidentState.RESPONDING else incident.state
    contained = replace(incident, state=state, contained_at=incident.contained_at or event.at)
    return Transition(contained, f"Declared contained: {event.reason}")


@apply.register
def restore_asked(event: ev.RestoreAsked, incident: Incident) -> Transition:
    """Ask for one rung up; a second person decides."""
    card = f"restore-{incident.version + 1}"
    rungs = replace(
        incident.rungs,
        restore_to=event.to_rung,
        restore_by=event.actor,
        restore_reason=event.reason,
        restore_evidence=event.evidence,
        restore_card=card,
        restore_workflow=event.workflow,
        restore_then=event.then,
    )
    asked = replace(incident, rungs=rungs)
    reason = f" {event.reason}." if event.reason else ""
    plan = f" and, by a restore plan, {in_words(event.then)}" if event.then else ""
    text = f"{event.actor.name} asks to restore {event.from_rung} -> {event.to_rung}{plan}.{reason} {event.evidence}"
    effects: tuple[Effect, ...] = (PostCard(incident.id, card),) if incident.channel else ()
    return Transition(asked, text.strip(), (*effects, *edits(incident, "recovery", "resolve")))


@apply.register
def restore_declined(event: ev.RestoreDeclined, incident: Incident) -> Transition:
    """The second person said no; the rung stays."""
    rungs = incident.rungs
    if not rungs.restore_to:
        raise IllegalMove("No restore is waiting for an answer.")
    declined = replace(incident, rungs=rungs.without_ask())
    text = f"Restore to {rungs.restore_to} declined by {event.actor.name}: {event.reason}"
    return Transition(declined, text, edits(incident, rungs.restore_card, "recovery", "resolve"))


@apply.register
def rung_raised(event: ev.RungRaised, incident: Incident) -> Transition:
    """One rung up, with two different people behind it. The recovery clock starts again from the next minute."""
    if event.actor.surface == "bot" or event.asked_by.surface == "bot":
        raise IllegalMove("Stepdown alone never raises a rung.")
    if same_person(event.actor, event.asked_by):
        raise IllegalMove("A restore takes a second person.")
    if not (event.actor.proven and event.asked_by.proven):
        raise IllegalMove("A restore takes two people who are proven: by Slack, or by a personal token.")
    plan = plan_after(event, incident)
    rungs = replace(
        incident.rungs.without_ask(),
        rung=event.to_rung,
        from_rung=event.from_rung,
        workflow=event.workflow,
        epoch=event.epoch,
        normal=event.normal or incident.rungs.normal,
        state="requested",
        requested_at=event.at,
        by=event.asked_by.key,
        reason=event.reason,
        until=None,
        seen=0,
        instances=0,
        seconds=None,
        raised_at=event.at,
        plan=plan,
    )
    raised = replace(
        incident,
        state=IncidentState.RECOVERING,
        rungs=rungs,
        hold_from=minute_of(event.at) + 1,
        recovered_at=None,
        timers=(*_without(incident, "confirm", "rung-until", "watch-end", "plan-end"), *plan_timers(plan, event.epoch)),
    )
    how = f"asked by {event.asked_by.name}, approved by {event.actor.name}"
    if event.by_plan and plan is not None:
        how = f"by the restore plan of {plan.people}"
    on = f" Next by the plan: {in_words(plan.steps)}." if plan is not None and plan.walking else ""
    text = f"Restored {event.from_rung} -> {event.to_rung}: {how}. The 30 minutes run again from here.{on}"
    effects = (*_publish(raised, event.epoch), *edits(incident, incident.rungs.restore_card))
    also: tuple[tuple[str, str], ...] = ()
    if event.to_rung == rungs.normal:
        also = (("restored", f"{incident.agent} is back on its normal rung, {rungs.normal}."),)
        effects = (*effects, Say(incident.id, f"restored-{event.epoch}", also[0][1]))
    return Transition(raised, text, effects, also=also)
