"""How spans are read by the fleet file that is in force."""

from collections.abc import Callable

from bot.core.model.fleet import Fleet
from bot.core.telemetry.traces.trace_rules import TraceRules
from bot.sources import span_rules


class SpanRules:
    """How spans are read, made anew when the fleet file was read anew."""

    def __init__(self, fleet: Callable[[], Fleet]) -> None:
        self._fleet = fleet
        self._made: tuple[Fleet, TraceRules | None] | None = None

    def __call__(self) -> TraceRules | None:
        """The rules; None where no source takes spans."""
        fleet, made = self._fleet(), self._made
        if made is None or made[0] is not fleet:
            made = self._made = (fleet, span_rules(fleet.sources))
        return made[1]
