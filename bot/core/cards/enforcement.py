"""Cards about writes that wait for people."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ApprovalCard:
    """One write that waits, or what became of it. `title`: what the agent is called."""

    id: str
    agent: str
    title: str
    summary: str
    """What is asked for, with its amount and whether it can be undone."""
    state: str
    said: str
    """How it stands, in a sentence; "" while nobody has answered."""
    tool: str
    workflow: str
    task: str
    arguments: str
    evidence: str
    people: int
    """How many have to approve it."""
    due: datetime

    @property
    def open(self) -> bool:
        """Whether it may still be answered."""
        return self.state == "pending"


@dataclass(frozen=True, slots=True)
class ApprovalLine:
    """One of several writes that wait."""

    id: str
    agent: str
    summary: str
    due: datetime


@dataclass(frozen=True, slots=True)
class ApprovalList:
    """Writes that wait, the one that is due first first. `more`: how many there are beyond those shown."""

    lines: tuple[ApprovalLine, ...]
    more: int
