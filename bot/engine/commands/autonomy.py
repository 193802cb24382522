"""Down is easy, up is hard: stepping down; asking for, approving and declining restores (`product.md` section 7)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.core.autonomy.effective_rung import effective_rung
from bot.core.autonomy.file_record import fleet_of
from bot.core.cards.answer import Answer
from bot.core.incident import permissions
from bot.core.incident.events import Event, PlanStopped, RestoreAsked, RestoreDeclined, RungLowered, RungRaised
from bot.core.incident.incident import IllegalMove, Incident, IncidentState
from bot.core.model.fleet import Agent
from bot.core.model.people import Actor
from bot.core.model.restore_plan import LEAST_WAIT, MOST_WAIT, PlanStep, in_words, steps_between
from bot.engine import name_lookup
from bot.engine.commands.act_recorder import ActRecorder
from bot.engine.incidents.opener import IncidentOpener
from bot.engine.name_lookup import Unknown
from bot.ports.errors import Conflict


class _NotAllowed(IllegalMove):
    """The person may not; what they wanted was legal."""


@dataclass(frozen=True, slots=True)
class AutonomyCommands:
    """Acts on rungs. Lowering opens an incident where none is open; raising needs one with recovery evidence."""

    acts: ActRecorder
    opener: IncidentOpener

    def step_down(
        self,
        actor: Actor,
        agent: str,
        rung: str | None,
        reason: str = "",
        minutes: int | None = None,
        workflow: str = "",
    ) -> Answer:
        """Lower the rung now. `rung` None: one rung down. `minutes`: ask for the restore after that time."""
        try:
            found = self.acts.find_agent(agent)
            wanted = None if rung is None else name_lookup.find_rung(self.acts.fleet(), rung)
            self._check_workflow(found, workflow)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        if refusal := permissions.may_respond(actor, found):
            return self.acts.refuse(actor, refusal, self.acts.open_incident_of(found.key))
        try:
            return self._lower(actor, found, wanted, reason, minutes, workflow)
        except IllegalMove as why:
            return Answer(str(why), ok=False)

    def _check_workflow(self, agent: Agent, workflow: str) -> None:
        if workflow and workflow not in agent.workflows:
            known = ", ".join(agent.workflows) or "none"
            raise Unknown(f"{agent.key} has no workflow {workflow!r}. There are: {known}.")

    def _lower(
        self, actor: Actor, agent: Agent, wanted: str | None, reason: str, minutes: int | None, workflow: str
    ) -> Answer:
        present = self.opener.rung(agent, workflow)
        to = wanted or self._one_below(present)
        ladder = self.acts.fleet().ladder
        if ladder.depth(to) == ladder.depth(present):
            return Answer(
                f"{agent.key} is on {to} already. Nothing changed.", incident_id=self.acts.open_incident_of(agent.key)
            )
        if ladder.depth(to) < ladder.depth(present):
            text = f"{to} is above {present}. Raising goes one rung at a time: /autonomy {agent.key} restore"
            return Answer(text, ok=False)
        incident_id = self._incident_for(actor, agent, f"stepped down to {to}", reason)

        lowered: list[str] = []

        def decide(_: Incident) -> Event | None:
            """Judged on the rung of now: of two taps at once the second finds it lowered already."""
            lowered.clear()
            here, now = self.opener.rung(agent, workflow), self.acts.now()
            if ladder.depth(to) <= ladder.depth(here):
                return None
            lowered.append(here)
            until = now + timedelta(minutes=minutes) if minutes else None
            epoch = self.acts.store.epoch(agent.key) + 1
            within = agent.control.confirm_within
            return RungLowered(now, actor, workflow, here, to, epoch, reason, until, within)

        after = self.acts.recorder.record(incident_id, decide)
        if not lowered:
            return Answer(f"{agent.key} is on {self.opener.rung(agent, workflow)} already.", incident_id=after.id)
        text = f"Step down requested: {agent.key} {present} -> {to}. Waiting for the agent to read it back."
        return Answer(text, incident_id=after.id)

    def pin(self, actor: Actor, agent: str, reason: str = "", workflow: str = "") -> Answer:
        """Commit the present rung, so that no fleet file moves it. It changes nothing that the agent may do."""
        try:
            found = self.acts.find_agent(agent)
            self._check_workflow(found, workflow)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        if refusal := permissions.may_respond(actor, found):
            return self.acts.refuse(actor, refusal, self.acts.open_incident_of(found.key))
        here = self._present(found, workflow)
        if self._is_pinned(found, workflow, here):
            return Answer(f"{found.key} is pinned to {here} already. Nothing changed.")
        why = reason or "so that no fleet file moves it"
        incident_id = self._incident_for(actor, found, f"pinned to {here}", why, pages=False)

        def decide(_: Incident) -> Event | None:
            present, now = self._present(found, workflow), self.acts.now()
            if self._is_pinned(found, workflow, present):
                return None
            epoch = self.acts.store.epoch(found.key) + 1
            return RungLowered(now, actor, workflow, present, present, epoch, why)

        try:
            after = self.acts.recorder.record(incident_id, decide)
        except IllegalMove as refused:
            return Answer(str(refused), ok=False, incident_id=incident_id)
        text = f"Pinned {found.key} to {after.rungs.rung}: no fleet file moves it. Two people may restore it."
        return Answer(text, incident_id=after.id)

    def _present(self, agent: Agent, workflow: str) -> str:
        """The rung by the file in force: the one that was read here may be the very one that would raise it."""
        here, known = self.opener.rung(agent, workflow), self.acts.store.file_record()
        in_force = fleet_of(known) if known is not None else self.acts.fleet()
        there = in_force.agents.get(agent.key)
        if there is None:
            return here
        ladder = self.acts.fleet().ladder
        return ladder.lower(
            here, ladder.or_bottom(effective_rung(there, in_force.ladder, self.acts.store.rungs(agent.key), workflow))
        )

    def _is_pinned(self, agent: Agent, workflow: str, rung: str) -> bool:
        state = self.acts.store.rung(agent.key, workflow)
        return state is not None and self.acts.fleet().ladder.or_bottom(state.rung) == rung

    def _one_below(self, present: str) -> str:
        below = self.acts.fleet().ladder.below(present)
        if below is None:
            raise IllegalMove(f"{present} is the lowest rung already.")
        return below.name

    def _incident_for(self, actor: Actor, agent: Agent, what: str, reason: str, *, pages: bool = True) -> int:
        """The open incident this change belongs to; a new one where none is open."""
        for _ in range(3):
            open_id = self.acts.open_incident_of(agent.key)
            if open_id is not None:
                return open_id
            title = what + (f": {reason}" if reason else "")
            try:
                return self.opener.manual(agent, title, actor, self.acts.now(), pages=pages).id
            except Conflict:
                continue
        raise Conflict(f"could not open an incident on {agent.key}")

    def ask_restore(self, actor: Actor, agent: str, reason: str, workflow: str = "") -> Answer:
        """Ask for one rung up. It happens when a second person approves."""
        return self._ask(actor, agent, reason, workflow, None)

    def ask_plan(
        self, actor: Actor, agent: str, reason: str, up_to: str = "", after: int = LEAST_WAIT, workflow: str = ""
    ) -> Answer:
        """Ask for a restore plan: one rung up, and then on to `up_to` ("": the normal rung) while the numbers hold.

        `after`: good minutes between two restores.
        """
        if not LEAST_WAIT <= after <= MOST_WAIT:
            text = f"A restore plan waits {LEAST_WAIT} to {MOST_WAIT} good minutes between two restores, not {after}."
            return Answer(text, ok=False)
        return self._ask(actor, agent, reason, workflow, PlanStep(up_to, after))

    def stop_plan(self, actor: Actor, agent: str, why: str = "") -> Answer:
        """Stop a restore plan where it is. Anybody may: it raises nothing."""
        try:
            found = self.acts.find_agent(agent)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        for incident in self.acts.store.open_incidents(found.key):
            if incident.rungs.plan is not None and incident.rungs.plan.walking:
                return self._stopped(actor, incident, why)
        return Answer(f"No restore plan of {found.key} is walking.", ok=False)

    def _stopped(self, actor: Actor, incident: Incident, why: str) -> Answer:
        try:
            after = self.acts.recorder.record(incident.id, lambda _: PlanStopped(self.acts.now(), actor, why))
        except IllegalMove as refused:
            return Answer(str(refused), ok=False, incident_id=incident.id)
        text = f"The restore plan is stopped. {after.agent} stays on {after.rungs.rung}."
        return Answer(text, incident_id=incident.id)

    def _ask(self, actor: Actor, agent: str, reason: str, workflow: str, plan: PlanStep | None) -> Answer:
        """`plan`: how far a plan goes, and how long it waits between two restores; None: one restore and no more."""
        try:
            found = self.acts.find_agent(agent)
            self._check_workflow(found, workflow)
            if plan is not None:
                top = plan.rung or found.normal_rung
                plan = PlanStep(name_lookup.find_rung(self.acts.fleet(), top), plan.after)
        except Unknown as unknown:
            return Answer(str(unknown), ok=False)
        incident = self._restorable(found)
        if incident is None:
            return Answer(
                f"{found.key} has no open incident, so there is no recovery evidence to restore on.", ok=False
            )
        refusal = permissions.may_restore(actor, found, incident)
        if refusal:
            return self.acts.refuse(actor, refusal, incident.id)
        try:
            after = self.acts.recorder.record(
                incident.id, lambda fresh: self._asked(fresh, actor, reason, workflow, plan)
            )
        except IllegalMove as why:
            return Answer(str(why), ok=False, incident_id=incident.id)
        then = f", and by a plan {in_words(after.rungs.restore_then)}" if after.rungs.restore_then else ""
        text = f"Asked to restore {found.key} to {after.rungs.restore_to}{then}. A second person must approve it."
        return Answer(text, incident_id=incident.id)

    def _restorable(self, agent: Agent) -> Incident | None:
        """The incident whose recovery speaks for a restore: one about missing data only where there is no other."""
        open_ = sorted(self.acts.store.open_incidents(agent.key), key=lambda incident: incident.kind == "blind")
        return open_[0] if open_ else None

    def _asked(
        self, incident: Incident, actor: Actor, reason: str, workflow: str, plan: PlanStep | None = None
    ) -> Event:
        now = self.acts.now()
        present = self._in_force(incident, workflow)
        barred = self._barred(incident, present, now)
        if barred:
            raise IllegalMove(barred)
        above = self.acts.fleet().ladder.above(present)
        if above is None:
            raise IllegalMove(f"{incident.agent} is on the top rung already.")
        evidence = self.acts.views.evidence(incident, now)
        then = self._then(incident, above.name, plan) if plan is not None else ()
        return RestoreAsked(now, actor, present, above.name, reason, evidence, workflow, then)

    def _then(self, incident: Incident, first: str, plan: PlanStep) -> tuple[PlanStep, ...]:
        """The restores after the first one. Raises IllegalMove for a plan that goes above normal, or nowhere."""
        ladder = self.acts.fleet().ladder
        normal = self.acts.views.as_of_now(incident).rungs.normal
        if ladder.depth(plan.rung) < ladder.depth(normal):
            raise IllegalMove(f"{plan.rung} is above the normal rung of {incident.agent}, {normal}.")
        if ladder.depth(plan.rung) > ladder.depth(first):
            raise IllegalMove(f"The next rung up is {first}: a plan to {plan.rung} goes nowhere.")
        return steps_between(ladder, first, plan.rung, plan.after)

    def _in_force(self, incident: Incident, workflow: str) -> str:
        """The rung that was committed for exactly this scope; what the incident remembers may be another scope's."""
        state = self.acts.store.rung(incident.agent, workflow)
        return self.acts.fleet().ladder.or_bottom(state.rung if state is not None else incident.rungs.normal)

    def _barred(self, incident: Incident, present: str, now: datetime) -> str:
        clock = self.acts.views.clock_of(incident, now)
        here = self.acts.views.as_of_now(replace(incident, rungs=replace(incident.rungs, rung=present)))
        return permissions.restore_barred(here, self.acts.fleet().ladder, clock)

    def approve_restore(self, actor: Actor, incident_id: int) -> Answer:
        """Be the second person. The rung goes up by one, and the recovery clock starts again."""
        incident = self.acts.store.incident(incident_id)
        if incident is None or incident.rungs.restore_by is None:
            return Answer("No restore is waiting for an answer.", ok=False, incident_id=incident_id)
        agent = self.acts.fleet().agents.get(incident.agent)
        if agent is None:
            return Answer(f"{incident.agent} is not in the fleet file any more.", ok=False)
        try:
            after = self.acts.recorder.record(incident_id, lambda fresh: self._raised(fresh, actor, agent))
        except _NotAllowed as refusal:
            return self.acts.refuse(actor, str(refusal), incident_id)
        except IllegalMove as why:
            return Answer(str(why), ok=False, incident_id=incident_id)
        if after.rungs.restore_by is not None:
            asked = incident.rungs.restore_by.name
            text = f"{asked} was not proven to have asked, so the asking is yours now. A second person must approve it."
            return Answer(text, incident_id=incident_id)
        text = f"Restored {incident.agent} to {after.rungs.rung}. The clock runs again."
        plan = after.rungs.plan
        if plan is not None and plan.walking:
            text = f"{text} Next by the plan, while the numbers hold: {in_words(plan.steps)}."
        return Answer(text, incident_id=incident_id)

    def _raised(self, incident: Incident, actor: Actor, agent: Agent) -> Event:
        """Decide on the present state: who asked, and whether the evidence still stands."""
        rungs = incident.rungs
        if rungs.restore_by is None or not rungs.restore_to:
            raise IllegalMove("No restore is waiting for an answer.")
        if refusal := permissions.may_restore(actor, agent, incident, rungs.restore_by):
            raise _NotAllowed(refusal)
        if incident.state not in (IncidentState.RECOVERED, IncidentState.RECOVERING):
            raise IllegalMove(f"The evidence is gone: {incident.last_reset or 'it is not recovered any more'}.")
        present = self._in_force(incident, rungs.restore_workflow)
        above = self.acts.fleet().ladder.above(present)
        if above is None or above.name != rungs.restore_to:
            raise IllegalMove(f"It is on {present} by now; ask again.")
        answered = replace(incident, rungs=rungs.without_ask())
        if barred := self._barred(answered, present, self.acts.now()):
            raise IllegalMove(f"The evidence is gone: {barred}")
        if permissions.takes_over(actor, rungs.restore_by):
            reason = rungs.restore_reason
            evidence = self.acts.views.evidence(answered, self.acts.now())
            return RestoreAsked(
                self.acts.now(),
                actor,
                present,
                rungs.restore_to,
                reason,
                evidence,
                rungs.restore_workflow,
                rungs.restore_then,
            )
        return RungRaised(
            self.acts.now(),
            actor,
            present,
            rungs.restore_to,
            self.acts.store.epoch(agent.key) + 1,
            rungs.restore_reason,
            rungs.restore_by,
            rungs.restore_workflow,
            agent.control.confirm_within,
            normal=agent.normal_rung,
            then=rungs.restore_then,
        )

    def decline_restore(self, actor: Actor, incident_id: int, reason: str) -> Answer:
        """Say no to a restore. Anybody on call may."""
        incident = self.acts.store.incident(incident_id)
        agent = None if incident is None else self.acts.fleet().agents.get(incident.agent)
        if incident is None or agent is None:
            return Answer("There is no such incident.", ok=False)
        if refusal := permissions.may_respond(actor, agent):
            return self.acts.refuse(actor, refusal, incident_id)
        try:
            self.acts.recorder.record(incident_id, lambda _: RestoreDeclined(self.acts.now(), actor, reason))
        except IllegalMove as why:
            return Answer(str(why), ok=False, incident_id=incident_id)
        return Answer("Declined. The rung stays.", incident_id=incident_id)
