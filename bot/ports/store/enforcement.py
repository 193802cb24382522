"""What agents did behind gateways, and the writes that wait for people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.core.enforcement.actions import AgentAction
from bot.core.enforcement.approvals import Approval
from bot.core.incident.effects import Effect


class ActionStore(Protocol):
    """The ledger of actions."""

    def put_actions(self, actions: Sequence[AgentAction]) -> None:
        """Store actions; the same again changes nothing, and what is over is not opened again by a late word."""
        ...

    def actions(
        self, agent: str, since: datetime, until: datetime, *, writes_only: bool = False, limit: int = 1_000
    ) -> Sequence[AgentAction]:
        """The agent's actions that began in this span, both ends included, oldest first; the newest `limit` of them."""
        ...


class ApprovalStore(Protocol):
    """Writes that wait for people. A change and what is wanted for it are one transaction."""

    def ask_approval(self, approval: Approval, effects: Sequence[Effect], wall: float) -> bool:
        """Keep a new one, with what is wanted for it; False, changing nothing, where its id is known already."""
        ...

    def change_approval(self, before: Approval, after: Approval, effects: Sequence[Effect], wall: float) -> bool:
        """Put what it has become, with what is wanted for it; False where somebody else changed it first."""
        ...

    def approval(self, key: str) -> Approval | None:
        """The approval with that id; None where there is none."""
        ...

    def pending_approvals(self, limit: int, agent: str = "", due: datetime | None = None) -> Sequence[Approval]:
        """Those that wait, the one that is due first first; of one agent, and due by then, where that is given."""
        ...

    def count_pending_approvals(self, agent: str) -> int:
        """How many of the agent's writes wait."""
        ...
