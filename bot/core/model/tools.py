"""What the fleet file says of an agent's tools: which of them write, what can be undone, and how far a task may go."""

from dataclasses import dataclass
from typing import Literal

Reversible = Literal["yes", "no", "by hand", "unknown"]
"""Whether what a tool did can be undone. Nobody said so: unknown, which is never taken for yes."""


@dataclass(frozen=True, slots=True)
class ToolRule:
    """One tool by its exact name. `writes` None: the file does not say; then the tool counts as one that writes."""

    name: str
    writes: bool | None = None
    reversible: Reversible = "unknown"
    amount: str = ""
    """JMESPath into the call's arguments: where the amount stands that the call moves. "": it moves none."""


@dataclass(frozen=True, slots=True)
class TaskBounds:
    """How far one task may go on a rung that grants `writes: capped`. None: the file sets no such cap."""

    tools: tuple[str, ...] | None = None
    """The tools that may be called, by exact name."""
    calls: int | None = None
    """Calls of one task, of all tools."""
    amount: float | None = None
    """The sum of the amounts that one task may move, in the agent's own currency."""

    @property
    def declared(self) -> bool:
        """Whether the file sets any of them."""
        return self != TaskBounds()


@dataclass(frozen=True, slots=True)
class ApprovalPolicy:
    """How an agent's writes are approved. `expires_in` in seconds; `two_above`: the amount that two people approve."""

    expires_in: int = 900
    two_above: float | None = None


PLAIN_APPROVALS = ApprovalPolicy()
"""What a file that says nothing of approvals sets."""
NO_BOUNDS = TaskBounds()
"""What a file that says nothing of bounds sets."""
