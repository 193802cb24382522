"""The tasks that show best what went wrong, for somebody who wants to see one for themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.core.diagnosis.evidence import Evidence
from bot.core.diagnosis.facts import primary_badness
from bot.core.formatting.plurals import plural
from bot.core.telemetry.task_records import TaskRecord
from bot.core.telemetry.traces.trace_links import trace_of

SHOWN = 3
LONGEST_NAME = 80
"""Characters of a tool's name that are kept."""


@dataclass(frozen=True, slots=True)
class ExampleTask:
    """One task since the onset whose trace can be looked at, and what is wrong with it in words."""

    task_id: str
    at: datetime
    words: str


def examples(material: Evidence) -> tuple[ExampleTask, ...]:
    """The worst in terms of the SLI that broke first, then those with most signs, the oldest first among equals."""
    bad = primary_badness(material)
    found: list[tuple[tuple[float, int, datetime], ExampleTask]] = []
    for task in material.split(material.tasks)[1]:
        signs = tuple(_signs(material, task))
        if signs and trace_of(task.task_id) is not None:
            example = ExampleTask(task.task_id, task.at, "; ".join(signs))
            found.append(((-(bad(task) or 0.0), -len(signs), task.at), example))
    return tuple(example for _, example in sorted(found, key=lambda pair: (pair[0], pair[1].task_id))[:SHOWN])


def _signs(material: Evidence, task: TaskRecord) -> Iterator[str]:
    """What is wrong with one task. Being sent to a person by the rung is not."""
    if task.success is False:
        yield "failed"
    if task.decision_correct is False:
        yield "judged wrong"
    if material.unmoved(task):
        if task.required_escalation:
            yield "needed a person"
        if task.waits:
            yield "waits for approval"
    for use in sorted(task.tools, key=lambda one: (-one.errors, one.name)):
        if use.errors:
            yield f"{use.name[:LONGEST_NAME]} failed {use.errors} of {plural(use.calls, 'call')}"
            break
    if task.repeated_calls:
        yield f"{plural(task.repeated_calls, 'call')} repeated"
    if material.primary == "tie":
        yield plural(task.tool_calls, "tool call")
