"""What is done with one call of a tool: the table of `enforcement.md` section 1, by the grants of the rung in force.

| `writes` | a read | a write |
|---|---|---|
| `allow` | passes | passes |
| `capped` | passes inside the task's bounds | passes inside them; without bounds it is denied |
| `approve` | passes | is held until a person answers |
| `deny` | passes | is denied |
| anything else, or nothing | passes | is denied: what no grant permits is not permitted |

`tasks: deny` denies everything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from bot.core.enforcement.held_rung import RungInForce
from bot.core.enforcement.tool_class import ToolClass
from bot.core.formatting.numbers import short
from bot.core.model.tools import TaskBounds


class CallAction(StrEnum):
    """What is done with a call, the most permissive first."""

    PASS = "pass"  # noqa: S105 - what is done with a call, not what opens a door
    HOLD = "hold"
    DENY = "deny"


SEVERITY = (CallAction.PASS, CallAction.HOLD, CallAction.DENY)


@dataclass(frozen=True, slots=True)
class WantedCall:
    """A call that an agent wants to make. `amount` None: its arguments do not say, or the tool moves none."""

    tool: str
    kind: ToolClass
    amount: float | None = None


class TaskUse(NamedTuple):
    """What the call's task did before it: calls that passed, and the sum of their amounts."""

    calls: int = 0
    amount: float = 0.0


class CallDecision(NamedTuple):
    """What is done and why, in words. `level` and `epoch`: the rung it was decided on."""

    action: CallAction
    reason: str
    level: str
    epoch: int
    log_arguments: bool = False
    incident: int | None = None


def decide(rung: RungInForce, call: WantedCall, bounds: TaskBounds, use: TaskUse) -> CallDecision:
    """Decide about one call on one rung."""
    action, reason = _decided(rung.grants, call, bounds, use)
    if rung.why and action is not CallAction.PASS:
        reason = f"{reason} ({rung.why})"
    logs = rung.grants.get("log") == "enhanced"
    return CallDecision(action, reason, rung.level, rung.epoch, logs, rung.incident)


def strictest(decisions: Iterable[CallDecision]) -> CallDecision:
    """The decision that permits least; for a call that may belong to any of several workflows. There has to be one."""
    return max(decisions, key=lambda one: SEVERITY.index(one.action))


def _decided(
    grants: Mapping[str, object], call: WantedCall, bounds: TaskBounds, use: TaskUse
) -> tuple[CallAction, str]:
    writes = grants.get("writes")
    if grants.get("tasks") == "deny":
        return CallAction.DENY, "the rung lets the agent do nothing"
    if writes == "capped":
        return _bounded(call, bounds, use)
    if not call.kind.writes:
        return CallAction.PASS, "a read"
    if writes == "allow":
        return CallAction.PASS, "the rung allows writes"
    what = _counts_as_write(call)
    if writes == "approve":
        return CallAction.HOLD, f"{what}, and each write on this rung waits for a person"
    if writes == "deny":
        return CallAction.DENY, f"{what}, and the rung allows no writes"
    return CallAction.DENY, f"{what}, and the rung has no grant that allows writes"


def _bounded(call: WantedCall, bounds: TaskBounds, use: TaskUse) -> tuple[CallAction, str]:
    """On a rung of capped writes: the list of tools and the caps hold for reads as well."""
    if bounds.tools is not None and call.tool not in bounds.tools:
        return CallAction.DENY, f"{call.tool} is not among the tools that this rung is bounded to"
    if bounds.calls is not None and use.calls >= bounds.calls:
        return CallAction.DENY, f"the task has made the {bounds.calls} calls that this rung allows"
    if not call.kind.writes:
        return CallAction.PASS, "a read inside the bounds"
    if not bounds.declared:
        return CallAction.DENY, f"{_counts_as_write(call)}, and the fleet file declares no bounds for it"
    if bounds.amount is not None and call.kind.amount:
        if call.amount is None:
            return CallAction.DENY, f"{call.tool} moves an amount, and the arguments do not say which"
        total = use.amount + call.amount
        if not total <= bounds.amount:  # a number that compares with nothing is not inside
            allowed = short(bounds.amount)
            return CallAction.DENY, f"with this call the task would move {short(total)}, and {allowed} is allowed"
    return CallAction.PASS, "inside the bounds"


def _counts_as_write(call: WantedCall) -> str:
    if call.kind.said_by == "nobody":
        return f"nobody has said whether {call.tool} writes, so it counts as a write"
    return f"{call.tool} is a write"
