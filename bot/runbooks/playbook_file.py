"""What a playbook file may say, as models, and the values they become (`docs/playbooks.md`).

Shape only; what refers to what is checked in `playbooks.py`. `rehearsal` is read in `rehearsal.py`.
"""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from bot.config.fleet import StrictEntry
from bot.config.value_types import Name, RungName
from bot.core.model.cause import CauseKind
from bot.core.runbooks.playbook import (
    Check,
    Condition,
    Containment,
    Move,
    Playbook,
    PlaybookFinding,
    Signal,
    Strength,
    Turn,
)

Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _times(given: object) -> float:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*[xX\u00d7]\s*", given) if isinstance(given, str) else None
    if found is None or float(found[1]) == 0:
        raise ValueError(f"{given!r} is not a multiple; write 2x or 0.85x (of the baseline)")
    return float(found[1])


Times = Annotated[float, BeforeValidator(_times), WithJsonSchema({"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*x"})]


def _condition(given: object) -> str:
    if not isinstance(given, str) or not re.fullmatch(r"[a-z0-9-]+\.[a-z0-9-]+", given):
        raise ValueError(f"{given!r} is not a condition; write CHECK.FINDING, such as probe.fails")
    return given


When = Annotated[str, BeforeValidator(_condition)]


class SignalEntry(StrictEntry):
    """`{sli: tie, moves: up, at_least: 2x}` or `{sign: repeated-calls}`."""

    sli: Name = ""
    moves: Move = "up"
    at_least: Times | None = None
    order: Turn = "any"
    sign: str = ""
    weight: Strength = "usual"
    means: Prose
    against: bool = False

    def value(self) -> Signal:
        """The value of the core."""
        return Signal(self.sli, self.moves, self.at_least, self.order, self.sign, self.weight, self.means, self.against)


class FindingEntry(StrictEntry):
    """One answer: what was found and what it means."""

    id: Name
    found: Prose
    means: Prose
    cause: CauseKind | None = None
    rules_out: list[CauseKind] = Field(default_factory=list)

    def value(self) -> PlaybookFinding:
        """The value of the core."""
        return PlaybookFinding(self.id, self.found, self.means, self.cause, tuple(self.rules_out))


class CheckEntry(StrictEntry):
    """One look that tells causes apart."""

    id: Name
    title: Prose
    look: Prose
    when: list[When] = Field(default_factory=list)
    findings: list[FindingEntry] = Field(min_length=1)

    def value(self) -> Check:
        """The value of the core."""
        findings = tuple(finding.value() for finding in self.findings)
        return Check(self.id, self.title, self.look, findings, tuple(condition(text) for text in self.when))


class ContainmentEntry(StrictEntry):
    """The rung to start from, or what to do in its place."""

    rung: RungName = ""
    why: Prose
    instead: str = ""
    cannot_recall: list[Prose] = Field(default_factory=list)

    def value(self) -> Containment:
        """The value of the core."""
        return Containment(self.why, self.rung, self.instead.strip(), tuple(self.cannot_recall))


class RecoveryEntry(StrictEntry):
    """What to confirm beyond the band."""

    confirm: list[Prose] = Field(min_length=1)


class PlaybookFile(StrictEntry):
    """A whole file."""

    name: Name
    title: Prose
    failure_mode: Name
    summary: Prose
    signals: list[SignalEntry] = Field(min_length=1)
    attribution: list[CheckEntry] = Field(min_length=1)
    containment: ContainmentEntry
    recovery: RecoveryEntry
    runbook: Name
    rehearsal: dict[str, Any] = Field(default_factory=dict)

    def value(self) -> Playbook:
        """The value of the core."""
        return Playbook(
            name=self.name,
            title=self.title,
            failure_mode=self.failure_mode,
            summary=self.summary,
            signals=tuple(signal.value() for signal in self.signals),
            attribution=tuple(check.value() for check in self.attribution),
            containment=self.containment.value(),
            confirm=tuple(self.recovery.confirm),
            runbook=self.runbook,
        )


def condition(text: str) -> Condition:
    """`probe.fails` as a value; it was checked for its form."""
    check, _, finding = text.partition(".")
    return Condition(check, finding)
