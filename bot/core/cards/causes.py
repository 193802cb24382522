"""The card of causes: what is likely behind an incident, with the evidence."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.cards.parts import Header
from bot.core.model.cause import CauseKind


@dataclass(frozen=True, slots=True)
class FactLine:
    """One piece of evidence for or against a cause; `points` in doublings of the odds, negative against."""

    words: str
    points: float
    why: str


@dataclass(frozen=True, slots=True)
class CauseLine:
    """One possible cause. `share` 0 to 1, of all causes and of none of them."""

    rank: int
    kind: CauseKind
    subject: str
    words: str
    share: float
    grounds: tuple[FactLine, ...]
    ruled_out_by: str
    ruled_out: str = ""
    """By whom and why, where a person ruled it out."""


@dataclass(frozen=True, slots=True)
class PlaybookLine:
    """A playbook that fits, with the signals that matched."""

    name: str
    title: str
    runbook: str
    seen: tuple[str, ...]
    missing: tuple[str, ...]
    rung: str
    advice: str
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class ExampleLine:
    """A task whose trace shows what went wrong. `url`: the trace in the team's own backend, "" where none is known."""

    at: datetime
    words: str
    trace: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class CausesCard:
    """What is behind an incident, as far as the numbers tell. `sentence` is the finding in one line."""

    header: Header
    sentence: str
    at: datetime | None
    onset: datetime | None
    causes: tuple[CauseLine, ...] = ()
    playbooks: tuple[PlaybookLine, ...] = ()
    unseen: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    named: str = ""
    """The cause by a person's word: "the tool ledger (Ana, 02:41 UTC)"."""
    changes: tuple[str, ...] = ()
    """What was posted around the onset, newest first."""
    examples: tuple[ExampleLine, ...] = ()
