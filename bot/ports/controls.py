"""How an agent learns its rung."""

from collections.abc import Sequence
from typing import Protocol

from bot.core.model.rungs import InstanceReading, RungState


class Control(Protocol):
    """Pushes a rung to an agent's control plane. Agents that poll need none."""

    kind: str

    def push(self, state: RungState, key: str) -> None:
        """Send the rung once; idempotent by its epoch. Raises DeliveryError."""
        ...


class RungCache(Protocol):
    """The rungs as the agents may read them, answered from memory."""

    def publish(self, states: Sequence[RungState]) -> None:
        """Replace what is known of these (agent, workflow) pairs; an older epoch never replaces a newer one."""
        ...

    def readings(self, agent: str, workflow: str = "") -> Sequence[InstanceReading]:
        """What the agent's instances last said they apply."""
        ...
