"""The parts of a PromQL query: which there are, what may be wrong with them, and those that need not be written.

Either each part is a query of its own, or `query` answers all of them at once: its series carry a label (`by: {part:
LABEL}`) whose value tells the parts apart, and `good`, `bad`, `total` name the values. `"*"` is the sum over all.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from bot.sources.query_results import NUMBERS

ALL = "*"
"""The part that is the sum over every value of the label."""
ROLES: Mapping[str, str] = MappingProxyType(
    {
        "query": "PromQL; its series differ in the label `by: {part: LABEL}`",
        **dict.fromkeys(NUMBERS, "PromQL; beside `query`, a value of that label, or `*`"),
    }
)

_TASKS = "sum by ($by) (increase(agent_tasks_total[1m]))"


def _per_task(counter: str) -> Mapping[str, str]:
    return MappingProxyType({"value": f"sum by ($by) (increase({counter}[1m])) / {_TASKS}", "count": _TASKS})


def _share(role: str, counter: str) -> Mapping[str, str]:
    """A counter of bad things is absent until the first bad thing happens: then it is 0 wherever there are tasks."""
    counted = f"sum by ($by) (increase({counter}[1m]))"
    return MappingProxyType({role: f"{counted} or 0 * {_TASKS}" if role == "bad" else counted, "total": _TASKS})


_TOOL = 'sum by ($by) (increase(agent_tool_calls_total{tool="$tool"}[1m]))'
_TOOL_ERRORS = 'sum by ($by) (increase(agent_tool_errors_total{tool="$tool"}[1m]))'

NAMES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "dqr": _share("good", "agent_decisions_good_total"),
        "tie": _per_task("agent_tool_calls_total"),
        "her": _share("bad", "agent_escalations_total"),
        "aqdd": MappingProxyType({"value": "sum by ($by) (agent_approvals_pending)"}),
        "task_success": _share("good", "agent_tasks_succeeded_total"),
        "tool_success": MappingProxyType({"good": f"{_TOOL} - ({_TOOL_ERRORS} or 0 * {_TOOL})", "total": _TOOL}),
        "trajectory_length": _per_task("agent_steps_total"),
        "cost_per_task": _per_task("agent_cost_usd_total"),
        "time_to_resolution": _per_task("agent_task_duration_seconds_sum"),
        "replans_per_task": _per_task("agent_replans_total"),
        "context_use": MappingProxyType(
            {"value": "100 * max by ($by) (agent_context_tokens) / max by ($by) (agent_context_limit_tokens)"}
        ),
    }
)
"""The metric names an agent's exporter may use so that the fleet file needs no queries: label `agent`, `task_class`."""


def faults(parts: Mapping[str, str], by: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(part or `by`, why it cannot work)."""
    if "query" in parts and not by.get("part"):
        yield "by", "`query` answers several parts: say which label tells them apart, `by: {agent: ..., part: LABEL}`"
    if "part" in by and "query" not in parts:
        yield "by", "`part` is for `query`, one query that answers all parts; here each part has a query of its own"
