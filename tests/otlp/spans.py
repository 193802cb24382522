"""OTLP requests made by hand: for what no well-behaved SDK sends, and for arithmetic worked by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.otlp.house import ns

HERE, REMOTE = 0x100, 0x300


@dataclass(frozen=True)
class HandSpan:
    """One span; `start` and `end` in seconds from `at`."""

    name: str
    span: str
    parent: str = ""
    trace: str = "0" * 31 + "1"
    start: float = 0
    end: float = 1
    flags: int = HERE
    failed: bool = False
    state: str = ""
    raised: str = ""
    about: Mapping[str, str | int | float | bool | Sequence[str]] = field(default_factory=dict)


def request(
    at: datetime, spans: Sequence[HandSpan], service: str = "refunds-svc", scope: str = "test"
) -> ExportTraceServiceRequest:
    made = ExportTraceServiceRequest()
    of_resource = made.resource_spans.add()
    if service:
        of_resource.resource.attributes.add(key="service.name").value.string_value = service
    of_scope = of_resource.scope_spans.add()
    of_scope.scope.name, of_scope.scope.version = scope, "1"
    for one in spans:
        span = of_scope.spans.add(
            name=one.name,
            trace_id=bytes.fromhex(one.trace),
            span_id=bytes.fromhex(one.span),
            parent_span_id=bytes.fromhex(one.parent),
            start_time_unix_nano=ns(at, one.start),
            end_time_unix_nano=ns(at, one.end),
            flags=one.flags,
            trace_state=one.state,
        )
        span.status.code = 2 if one.failed else 0
        for key, value in one.about.items():
            given = span.attributes.add(key=key).value
            if isinstance(value, str):
                given.string_value = value
            elif isinstance(value, bool):
                given.bool_value = value
            elif isinstance(value, int):
                given.int_value = value
            elif isinstance(value, float):
                given.double_value = value
            else:
                for each in value:
                    given.array_value.values.add(string_value=each)
        if one.raised:
            span.events.add(name="exception").attributes.add(key="exception.type").value.string_value = one.raised
    return made


def sid(number: int) -> str:
    return f"{number:016x}"


def tid(number: int) -> str:
    return f"{number:032x}"


def agent(number: int, name: str = "triage", parent: int = 0, **more: object) -> HandSpan:
    about = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name, **_about(more)}
    return HandSpan(f"invoke_agent {name}", sid(number), sid(parent) if parent else "", about=about, **more)  # type: ignore[arg-type]


def tool(number: int, name: str, parent: int, **more: object) -> HandSpan:
    about = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, **_about(more)}
    return HandSpan(f"execute_tool {name}", sid(number), sid(parent), about=about, **more)  # type: ignore[arg-type]


def chat(number: int, parent: int, read: int = 10, written: int = 5, **more: object) -> HandSpan:
    about = {
        "gen_ai.operation.name": "chat",
        "gen_ai.response.model": "gpt-5",
        "gen_ai.usage.input_tokens": read,
        "gen_ai.usage.output_tokens": written,
        **_about(more),
    }
    return HandSpan("chat gpt-5", sid(number), sid(parent), about=about, **more)  # type: ignore[arg-type]


def other(number: int, name: str, parent: int = 0, **more: object) -> HandSpan:
    return HandSpan(name, sid(number), sid(parent) if parent else "", **more)  # type: ignore[arg-type]


def _about(more: dict[str, object]) -> dict[str, str]:
    given = more.pop("about", {})
    assert isinstance(given, dict)
    return given
