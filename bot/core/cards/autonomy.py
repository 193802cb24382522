"""Cards about an agent's rung."""

from dataclasses import dataclass
from datetime import datetime

from bot.core.cards.parts import Header, Proposal, RungLine


@dataclass(frozen=True, slots=True)
class AutonomyCard:
    """One change of rung, down or up, and how far the agent has obeyed."""

    header: Header | None
    agent: str
    workflow: str
    from_rung: str
    to_rung: str
    by: str
    at: datetime
    reason: str
    may: str
    rung: RungLine
    until: datetime | None = None
    residue: str = ""
    lower: Proposal | None = None
    """The next rung down, offered when NOT CONFIRMED."""
    effects: tuple[str, ...] = ()
    """What the breached SLIs did from the onset to the change and after it, and how sure that is; one line each."""
    undo: bool = False
    """True where a restore back to `from_rung` may be asked for from this card."""


@dataclass(frozen=True, slots=True)
class RestoreCard:
    """A restore that waits for a second person."""

    header: Header
    from_rung: str
    to_rung: str
    may: str
    asked_by: str
    asked_by_slack: str
    reason: str
    evidence: str
    settled: str = ""
    """How it ended: "Approved by Bo", "Declined by Bo: too early"; the buttons go."""
    then: tuple[tuple[str, str, int], ...] = ()
    """(rung, what the agent may do on it, good minutes since the restore before) of the restores that the same approval
    covers: a restore plan."""
    plan: str = ""
    """How far an approved plan has come; the button that stops it stands as long as `plan_walks`."""
    plan_walks: bool = False
