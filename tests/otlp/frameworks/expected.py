"""What a script of runs must be counted as. It runs in the framework's environment and knows nothing of Stepdown."""

import json
import os
import random
from collections import Counter
from dataclasses import asdict, dataclass, field

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

Step = list[str | tuple[str, dict[str, str]]]
"""What the model says: texts, and calls of tools with their arguments."""
READ, WRITTEN = 10, 5
"""Tokens of each answer of the scripted model."""


@dataclass
class Expected:
    """One task."""

    kind: str
    tools: dict[str, list[int]] = field(default_factory=dict)
    """Name -> calls, errors."""
    repeated: int = 0
    tokens: int = 0
    pending: bool | None = False
    """None: nothing that is sent tells."""
    escalated: bool = False
    completed: bool = True


def expected(
    kind: str, *plans: list[Step], failing: tuple[str, ...] = (), not_called: tuple[str, ...] = ()
) -> Expected:
    """The truth of a plan that is carried out to its end: every answer of the model, every call of a tool."""
    calls = [
        part
        for plan in plans
        for step in plan
        for part in step
        if not isinstance(part, str) and part[0] not in not_called
    ]
    made = Counter(name for name, _ in calls)
    same = Counter((name, json.dumps(arguments, sort_keys=True)) for name, arguments in calls)
    return Expected(
        kind,
        {name: [count, count if name in failing else 0] for name, count in sorted(made.items())},
        sum(count - 1 for count in same.values()),
        sum(len(plan) for plan in plans) * (READ + WRITTEN),
    )


def provider() -> TracerProvider:
    """OpenTelemetry's own SDK and exporter, set up by its own variables, as the guides (`docs/otel`) do it."""
    spans = TracerProvider()
    spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(spans)
    return spans


def order(kinds: list[str]) -> list[str]:
    """As many kinds as OTEL_CHECK_RUNS says, each at least once, in one order."""
    runs, chance = int(os.environ["OTEL_CHECK_RUNS"]), random.Random(1)  # noqa: S311 - an order
    chosen = [*kinds, *chance.choices(kinds, k=max(0, runs - len(kinds)))][:runs]
    chance.shuffle(chosen)
    return chosen


def tell(tasks: list[Expected]) -> None:
    """The last line that is printed."""
    print(json.dumps([asdict(one) for one in tasks]))
