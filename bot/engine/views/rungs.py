"""Cards about rungs: a change and how far the agent has obeyed, a restore that waits for a second person."""

from collections.abc import Sequence
from datetime import datetime

from bot.core.cards.autonomy import AutonomyCard, RestoreCard
from bot.core.cards.parts import Proposal
from bot.core.incident.incident import Incident
from bot.core.model.restore_plan import PlanStep, RestorePlan, in_words
from bot.core.model.rungs import RungState
from bot.core.model.samples import minute_of
from bot.core.reports import rung_effect
from bot.engine.views.team import TeamViews

RESIDUE = (
    "A lower rung does not recall what is already done, in flight or queued: check open approvals, running tasks and "
    "writes of the last minutes."
)


def plan_words(plan: RestorePlan | None) -> str:
    """How far a restore plan has come; "" where none was approved."""
    if plan is None:
        return ""
    if plan.walking:
        return f"Restore plan of {plan.people}: next {in_words(plan.steps)}, while the numbers hold."
    ended = "is done" if plan.state == "done" else f"was stopped: {plan.why}"
    return f"The restore plan of {plan.people} {ended}."


class RungViews(TeamViews):
    """Builds the cards of changes of rung."""

    def evidence(self, incident: Incident, now: datetime) -> str:
        """Recovery evidence in one sentence, for the person who is asked to approve a restore."""
        clock = self.clock_of(incident, now)
        return clock.sentence if clock is not None else "No SLI is judged."

    def autonomy_card(self, incident: Incident, epoch: int, now: datetime) -> AutonomyCard | None:
        """The card of one change of rung; None for an epoch that this incident does not know."""
        agent = self.agent_of(incident)
        history = self._store.rung_history(agent.key, incident.opened_at)
        state = next((state for state in history if state.epoch == epoch), None)
        if state is None:
            return None
        newest = epoch == incident.rungs.epoch
        before = next((s.rung for s in reversed(history) if s.epoch < epoch and s.workflow == state.workflow), None)
        from_rung = before or incident.rungs.before
        ladder = self._fleet().ladder
        here = ladder.or_bottom(state.rung)
        rung = self._sli_lines.rung_line(incident) if newest else self._sli_lines.past_rung(incident, state)
        unconfirmed = newest and incident.rungs.state == "not-confirmed"
        down = ladder.depth(here) > ladder.depth(ladder.or_bottom(from_rung))
        below = ladder.below(here) if unconfirmed else None
        return AutonomyCard(
            self.header(incident, now),
            agent.key,
            state.workflow,
            from_rung,
            state.rung,
            self.name(state.by),
            state.changed_at,
            state.reason,
            ladder.rung(here).may,
            rung,
            until=state.until,
            residue=RESIDUE if down else "",
            lower=Proposal(below.name, below.may, "the step down is not confirmed") if below else None,
            effects=self._effects(incident, state, from_rung, history, now),
            undo=newest and down and incident.open,
        )

    def _effects(
        self, incident: Incident, state: RungState, from_rung: str, history: Sequence[RungState], now: datetime
    ) -> tuple[str, ...]:
        """What the breached SLIs did from the onset to this change and after it; nothing before it was read back."""
        if state.confirmed_at is None or not incident.breaches:
            return ()
        changes = [(minute_of(one.changed_at), minute_of(one.confirmed_at or one.changed_at)) for one in history]
        first, newest = min(breach.first_bad for breach in incident.breaches), minute_of(now)
        rows = self._store.minutes_of([incident.agent], first, newest)
        found = []
        for breach in incident.breaches:
            before, after = rung_effect.spans(breach.first_bad, changes, history.index(state), newest)
            moved = rung_effect.moved(breach, self._fleet().ladder, state.workflow, (state.rung, from_rung))
            found.append(rung_effect.effect(breach, rows.get(breach.series, ()), before, after, moved))
        return tuple(rung_effect.in_words(one) for one in found if one.minutes_after >= rung_effect.LEAST)

    def restore_card(self, incident: Incident, name: str, now: datetime) -> RestoreCard | None:
        """The card that asks for a second person; `settled` once somebody answered."""
        rungs = incident.rungs
        if rungs.restore_card != name:
            return None
        by = rungs.restore_by
        ladder = self._fleet().ladder
        if by is not None:
            return RestoreCard(
                self.header(incident, now),
                rungs.rung,
                rungs.restore_to,
                ladder.rung(ladder.or_bottom(rungs.restore_to)).may,
                by.name,
                by.slack,
                rungs.restore_reason,
                rungs.restore_evidence,
                then=self._then(rungs.restore_then),
            )
        settled_by = self._how_settled(incident)
        return RestoreCard(
            self.header(incident, now),
            rungs.from_rung,
            rungs.rung,
            ladder.rung(ladder.or_bottom(rungs.rung)).may,
            "",
            "",
            rungs.restore_reason,
            rungs.restore_evidence,
            settled=settled_by,
            plan=plan_words(rungs.plan),
            plan_walks=rungs.plan is not None and rungs.plan.walking and incident.open,
        )

    def _then(self, steps: tuple[PlanStep, ...]) -> tuple[tuple[str, str, int], ...]:
        ladder = self._fleet().ladder
        return tuple((step.rung, ladder.rung(ladder.or_bottom(step.rung)).may, step.after) for step in steps)

    def _how_settled(self, incident: Incident) -> str:
        kinds = ("rung_raised", "restore_declined", "rung_lowered", "plan_stopped")
        for entry in reversed(self._store.entries(incident.id)):
            if entry.entry.kind in kinds:
                return entry.entry.text
        return "It is settled."
