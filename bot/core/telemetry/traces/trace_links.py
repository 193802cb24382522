"""Links from a task to its trace in the team's own backend, by a template of the fleet file."""

import re
from typing import Final, NamedTuple

TRACE_ID: Final = "{trace_id}"
"""What a template has to hold."""
SPAN_ID: Final = "{span_id}"
_TASK = re.compile(r"([0-9a-f]{32}):([0-9a-f]{16})")


class TraceName(NamedTuple):
    """A run in the tracing backend: its trace and its outermost span, in lower-case hex."""

    trace: str
    span: str


def trace_of(task_id: str) -> TraceName | None:
    """The trace of a task that was counted from spans; None for one that was reported."""
    found = _TASK.fullmatch(task_id)
    return TraceName(found[1], found[2]) if found else None


def trace_link(template: str, name: TraceName) -> str:
    """The address of a trace; "" without a template."""
    return template.replace(TRACE_ID, name.trace).replace(SPAN_ID, name.span)
