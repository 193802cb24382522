"""Walking a restore plan: the next restore in the names of the two people behind it, while the numbers hold.

The plan, its approval and how far it came stand in the incident, so a restart or another replica goes on where it was;
of two replicas one commits, by the incident's version and the agent's epoch. What it waits for is what a person would
be asked for: the rung before read back by every instance, and so many good minutes since.
"""

from collections.abc import Callable
from datetime import datetime

from bot.core.incident.events import Event, PlanStopped, RungRaised
from bot.core.incident.incident import IllegalMove, Incident
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.people import BOT
from bot.core.model.restore_plan import RestorePlan
from bot.core.recovery.recovery_clock import RecoveryClock
from bot.engine.incidents.recorder import IncidentRecorder
from bot.ports.store import RungStore


class RestoreWalk:
    """Takes the next step of a plan, waits, or stops it."""

    def __init__(self, store: RungStore, recorder: IncidentRecorder, fleet: Callable[[], Fleet]) -> None:
        self._store = store
        self._recorder = recorder
        self._fleet = fleet

    def walk(self, incident: Incident, clock: RecoveryClock, now: datetime) -> None:
        """Judge the plan of an incident by the clock that speaks of it."""
        if incident.rungs.plan is None or not incident.rungs.plan.walking:
            return
        judged = (incident.hold_from, incident.breaches, incident.rungs.epoch)

        def decide(fresh: Incident) -> Event | None:
            """A clock of before the last change says nothing of now; the next tick has a new one."""
            if (fresh.hold_from, fresh.breaches, fresh.rungs.epoch) != judged:
                return None
            return self._next(fresh, clock, now)

        try:
            self._recorder.record(incident.id, decide)
        except IllegalMove:
            return

    def _next(self, incident: Incident, clock: RecoveryClock, now: datetime) -> Event | None:
        plan = incident.rungs.plan
        if plan is None or not plan.walking:
            return None
        agent = self._fleet().agents.get(incident.agent)
        if agent is None:
            return PlanStopped(now, BOT, f"{incident.agent} is not in the fleet file any more")
        if why := self._broken(incident, agent, plan) or _bad(clock):
            return PlanStopped(now, BOT, why)
        step = plan.steps[0]
        if incident.rungs.state != "confirmed" or clock.state not in ("running", "held") or clock.minutes < step.after:
            return None
        return RungRaised(
            now,
            plan.approved_by,
            incident.rungs.rung,
            step.rung,
            self._store.epoch(agent.key) + 1,
            plan.reason,
            plan.asked_by,
            plan.workflow,
            agent.control.confirm_within,
            normal=agent.normal_rung,
            by_plan=True,
        )

    def _broken(self, incident: Incident, agent: Agent, plan: RestorePlan) -> str:
        """Why the agent is not where the plan left it, or the plan does not fit the ladder of now; "" where it is."""
        ladder, step = self._fleet().ladder, plan.steps[0]
        if self._store.epoch(agent.key) != incident.rungs.epoch:
            return "the agent's rung was changed beside it"
        state = self._store.rung(agent.key, plan.workflow)
        present = ladder.or_bottom(state.rung) if state is not None else incident.rungs.rung
        above = ladder.above(present)
        if above is None or above.name != step.rung:
            return f"{step.rung} is not one rung above {present} any more"
        if agent.normal_rung in ladder.names() and ladder.depth(step.rung) < ladder.depth(agent.normal_rung):
            return f"{step.rung} is above the normal rung, {agent.normal_rung}"
        return ""


def _bad(clock: RecoveryClock) -> str:
    """What was bad since the last restore, also where good minutes came after it; "" where nothing was."""
    if clock.last_reset:
        return clock.last_reset
    return "a minute was bad since the last restore" if clock.last_bad is not None else ""
