"""What agents did behind gateways."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.core.enforcement.actions import AgentAction


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
