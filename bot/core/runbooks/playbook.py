"""Playbooks as values: one failure mode each, how it shows, how to tell its cause, and what to do (`exercises.md`).

A signal is an SLI that moves, or a sign: something that the bot can see by itself in task records, changes, tool health
and other agents (`bot/core/diagnosis/attribution.py` says how each is measured). A playbook matches an incident as far
as its
signals were seen; what could not be looked at counts neither way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bot.core.model.cause import CauseKind
from bot.core.runbooks.rehearsal import Rehearsal

Move = Literal["up", "down", "flat"]
Turn = Literal["any", "first", "later"]
Strength = Literal["strong", "usual", "weak"]

SIGNS: Mapping[str, str] = {
    "tool-errors": "calls of one tool fail more often than before",
    "tool-ill": "a tool fails also where the agent has no part in it",
    "tool-well": "every tool is well where the agent has no part in it",
    "invalid-calls": "calls of tools that do not exist, or with arguments that the tool refuses",
    "denied-calls": "calls that policy refused",
    "repeated-calls": "the same call with the same arguments again within a task",
    "other-tools": "calls go to other tools than before",
    "one-workflow": "one workflow is bad and the others are not",
    "long-tasks": "long tasks are bad and short ones are not",
    "flagged-content": "a guard found instructions in what the agent read",
    "replans": "plans are made again within a task",
    "early-endings": "tasks end with less done than before, and fail",
    "load-up": "more tasks than is normal at this hour",
    "slow-decisions": "people take longer to decide an approval",
    "more-requests": "a larger share of tasks asks for approval",
    "dear-calls": "a call costs more than before",
    "deploy-before": "a deploy shortly before the first bad minute",
    "prompt-before": "a prompt change shortly before the first bad minute",
    "model-before": "a model change, posted or seen in task records, shortly before the first bad minute",
    "version-before": "a model or a prompt change shortly before the first bad minute",
    "schema-before": "a change of a tool's schema shortly before the first bad minute",
    "policy-before": "a policy change shortly before the first bad minute",
    "other-agents": "other agents went bad at the same time",
    "sudden": "it went bad from one minute to the next",
    "gradual": "it went bad little by little",
}
"""What the bot can see by itself, besides SLIs, in the words of a card."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that is seen in this failure mode. Either `sli` or `sign` is set."""

    sli: str = ""
    moves: Move = "up"
    at_least: float | None = None
    """Times the baseline, or, going down, the share of it that is left at most."""
    order: Turn = "any"
    sign: str = ""
    weight: Strength = "usual"
    """How much it tells this mode from the others."""
    means: str = ""
    against: bool = False
    """True where seeing it speaks against this mode; not seeing it then says nothing."""

    @property
    def words(self) -> str:
        """What was seen, for a card: `TIE up`, `the same call with the same arguments again within a task`."""
        if self.sign:
            return SIGNS.get(self.sign, self.sign)
        size = "" if self.at_least is None else f" to {self.at_least:g}x"
        first = {"first": ", first of all", "later": ", after the others"}.get(self.order, "")
        return f"{self.sli.upper()} {self.moves}{size}{first}"


class Condition(NamedTuple):
    """A check makes sense only after another one found something."""

    check: str
    finding: str

    def __str__(self) -> str:
        return f"{self.check}.{self.finding}"


@dataclass(frozen=True, slots=True)
class PlaybookFinding:
    """One answer to a check, what it means, and the cause that it speaks for ("" where it only leads on)."""

    id: str
    found: str
    means: str
    cause: CauseKind | None = None
    rules_out: tuple[CauseKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One look that tells causes apart. With several conditions, one that holds is enough."""

    id: str
    title: str
    look: str
    findings: tuple[PlaybookFinding, ...]
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Containment:
    """Where to start. `rung` "": stepping the agent down is the wrong move, and `instead` says what is right."""

    why: str
    rung: str = ""
    instead: str = ""
    cannot_recall: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Playbook:
    """One failure mode. `rehearsal` None: it cannot be drilled."""

    name: str
    title: str
    failure_mode: str
    summary: str
    signals: tuple[Signal, ...]
    attribution: tuple[Check, ...]
    containment: Containment
    confirm: tuple[str, ...]
    """What to confirm beyond the recovery band."""
    runbook: str
    rehearsal: Rehearsal | None = None

    def check(self, check_id: str) -> Check | None:
        """The check of that id, None where there is none."""
        return next((check for check in self.attribution if check.id == check_id), None)
