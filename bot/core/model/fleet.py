"""The fleet: agents, and everything the fleet file says of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.core.model.alert import AlertRules
from bot.core.model.aliases import NO_ALIASES, Aliases
from bot.core.model.people import EscalationPolicy, Person
from bot.core.model.rungs import Ladder
from bot.core.model.samples import Series
from bot.core.model.slis import PollQuery, Sli, SourceSpec
from bot.core.model.tools import NO_BOUNDS, PLAIN_APPROVALS, ApprovalPolicy, TaskBounds, ToolRule


@dataclass(frozen=True, slots=True)
class ControlSpec:
    """How an agent obeys its rung. `not_after` in seconds: how long a rung it read may be trusted.

    `settings` are those of its kind, as written; they may hold secrets.
    """

    kind: str = "ofrep"
    settings: Mapping[str, object] = field(default_factory=dict, repr=False, hash=False)
    not_after: int = 300
    fallback_rung: str = "read-only"
    confirm_within: int = 60
    """Seconds after which a step down that no live instance has read back is NOT CONFIRMED."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A deployed agent with one named owner. `owner`, `deputy` and `manager` are keys of people."""

    key: str
    owner: str
    title: str = ""
    deputy: str = ""
    manager: str = ""
    summary: str = ""
    scope: str = ""
    blast_radius: str = ""
    workflows: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    tool_rules: tuple[ToolRule, ...] = ()
    """What the file says of single tools beyond their names."""
    bounds: TaskBounds = NO_BOUNDS
    approvals: ApprovalPolicy = PLAIN_APPROVALS
    redact_arguments: tuple[str, ...] = ()
    """Names of arguments whose values are kept nowhere, besides those that look like secrets."""
    stage: Literal["demo", "beta", "production"] = "demo"
    fallback: str = ""
    data_contracts: tuple[str, ...] = ()
    cost: Mapping[str, float] = field(default_factory=dict)
    top_failures: tuple[str, ...] = ()
    runbook: str = "default"
    control: ControlSpec = field(default_factory=ControlSpec)
    containment: Literal["suggest", "auto"] = "suggest"
    channel: str = ""
    normal_rung: str = "full"
    slis: tuple[tuple[str, Sli], ...] = ()
    """(workflow, SLI) pairs; workflow "" is the agent as a whole."""
    pinned: tuple[tuple[str, str, float], ...] = ()
    """Pre-deployment baselines: (workflow, SLI name, value)."""

    def tool_rule(self, tool: str) -> ToolRule | None:
        """What the file says of a tool by its exact name; None where it says nothing."""
        return next((rule for rule in self.tool_rules if rule.name == tool), None)

    def sli(self, workflow: str, name: str) -> Sli | None:
        """The SLI of a workflow, falling back to the agent's own; None where it has none."""
        found = dict[tuple[str, str], Sli]()
        for flow, sli in self.slis:
            found[flow, sli.name] = sli
        return found.get((workflow, name)) or found.get(("", name))

    def series(self) -> tuple[Series, ...]:
        """Every series that is watched for this agent."""
        return tuple(Series(self.key, workflow, sli.name) for workflow, sli in self.slis)

    def pinned_baseline(self, series: Series) -> float | None:
        """The pre-deployment baseline of a series, None where none was pinned."""
        for workflow, name, value in self.pinned:
            if (workflow, name) == (series.workflow, series.sli):
                return value
        return None


@dataclass(frozen=True, slots=True)
class Fleet:
    """Everything the fleet file says, validated whole."""

    people: Mapping[str, Person]
    sources: Mapping[str, SourceSpec]
    agents: Mapping[str, Agent]
    ladder: Ladder
    escalation: EscalationPolicy = field(default_factory=EscalationPolicy)
    queries: tuple[PollQuery, ...] = ()
    responders: tuple[str, ...] = ()
    """Keys of people who may act besides owners, deputies and managers."""
    responder_group: str = ""
    """A Slack user group id whose members may act, where the plan has user groups."""
    announcements: str = ""
    """Channel id for loud ends and announcements."""
    aliases: Aliases = NO_ALIASES
    """What sources and reporters call agents and workflows besides their keys."""
    false_pages: float = 1.0
    """Pages by chance that are allowed for each agent and month."""
    alerts: AlertRules = field(default_factory=AlertRules)
    """How alerts of other systems are read."""
    warnings: tuple[str, ...] = ()
    """What the file may say and probably should not, a sentence each with its place."""

    def person_by_slack(self, slack: str) -> Person | None:
        """The person with that Slack user id, None when nobody has it."""
        return next((p for p in self.people.values() if p.slack and p.slack == slack), None)
