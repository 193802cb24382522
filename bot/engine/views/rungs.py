"""Cards about rungs: a change and how far the agent has obeyed, a restore that waits for a second person."""

from collections.abc import Sequence
from datetime import datetime

from bot.core.cards.autonomy import AutonomyCard, RestoreCard
from bot.core.cards.parts import Proposal
from bot.core.incident.events import RestoreAsked
from bot.core.incident.incident import Incident
from bot.core.incident.timeline import Entry, SealedEntry
from bot.core.model.restore_plan import PlanStep, RestorePlan, in_words
from bot.core.model.rungs import RungState
from bot.core.model.samples import minute_of
from bot.core.reports import rung_effect
from bot.engine.views.team import TeamViews

RESIDUE = (
    "A lower rung does not recall what is already done, in flight or queued: check open approvals, running tasks and "
    "writes of the last minutes."
)

ENDS = frozenset(
    {"rung_raised", "restore_declined", "rung_lowered", "recovery_reset", "resolved", "cancelled", "reopened"}
)
"""Kinds of entries after which a restore that waited for its second person waits no more."""
WALKED = frozenset({"rung_raised", "plan_stopped"})


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
        """The card that asks for a second person; `settled` once that is over, with how it ended."""
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
        asked, settled = _how_it_ended(self._store.entries(incident.id), planned=rungs.plan is not None)
        return RestoreCard(
            self.header(incident, now),
            asked.from_rung if asked else rungs.from_rung,
            asked.to_rung if asked else rungs.rung,
            ladder.rung(ladder.or_bottom(asked.to_rung if asked else rungs.rung)).may,
            asked.actor.name if asked else "",
            asked.actor.slack if asked else "",
            rungs.restore_reason,
            rungs.restore_evidence,
            settled=settled,
            plan=plan_words(rungs.plan),
            plan_walks=rungs.plan is not None and rungs.plan.walking and incident.open,
        )

    def _then(self, steps: tuple[PlanStep, ...]) -> tuple[tuple[str, str, int], ...]:
        ladder = self._fleet().ladder
        return tuple((step.rung, ladder.rung(ladder.or_bottom(step.rung)).may, step.after) for step in steps)


def _how_it_ended(entries: Sequence[SealedEntry], *, planned: bool) -> tuple[RestoreAsked | None, str]:
    """The newest ask, and what ended it; of an approved plan the last that was heard of it."""
    asked: RestoreAsked | None = None
    ends: list[Entry] = []
    for one in sorted(entries, key=lambda sealed: sealed.serial):
        if isinstance(one.entry.event, RestoreAsked):
            asked, ends = one.entry.event, []
        elif one.entry.kind in ENDS:
            ends.append(one.entry)
    if not ends:
        return asked, "It is settled."
    walked = [entry for entry in ends if entry.kind in WALKED]
    by_plan = planned and ends[0].kind == "rung_raised" and walked
    return asked, (walked[-1] if by_plan else ends[0]).text
