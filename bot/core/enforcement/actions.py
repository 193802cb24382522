"""Actions: one call of a tool that an agent made or wanted to make, as the ledger keeps it (`enforcement.md`)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.model.tools import Reversible


class ActionOutcome(StrEnum):
    """How a call ended, or where it stands."""

    RUNNING = "running"
    """It was passed on, and no answer has come."""
    PASSED = "passed"
    """It was passed on, and the tool answered."""
    FAILED = "failed"
    """It was passed on, and the tool answered with an error."""
    DENIED = "denied"
    """It was not passed on, by the rung or by a person."""
    WAITING = "waiting"
    """It is held, and waits for a person."""
    EXPIRED = "expired"
    """It was held, nobody answered in time, and it was not passed on."""
    CANCELLED = "cancelled"
    """It was held, and was not passed on: the caller went away, or the rung went down."""
    UNKNOWN = "unknown"
    """It was passed on and cut off: nobody knows whether it was done."""


OPEN = frozenset({ActionOutcome.RUNNING, ActionOutcome.WAITING})
"""Outcomes that another one follows."""
DONE = frozenset({ActionOutcome.RUNNING, ActionOutcome.PASSED, ActionOutcome.FAILED, ActionOutcome.UNKNOWN})
"""Outcomes of calls that reached the tool, or may have."""


@dataclass(frozen=True, slots=True)
class AgentAction:
    """One line of the ledger. `times`: how often the same call came and was denied; `arguments`: JSON, redacted."""

    id: str
    agent: str
    tool: str
    writes: bool
    began: datetime
    outcome: ActionOutcome
    workflow: str = ""
    task: str = ""
    reversible: Reversible = "unknown"
    amount: float | None = None
    ended: datetime | None = None
    level: str = ""
    epoch: int = 0
    reason: str = ""
    instance: str = ""
    arguments: str = ""
    times: int = 1
    approval: str = ""
    """The approval that let it pass, or that it waits for."""
