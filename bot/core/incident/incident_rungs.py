"""The agent's rung as an incident knows it, with the restore and the restore plan that wait or walk."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from bot.core.model.people import Actor
from bot.core.model.restore_plan import PlanStep, RestorePlan


@dataclass(frozen=True, slots=True)
class IncidentRungs:
    """The agent's rung as this incident knows it. `state`: none, requested, seen, confirmed, not-confirmed."""

    rung: str
    normal: str
    before: str
    """The rung the agent was on when the incident opened."""
    workflow: str = ""
    """The workflow the last change was for; "" for the agent as a whole."""
    epoch: int = 0
    state: Literal["none", "requested", "seen", "confirmed", "not-confirmed"] = "none"
    requested_at: datetime | None = None
    from_rung: str = ""
    by: str = ""
    reason: str = ""
    until: datetime | None = None
    seen: int = 0
    instances: int = 0
    seconds: float | None = None
    raised_at: datetime | None = None
    """When the last restore was made; recovery evidence from before it does not count for closing."""
    restore_to: str = ""
    """The rung that somebody asked to be restored to; a second person is awaited."""
    restore_by: Actor | None = None
    restore_reason: str = ""
    restore_evidence: str = ""
    restore_workflow: str = ""
    restore_card: str = ""
    """Name of the card that asks for the second person."""
    restore_then: tuple[PlanStep, ...] = ()
    """The further restores that the approval awaited would cover."""
    plan: RestorePlan | None = None
    """The restore plan that was approved last, with what became of it."""

    def without_ask(self) -> "IncidentRungs":
        """The same with no restore that waits for its second person."""
        return replace(self, restore_to="", restore_by=None, restore_then=())
