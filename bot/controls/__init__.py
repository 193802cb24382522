"""Ways to push a rung to an agent. An agent that polls (control kind `ofrep`) needs none.

To add one: a file with a class, a line here, a harness in `tests/contracts/test_control_contract.py`.
"""

from collections.abc import Callable, Mapping

from bot.controls.webhook.adapter import Level, WebhookControl
from bot.core.model.fleet import Fleet
from bot.ports.clock import Clock
from bot.ports.controls import Control

CONTROLS: Mapping[str, Callable[[Callable[[], Fleet], Clock, Level], Control]] = {WebhookControl.kind: WebhookControl}


def build_controls(fleet: Callable[[], Fleet], clock: Clock, level: Level) -> dict[str, Control]:
    """Every push there is, by control kind. `level` tells the rung in force for (agent, workflow)."""
    return {kind: make(fleet, clock, level) for kind, make in CONTROLS.items()}
