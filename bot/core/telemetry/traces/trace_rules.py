"""What the fleet file says of how spans are read: whose they are, and what counts as an escalation or a wait.

OpenTelemetry has no word for approval, escalation or handoff to a person. What nobody said is not known, and never 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Markers:
    """Signs in a run. Names with `*`, as a shell has them."""

    tools: tuple[str, ...] = ()
    handoffs: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    spans: tuple[str, ...] = ()
    unanswered_calls: bool = False
    """The run ended when its model had asked for tools, and none of them was called."""


@dataclass(frozen=True, slots=True)
class GoodEvaluation:
    """The evaluation that judges a run: good from this score on, or with one of these labels."""

    name: str
    at_least: float | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentRules:
    """How one agent's spans are known and read. A field that is empty asks nothing."""

    service: tuple[str, ...] = ()
    agent: tuple[str, ...] = ()
    workflow: tuple[str, ...] = ()
    tenant: tuple[str, ...] = ()
    escalates: Markers | None = None
    """None: nobody said, so whether a run needed a person is not known."""
    waits: Markers | None = None
    good: GoodEvaluation | None = None

    @property
    def said(self) -> int:
        """How much it asks for: of two that fit the one that asks more speaks. A service may hold many agents."""
        narrow = sum(1 for patterns in (self.agent, self.workflow, self.tenant) if patterns)
        return 2 * narrow + bool(self.service)


@dataclass(frozen=True, slots=True)
class Price:
    """Of a million tokens."""

    input: float
    output: float


@dataclass(frozen=True, slots=True)
class TraceRules:
    """The whole of it. Times in seconds."""

    agents: Mapping[str, AgentRules] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    """Model name, with `*`, -> price."""
    gather: float = 10
    """How long after its outermost span came a run waits for spans that are late."""
    parents_within: float = 300
    """How long an agent's span waits for the span that it was called from, in the same process, before it counts as
    the outermost."""
    late: float = 300
    """How long spans of a run may come after it was counted."""
    sampled: float | None = None
    """The share of runs that is sent, where only a part is; None: all are."""
    trace_url: str = ""
    """Where a trace can be looked at in the team's own backend (`trace_links`); "" where nobody said."""

    def agent_of(self, service: str, agent: str, workflow: str, tenant: str) -> str:
        """The agent that a span belongs to by the map; "" where the map does not know it."""
        best, found = 0, ""
        for key, rules in self.agents.items():
            asked = ((rules.service, service), (rules.agent, agent), (rules.workflow, workflow), (rules.tenant, tenant))
            if rules.said > best and all(not patterns or fits(name, patterns) for patterns, name in asked):
                best, found = rules.said, key
        return found

    def price_of(self, model: str) -> Price | None:
        """The price of a model, by its own name before a pattern."""
        exact = self.prices.get(model)
        return exact or next((price for name, price in self.prices.items() if fnmatchcase(model, name)), None)


NO_RULES = AgentRules()


def fits(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether a name is one of these, in which `*` stands for anything."""
    return bool(name and patterns) and _fits(name, patterns)


@lru_cache(maxsize=4096)
def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    """Asked of every span; few names come and there are few patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
