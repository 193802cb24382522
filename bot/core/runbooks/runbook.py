"""Runbooks as values, and what "done" means (`product.md` sections 5 and 9).

A runbook has four phases in a fixed order. A step is `ask` (a person answers), `check` (look at evidence) or `do`
(act). A phase is done when each of its required steps is done, or skipped or not applicable with a note.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Phase = Literal["detection", "attribution", "containment", "recovery"]
PHASES: tuple[Phase, ...] = get_args(Phase)
StepKind = Literal["ask", "check", "do"]
Settler = Literal["rung-lowered", "restored", "recovery-held", "cause-named", "followup-noted"]
"""Evidence that the bot has itself, and that settles a step without anybody's tap."""
Outcome = Literal["done", "skipped", "not-applicable", "blocked"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `text` is rendered Markdown; `timebox` in minutes; `evidence` names what the bot gathers for it.

    Evidence vocabulary: `slis` (every SLI now against baseline), `sli:NAME`, `rung` (with read-back), `instances`,
    `timeline`, `source:NAME:QUERY` (asked of a configured source).
    """

    id: str
    phase: Phase
    title: str
    text: str = ""
    kind: StepKind = "ask"
    required: bool = True
    timebox: int | None = None
    evidence: tuple[str, ...] = ()
    condition: str = ""
    settled_by: Settler | None = None
    """What settles it by itself; None: a person does."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A runbook rendered for one incident. Snapshotted when the incident opens; edits to the file do not reach it."""

    name: str
    title: str
    steps: tuple[Step, ...] = ()
    goals: tuple[tuple[Phase, str], ...] = ()
    """(phase, what it is for), where the runbook says so."""

    def goal(self, phase: Phase) -> str:
        """What the phase is for, in the runbook's words; empty where it does not say."""
        return dict(self.goals).get(phase, "")

    def of(self, phase: Phase) -> tuple[Step, ...]:
        """The steps of one phase in order."""
        return tuple(step for step in self.steps if step.phase == phase)

    def step(self, step_id: str) -> Step | None:
        """The step of that id, None when there is none."""
        return next((step for step in self.steps if step.id == step_id), None)


@dataclass(frozen=True, slots=True)
class StepMark:
    """What became of a step."""

    step_id: str
    outcome: Outcome
    note: str
    by: str
    at: datetime


def settled(step: Step, marks: Mapping[str, StepMark]) -> bool:
    """True when nothing more is owed for this step. A blocked step is owed; an optional untouched one is not."""
    mark = marks.get(step.id)
    if mark is None:
        return not step.required
    return mark.outcome != "blocked"


def is_open(step: Step, marks: Mapping[str, StepMark]) -> bool:
    """True while somebody could still do it: nobody has touched it, or it is blocked."""
    mark = marks.get(step.id)
    return mark is None or mark.outcome == "blocked"


def phase_done(plan: Plan, phase: Phase, marks: Mapping[str, StepMark]) -> bool:
    """True when every step of the phase is settled."""
    return all(settled(step, marks) for step in plan.of(phase))


def next_step(plan: Plan, marks: Mapping[str, StepMark]) -> Step | None:
    """The first step nobody has touched, or that is blocked; None when all is settled."""
    steps = (step for phase in PHASES for step in plan.of(phase))
    return next((step for step in steps if is_open(step, marks)), None)


def owed(plan: Plan, marks: Mapping[str, StepMark]) -> tuple[Step, ...]:
    """Required steps that are neither done nor excused: what still bars a resolve."""
    return tuple(step for step in plan.steps if step.required and not settled(step, marks))
