"""A restore plan: several restores that two people approve once (`docs/design/product.md` section 7).

The first one is made by the approval, like any restore. The bot makes the others in the two people's names, one rung at
a time and only while the numbers hold; it stops at the first bad minute, and anybody may stop it before.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from bot.core.model.people import Actor
from bot.core.model.rungs import Ladder

LASTS = timedelta(hours=12)
"""How long an approval holds: who said yes at night has not said yes to the next one."""
LEAST_WAIT, MOST_WAIT = 10, 240
"""Good minutes between two restores that a plan may ask for."""


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One restore to come. `after`: good minutes in a row since the restore before it."""

    rung: str
    after: int


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """A plan that two people approved. `steps` are those still to come, the next one first."""

    steps: tuple[PlanStep, ...]
    asked_by: Actor
    approved_by: Actor
    until: datetime
    reason: str = ""
    workflow: str = ""
    state: Literal["walking", "stopped", "done"] = "walking"
    why: str = ""
    """Why it was stopped."""

    @property
    def people(self) -> str:
        """Whose it is."""
        return f"{self.asked_by.name} and {self.approved_by.name}"

    @property
    def walking(self) -> bool:
        """Whether there is more to come."""
        return self.state == "walking"

    def step_made(self) -> "RestorePlan":
        """The plan after its next restore."""
        rest = self.steps[1:]
        return replace(self, steps=rest, state="walking" if rest else "done")

    def stopped(self, why: str) -> "RestorePlan":
        """The plan after it was stopped; one that is over stays as it is."""
        return replace(self, state="stopped", why=why) if self.walking else self


def steps_between(ladder: Ladder, first: str, last: str, after: int) -> tuple[PlanStep, ...]:
    """The restores after the one to `first`, up to and with `last`. KeyError for a rung that is not on the ladder."""
    rungs = ladder.names()[ladder.depth(last) : ladder.depth(first)]
    return tuple(PlanStep(name, after) for name in reversed(rungs))


def in_words(steps: tuple[PlanStep, ...]) -> str:
    """`bounded after 10 good minutes, then full after 10 more`."""
    told = [f"{step.rung} after {step.after} good minutes" for step in steps[:1]]
    told += [f"then {step.rung} after {step.after} more" for step in steps[1:]]
    return ", ".join(told)
