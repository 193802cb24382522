"""Ways for an agent to learn its rung: a folder for each kind, found by looking (`bot/config/kinds/discovery.py`)."""

import sys
from collections.abc import Callable, Mapping

from bot.config.kinds.discovery import kinds_in
from bot.controls.kind import ControlDependencies, ControlKind, InForce
from bot.core.model.fleet import Fleet
from bot.ports.clock import Clock
from bot.ports.controls import Control

__all__ = ["KINDS", "ControlKind", "build_controls"]

KINDS: Mapping[str, ControlKind] = kinds_in(sys.modules[__name__], ControlKind)


def build_controls(
    fleet: Callable[[], Fleet], clock: Clock, level: InForce, kinds: Mapping[str, ControlKind] = KINDS
) -> dict[str, Control]:
    """Every push there is, by control kind. `level` tells the rung in force for (agent, workflow)."""
    dependencies = ControlDependencies(fleet, clock, level)
    return {name: kind.make(dependencies) for name, kind in kinds.items() if kind.make is not None}
