"""Alerts of other systems: the newest state of each, and which of them no incident was told of yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.core.model.alert import AlertOutcome, AlertState


class AlertStore(Protocol):
    """Keeps alerts by (sender, fingerprint)."""

    def take_alerts(self, alerts: Sequence[AlertState]) -> Sequence[AlertOutcome]:
        """Store what is new of them in one transaction; what each is to what was known, in their order.

        Of two in one call that speak of the same alert the later one is held against the earlier one.
        """
        ...

    def untold_alerts(self, limit: int) -> Sequence[AlertState]:
        """Alerts whose state no incident was told of, by agent."""
        ...

    def tell_alerts(self, alerts: Sequence[AlertState], incident_id: int) -> None:
        """These states were told to an incident (0: to none). One that has changed since stays untold."""
        ...

    def alerts(self, agent: str, limit: int) -> Sequence[AlertState]:
        """What is known of an agent's alerts ("": of all), the newest word first."""
        ...

    def forget_alerts(self, before: datetime) -> int:
        """Forget alerts of which nobody has told since then; returns how many."""
        ...
