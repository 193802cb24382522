"""The gateway's own record of calls: a line in the ledger and a count in the metrics."""

import structlog
from pydantic import TypeAdapter

from bot.core.enforcement.actions import ActionOutcome, AgentAction
from bot.core.enforcement.call_decision import WantedCall
from bot.gateway.ledger.ledger import Ledger, LedgerError
from bot.gateway.metrics import GatewayMetrics
from bot.gateway.policy import CallPolicy

log = structlog.get_logger()
_json: TypeAdapter[AgentAction] = TypeAdapter(AgentAction)


class ActionLog:
    """Writes actions down. For one event loop."""

    def __init__(self, ledger: Ledger, metrics: GatewayMetrics, policy: CallPolicy) -> None:
        self._ledger = ledger
        self._metrics = metrics
        self._policy = policy

    def write(self, action: AgentAction) -> None:
        """Add its line. Raises LedgerError."""
        self._ledger.add(_json.dump_json(action))

    def note(self, action: AgentAction) -> None:
        """Add the line of what is over already; where that fails it is said, for nothing can be held back any more."""
        try:
            self.write(action)
        except LedgerError as error:
            self._metrics.ledger_errors.inc()
            log.error("a line of the ledger is lost", action=action.id, tool=action.tool, why=str(error))  # noqa: TRY400 - no traceback helps

    def count(self, call: WantedCall, outcome: ActionOutcome, seconds: float | None = None) -> None:
        """Count it, by tools that the fleet file names."""
        tool = call.tool if call.tool in self._policy.rules.rules else "other"
        self._metrics.calls.labels(tool, "write" if call.kind.writes else "read", outcome).inc()
        if seconds is not None:
            self._metrics.seconds.observe(seconds)
