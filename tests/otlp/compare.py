"""Exports of real frameworks, counted by the whole bot and held against what their scripts did."""

import gzip
import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bot.core.telemetry.task_records import TaskRecord
from bot.core.telemetry.traces.trace_rules import AgentRules, Markers, TraceRules
from tests.otlp.house import OtlpHouse

RULES = TraceRules(
    {
        "refunds": AgentRules(
            service=("refunds-svc",),
            escalates=Markers(tools=("transfer_to_human*",), handoffs=("human*",)),
            waits=Markers(unanswered_calls=True),
        )
    }
)
BATCH = 40


def projection(task: TaskRecord) -> dict[str, object]:
    """What the script can tell of a task as well."""
    return {
        "tools": {one.name: [one.calls, one.errors] for one in task.tools},
        "repeated": task.repeated_calls,
        "tokens": task.tokens,
        "pending": task.pending_approval,
        "escalated": task.required_escalation,
        "completed": task.completed,
    }


def differences(tasks: Iterable[TaskRecord], truth: Iterable[Mapping[str, object]]) -> list[str]:
    """One line for each task that is missing, and each that there should not be; empty where all is right."""
    kinds: dict[str, set[str]] = {}
    wanted: Counter[str] = Counter()
    for one in truth:
        text = json.dumps({name: value for name, value in one.items() if name != "kind"}, sort_keys=True)
        wanted[text] += 1
        kinds.setdefault(text, set()).add(str(one["kind"]))
    found = Counter(json.dumps(projection(task), sort_keys=True) for task in tasks)
    missing = [f"missing {count}, {sorted(kinds[text])}: {text}" for text, count in (wanted - found).items()]
    return missing + [f"too many {count}: {text}" for text, count in (found - wanted).items()]


def replayed(house: OtlpHouse, request: ExportTraceServiceRequest, seed: int) -> None:
    """Send an export as a hard network would: in batches of its own order, some of them twice."""
    chance = random.Random(seed)  # noqa: S311 - an order, not a secret
    spans = [
        (of_resource.resource, of_scope.scope, span)
        for of_resource in request.resource_spans
        for of_scope in of_resource.scope_spans
        for span in of_scope.spans
    ]
    newest = max(span.end_time_unix_nano for _, _, span in spans) / 1e9
    house.engine.clock.advance(newest + 1 - house.engine.clock.now().timestamp())
    chance.shuffle(spans)
    batches = [spans[start : start + BATCH] for start in range(0, len(spans), BATCH)]
    for batch in [*batches, *chance.sample(batches, len(batches) // 3)]:
        made = ExportTraceServiceRequest()
        for resource, scope, span in batch:
            of_resource = made.resource_spans.add(resource=resource)
            of_resource.scope_spans.add(scope=scope).spans.append(span)
        assert house.send(made.SerializeToString()).status_code == 200
        if chance.random() < 0.2:
            house.settle(3)
    house.settle(31)
    house.settle(301)


def read(file: Path) -> ExportTraceServiceRequest:
    """A recorded export."""
    made = ExportTraceServiceRequest()
    made.ParseFromString(gzip.decompress(file.read_bytes()))
    return made
