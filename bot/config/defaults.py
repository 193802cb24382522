"""The SLIs that need no explanation, and templates for the others one usually wants (`product.md` section 2).

Here is what they mean and where their line is. How a source answers for them is the source's to say (`NAMES` beside
each adapter), since that is written in the source's own language.
"""

from collections.abc import Mapping
from types import MappingProxyType

from bot.config.fleet import SliEntry

_RATIO = {"unit": "%", "kind": "ratio", "better": "higher"}
_PER_TASK = {"kind": "gauge", "better": "lower", "objective": "1.5x"}
_TAIL = {"percentile": 95, "better": "lower", "objective": "1.5x"}
# waiting for people is what `approval` and `read-only` do, so these SLIs rise by the rung itself
_WAITING = {"better": "lower", "moved_by_approval": True}


def _table(rows: Mapping[str, Mapping[str, object]]) -> Mapping[str, SliEntry]:
    return MappingProxyType({name: SliEntry.model_validate(row) for name, row in rows.items()})


BUILT_IN = _table(
    {
        "dqr": {**_RATIO, "title": "decision quality", "objective": ">= 85"},
        "tie": {**_PER_TASK, "title": "tool calls per task", "unit": "calls/task"},
        "her": {
            **_RATIO,
            **_WAITING,
            "title": "human escalations",
            "objective": "<= 5",
            "absolute_tolerance": 0.5,
            "watch": "both",
        },
        "aqdd": {
            **_WAITING,
            "title": "approval queue",
            "unit": "pending",
            "kind": "gauge",
            "objective": "2x",
            "sustain": "30m",
            "absolute_tolerance": 5,
        },
    }
)
"""The four of agentsre, with the limits of its README's conservative column."""

TEMPLATES = _table(
    {
        "task_success": {**_RATIO, "title": "task success", "objective": ">= 90"},
        "tool_success": {**_RATIO, "title": "$tool success", "objective": ">= 95"},
        "trajectory_length": {**_PER_TASK, "title": "steps per task", "unit": "steps/task"},
        "cost_per_task": {**_PER_TASK, "title": "cost per task", "unit": "USD/task"},
        "tokens_per_task": {**_PER_TASK, "title": "tokens per task", "unit": "tokens/task"},
        "time_to_resolution": {**_PER_TASK, "title": "time to resolution", "unit": "s/task"},
        "replans_per_task": {
            **_PER_TASK,
            "title": "re-plans per task",
            "unit": "re-plans/task",
            "objective": "<= 2",
            "absolute_tolerance": 0.2,
        },
        "context_use": {
            **_PER_TASK,
            "title": "context use",
            "unit": "%",
            "objective": "<= 75",
            "absolute_tolerance": 2,
        },
        "tool_calls_p95": {**_TAIL, "of": "tool_calls"},
        "cost_p95": {**_TAIL, "of": "cost"},
        "duration_p95": {**_TAIL, "of": "duration"},
    }
)
KNOWN: Mapping[str, SliEntry] = MappingProxyType({**BUILT_IN, **TEMPLATES})
