"""Draws posted cards anew when what they say is no longer so, though no event moved the incident."""

from datetime import datetime
from typing import Final

from bot.core.incident.effects import EditCard
from bot.core.incident.incident import Incident
from bot.core.model.samples import minute_of
from bot.core.reports import rung_effect
from bot.core.runbooks.runbook import next_step
from bot.engine.incidents.recorder import IncidentRecorder

EFFECT_AFTER = (rung_effect.LEAST + 3, rung_effect.AFTER + 3)
"""Minutes after a change of rung at which its card tells what it did: minutes settle, and it had to be read back."""
EVIDENCE_EVERY: Final = 5
"""Minutes after which the numbers beside the open step of the runbook are written anew."""
NUMBERED: Final = frozenset({"slis", "sli", "rung", "instances", "timeline"})
"""Evidence of a step that changes by itself; what a source answered stands until it is asked again."""


class CardRefresh:
    """Remembers what each open incident's cards last said, and asks for an edit when that changed."""

    def __init__(self, recorder: IncidentRecorder) -> None:
        self._recorder = recorder
        self._ages: dict[int, str] = {}
        self._effects: dict[int, tuple[int, int]] = {}
        self._evidence: dict[int, str] = {}

    def effect(self, incident: Incident, now: datetime) -> None:
        """The card of a confirmed change, once its effect can be told, and once it is told whole."""
        rungs = incident.rungs
        if rungs.state != "confirmed" or rungs.requested_at is None or not incident.breaches:
            return
        passed = (now - rungs.requested_at).total_seconds() / 60
        told = (rungs.epoch, sum(passed >= after for after in EFFECT_AFTER))
        if told[1] and self._effects.get(incident.id) != told:
            self._effects[incident.id] = told
            self._recorder.refresh([EditCard(incident.id, f"autonomy-{rungs.epoch}", f"effect{told[1]}")])

    def ages(self, incident: Incident, overdue: str, now: datetime) -> None:
        """The cards with numbers, when one became too old to speak of now, or newer ones came.

        `overdue`: which numbers are too old, in any fixed form.
        """
        if self._ages.get(incident.id, "") != overdue:
            self._ages[incident.id] = overdue
            stamp = f"age{minute_of(now)}"
            self._recorder.refresh(
                [EditCard(incident.id, card, stamp) for card in ("incident", "announcement", "page")]
            )

    def evidence(self, incident: Incident, overdue: str, now: datetime) -> None:
        """The phase that is worked on, when the numbers beside its open steps are no longer those of now.

        That is every few minutes, and at once when an SLI joins or clears, a rung moves or data stops.
        """
        step = next_step(incident.plan, incident.marks)
        if step is None or not incident.channel or not _numbered(incident, step.phase):
            return
        told = f"{step.phase}|{minute_of(now) // EVIDENCE_EVERY}|{_moving(incident)}|{overdue}"
        before = self._evidence.setdefault(incident.id, told)
        if before != told:
            self._evidence[incident.id] = told
            self._recorder.refresh([EditCard(incident.id, f"phase-{step.phase}", f"seen{now:%Y%m%dT%H%M%S}")])


def _moving(incident: Incident) -> str:
    """What of the incident shows in the evidence of a step."""
    breaches = ",".join(f"{breach.series}{'-' if breach.cleared_at else '+'}" for breach in incident.breaches)
    return f"{breaches}|{incident.rungs.epoch}|{incident.rungs.state}|{incident.rungs.seen}"


def _numbered(incident: Incident, phase: str) -> bool:
    """Whether an open step of this phase shows evidence that changes by itself."""
    return any(
        what.partition(":")[0] in NUMBERED
        for step in incident.plan.steps
        if step.phase == phase and (step.id not in incident.marks or incident.marks[step.id].outcome == "blocked")
        for what in step.evidence
    )
