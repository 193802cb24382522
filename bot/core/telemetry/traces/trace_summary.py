"""What a set of spans came to, for somebody who has no fleet file yet: agents, tasks, SLIs, and what to write."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Final

from bot.core.telemetry.task_records import TaskRecord
from bot.core.telemetry.traces.run_tasks import chains, task_of
from bot.core.telemetry.traces.runs import AgentRun, run_of
from bot.core.telemetry.traces.span_facts import HANDOFF, About, SpanFacts
from bot.core.telemetry.traces.span_tree import forest
from bot.core.telemetry.traces.trace_rules import TraceRules

UNNAMED: Final = "agent"
EVERYTHING: Final = float("inf")


@dataclass(frozen=True, slots=True)
class AgentSummary:
    """One agent as its spans name it. Shares in percent; None: no task tells."""

    name: str
    service: str
    tasks: Sequence[TaskRecord]
    tools: Mapping[str, tuple[int, int]]
    """Tool -> calls, errors."""
    handoffs: Sequence[str]
    """Agents that its work was handed to."""

    def mean(self, values: Iterable[float | None]) -> float | None:
        """The mean of what is known."""
        known = [value for value in values if value is not None]
        return mean(known) if known else None

    def slis(self) -> Mapping[str, float | None]:
        """What the tasks say, by SLI."""
        done = [task for task in self.tasks if task.completed]
        success = [None if task.success is None else 100.0 * task.success for task in done]
        return {
            "tie": self.mean(float(task.tool_calls) for task in done),
            "task_success": self.mean(success),
            "tokens_per_task": self.mean(None if task.tokens is None else float(task.tokens) for task in done),
            "cost_per_task": self.mean(task.cost for task in done),
            "time_to_resolution": self.mean(task.seconds for task in done),
            "trajectory_length": self.mean(None if task.steps is None else float(task.steps) for task in done),
        }


def summary(traces: Mapping[str, Sequence[SpanFacts]], rules: TraceRules | None = None) -> list[AgentSummary]:
    """Every agent of these traces, named by itself, busiest first."""
    rules = rules or TraceRules()
    runs: list[AgentRun] = []
    services: dict[str, str] = {}
    handoffs: dict[str, set[str]] = defaultdict(set)
    for trace, spans in traces.items():
        for group in forest(spans, lambda _span: "", patient_since=EVERYTHING).groups:
            named = next((str(one.about[About.AGENT]) for one in group.spans if About.AGENT in one.about), UNNAMED)
            group.agent = named
            services.setdefault(named, str(group.root.about.get(About.SERVICE, "")))
            runs.append(run_of(trace, group, rules, lambda _agent, workflow: workflow))
            handoffs[named] |= {
                str(one.about[About.TARGET]) for one in group.spans if one.role == HANDOFF and About.TARGET in one.about
            }
    tasks = [task_of(chain, sampled=False) for chain in chains(runs)]
    by_agent: dict[str, list[TaskRecord]] = defaultdict(list)
    for task in tasks:
        by_agent[task.agent].append(task)
    found = [
        AgentSummary(name, services[name], own, _tools(own), sorted(handoffs[name])) for name, own in by_agent.items()
    ]
    return sorted(found, key=lambda one: (-len(one.tasks), one.name))


def _tools(tasks: Iterable[TaskRecord]) -> Mapping[str, tuple[int, int]]:
    calls, errors = Counter[str](), Counter[str]()
    for task in tasks:
        for tool in task.tools:
            calls[tool.name] += tool.calls
            errors[tool.name] += tool.errors
    return {name: (count, errors[name]) for name, count in calls.most_common()}
