"""What a gateway knows of the tools, and its decision about each call. The deciding is the core's; here it is fed."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError

from bot.core.enforcement.call_decision import CallDecision, TaskUse, WantedCall, decide, strictest
from bot.core.enforcement.held_rung import NEVER_REACHED, RungInForce
from bot.core.enforcement.tool_class import ToolHints, classify
from bot.core.model.tools import NO_BOUNDS, Reversible, TaskBounds, ToolRule

TASKS: Final = 10_000
"""Tasks whose calls are counted at a time; the one not called longest goes first."""
HINTS: Final = 5_000
"""Tools whose server's own words are kept."""


@dataclass(frozen=True, slots=True)
class ToolRules:
    """What the fleet file says, as Stepdown told it (`GET /v1/agents/{agent}/tools`)."""

    rules: Mapping[str, ToolRule] = field(default_factory=dict)
    bounds: TaskBounds = NO_BOUNDS
    redact: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    ask: str = ""
    """Whom a denied agent is told to ask."""


@dataclass(frozen=True, slots=True)
class CallRequest:
    """What a caller asks for. `workflow` and `task` as it says; "" where it says nothing."""

    tool: str
    arguments: Mapping[str, object]
    workflow: str = ""
    task: str = ""


def read_rules(answer: Mapping[str, Any]) -> ToolRules:
    """The rules of an answer. Raises KeyError, TypeError or ValueError where it is none."""
    bounds = answer["bounds"]
    tools = bounds.get("tools")
    return ToolRules(
        {tool["name"]: _rule(tool) for tool in answer["tools"]},
        TaskBounds(None if tools is None else tuple(tools), bounds.get("calls"), bounds.get("amount")),
        tuple(answer["redact_arguments"]),
        tuple(answer["workflows"]),
        str(answer["ask"]),
    )


def _rule(tool: Mapping[str, Any]) -> ToolRule:
    words: dict[str, Reversible] = {"yes": "yes", "no": "no", "by hand": "by hand"}
    writes = tool["writes"]
    if writes is not None and not isinstance(writes, bool):
        raise ValueError("writes is true, false or null")
    return ToolRule(tool["name"], writes, words.get(tool["reversible"], "unknown"), tool.get("amount", ""))


class CallPolicy:
    """Decides about calls by the rules, the servers' hints and what each task did. For one event loop."""

    def __init__(self) -> None:
        self.rules = ToolRules()
        self._hints: OrderedDict[str, ToolHints] = OrderedDict()
        self._use: OrderedDict[str, TaskUse] = OrderedDict()

    def hear(self, tools: Sequence[object]) -> None:
        """Take note of what a server says of its tools, as its answer to `tools/list` has it."""
        for tool in tools:
            if isinstance(tool, Mapping) and isinstance(name := tool.get("name"), str):
                self._hints[name] = _hints(tool.get("annotations"))
                self._hints.move_to_end(name)
        while len(self._hints) > HINTS:
            self._hints.popitem(last=False)

    def call(self, tool: str, arguments: Mapping[str, object]) -> WantedCall:
        """The call with its class and its amount."""
        kind = classify(self.rules.rules.get(tool), self._hints.get(tool, ToolHints()))
        return WantedCall(tool, kind, _amount(kind.amount, arguments))

    def decide(
        self, call: WantedCall, task: str, rungs: Sequence[RungInForce], use: TaskUse | None = None
    ) -> CallDecision:
        """Decide by the strictest of the rungs that may bear on the call. `use`: else what its task did."""
        used = self._use.get(task, TaskUse()) if use is None else use
        return strictest(decide(rung, call, self.rules.bounds, used) for rung in rungs or (NEVER_REACHED,))

    def count(self, call: WantedCall, task: str) -> None:
        """A call is passed on."""
        use = self._use.pop(task, TaskUse())
        moved = call.amount or 0.0 if call.kind.writes else 0.0
        self._use[task] = TaskUse(use.calls + 1, use.amount + moved)
        if len(self._use) > TASKS:
            self._use.popitem(last=False)


def _hints(annotations: object) -> ToolHints:
    if not isinstance(annotations, Mapping):
        return ToolHints()
    found = (annotations.get(name) for name in ("readOnlyHint", "destructiveHint"))
    read_only, destructive = (value if isinstance(value, bool) else None for value in found)
    return ToolHints(read_only, destructive)


def _amount(path: str, arguments: Mapping[str, object]) -> float | None:
    """The amount as a number of at least 0; None where the arguments do not say one."""
    if not path:
        return None
    try:
        found = jmespath.search(path, arguments)
    except JMESPathError:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if 0 <= found < 1e15 else None  # noqa: PLR2004 - beyond it a float is no sum of money


def digest(tool: str, arguments: Mapping[str, object]) -> str:
    """The same for the same call, however its keys are ordered."""
    written = json.dumps([tool, arguments], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()[:32]


class SteadyClock:
    """The wall clock, but never behind what has passed since the start: set back, it lengthens no lease."""

    def __init__(self, wall: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._began, self._at = wall(), monotonic()

    def now(self) -> datetime:
        """Now, in UTC."""
        passed = self._began + timedelta(seconds=self._monotonic() - self._at)
        return max(self._wall().astimezone(UTC), passed)
