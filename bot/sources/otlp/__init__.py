"""Spans over OTLP: an agent's own instrumentation, or a Collector, sends what it sends anyhow."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.core.health.finding import Finding
from bot.core.telemetry.task_records import TASK_PERCENTILES, TASK_SLIS
from bot.core.telemetry.traces.blind_spots import blind_spots
from bot.core.telemetry.traces.trace_rules import TraceRules
from bot.engine.detection.source_checks.source_check import SourceQuestions
from bot.sources.kind import SourceKind
from bot.sources.otlp.settings import OtlpSettings

MEASURED = sorted((TASK_SLIS | TASK_PERCENTILES) - {"context_use", "replans_per_task"})
"""SLIs that spans can tell of."""


def _rules(settings: Mapping[str, object]) -> TraceRules:
    return OtlpSettings.model_validate(dict(settings)).rules()


def _agents(settings: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], str]]:
    agents = settings.get("agents")
    for key in agents if isinstance(agents, Mapping) else ():
        yield ("agents", str(key)), str(key)


def _what_is_unknown(questions: SourceQuestions) -> Iterator[Finding]:
    """Nothing can be asked; what spans will not tell of each agent is known beforehand."""
    rules = _rules(questions.spec.settings)
    yield Finding("source", questions.spec.name, "fine", "spans come to us; `stepdown otel` says what came")
    for key in rules.agents:
        if key in questions.fleet.agents:
            for spot in blind_spots(questions.fleet.agents[key], rules):
                yield Finding("source", questions.spec.name, "warning", f"{key}: {spot.text}")


KIND = SourceKind(
    name="otlp",
    summary="spans of the agent's framework, sent over OTLP by its own exporter or a Collector",
    use_when="the agent is instrumented with OpenTelemetry, OpenInference or OpenLLMetry, or can be",
    settings=OtlpSettings,
    docs=Path(__file__).with_name("docs.md"),
    tells_tasks=True,
    names={name: {} for name in MEASURED},
    online_check=_what_is_unknown,
    spans=_rules,
    agents=_agents,
)
