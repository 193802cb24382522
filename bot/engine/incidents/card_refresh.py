"""Draws posted cards anew when what they say is no longer so, though no event moved the incident."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.core.incident.effects import EditCard
from bot.core.incident.incident import Incident
from bot.core.model.samples import minute_of
from bot.core.reports import rung_effect
from bot.core.runbooks.runbook import Phase, is_open, next_step
from bot.engine.incidents.recorder import IncidentRecorder

EFFECT_AFTER = (rung_effect.LEAST + 3, rung_effect.AFTER + 3)
"""Minutes after a change of rung at which its card tells what it did: minutes settle, and it had to be read back."""
NUMBERS_EVERY: Final = 5
"""Minutes after which the numbers on posted cards are written anew."""
A_MINUTE: Final = 4
"""Incidents whose cards are written anew in a minute, where many are open."""
CARDS: Final = ("incident", "announcement", "page")


class CardRefresh:
    """Remembers what each open incident's cards last said, and asks for an edit when that changed."""

    def __init__(self, recorder: IncidentRecorder) -> None:
        self._recorder = recorder
        self._ages: dict[int, str] = {}
        self._effects: dict[int, tuple[int, int]] = {}
        self._numbers: dict[tuple[int, str], tuple[int, str]] = {}

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
            self._recorder.refresh([EditCard(incident.id, card, stamp) for card in CARDS])

    def numbers(self, incident: Incident, overdue: str, now: datetime, beside: int) -> None:
        """What people look at while it lasts, when its numbers are no longer those of now.

        That is every few minutes, and of the phase that is worked on at once when an SLI joins or clears, a rung moves
        or data stops. `beside`: how many incidents are open; with many, each waits longer, for pages go the same way.
        """
        every = max(NUMBERS_EVERY, beside // A_MINUTE)
        cards = (*CARDS, "breaches") if len(incident.breaches) > 1 else CARDS
        self._redraw(incident, cards, "", now, every)
        step = next_step(incident.plan, incident.marks)
        if step is not None and incident.channel and _numbered(incident, step.phase):
            self._redraw(incident, (f"phase-{step.phase}",), f"{_moving(incident)}|{overdue}", now, every)

    def _redraw(self, incident: Incident, cards: Sequence[str], told: str, now: datetime, every: int) -> None:
        place = (incident.id, cards[0])
        minute = minute_of(now)
        last, before = self._numbers.setdefault(place, (minute, told))
        if told != before or minute - last >= every:
            self._numbers[place] = (minute, told)
            stamp = f"seen{now:%Y%m%dT%H%M%S}"
            self._recorder.refresh([EditCard(incident.id, card, stamp) for card in cards])


def _moving(incident: Incident) -> str:
    """What of the incident shows in the evidence of a step."""
    breaches = ",".join(f"{breach.series}{'-' if breach.cleared_at else '+'}" for breach in incident.breaches)
    return f"{breaches}|{incident.rungs.epoch}|{incident.rungs.state}|{incident.rungs.seen}"


def _numbered(incident: Incident, phase: Phase) -> bool:
    """Whether an open step of this phase shows evidence that changes by itself; a source's answer stands till asked."""
    shown = (step.evidence for step in incident.plan.of(phase) if is_open(step, incident.marks))
    return any(not what.startswith("source:") for evidence in shown for what in evidence)
