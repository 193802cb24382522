"""An OTLP request to facts: bytes in, spans grouped by trace out, and what could not be taken with its reason.

Protobuf and JSON (whose ids are hexadecimal, which protobuf's own JSON is not), plain or gzip. A body that unpacks to
more than `UNPACKED` is refused without being unpacked further.
"""

import base64
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pydantic_core import from_json, to_json

from bot.core.telemetry.traces.span_facts import (
    AGENT,
    CHAIN,
    EVALUATION,
    HANDOFF,
    HERE,
    MODEL,
    OTHER,
    REMOTE,
    UNSAID,
    About,
    SpanFacts,
)
from bot.sources.otlp.conventions import DEFERRAL
from bot.sources.otlp.quirks import Does, Quirk
from bot.sources.otlp.span_reading import (
    ERROR_TYPE,
    SPAN_TYPE,
    WANTED,
    about_of,
    by_finish,
    clean,
    digest,
    finish_reasons,
    handed_to,
    is_nothing,
    is_run,
    quirks_of,
    role_of,
    says_failed,
    stops_at,
)

UNPACKED: Final = 64 * 1_048_576
"""Bytes of an unpacked body."""
AT_ONCE: Final = 250_000_000
"""Nanoseconds within which a call that only waits for approval ends; one without a result that ran longer was broken
off."""
AHEAD, BEHIND = 30.0, 14 * 86_400.0
"""Seconds by which a span's end may be ahead of our clock, or behind it."""
EVER: Final = float("nan")
"""A `now` that no time is compared with: spans of a file may be of any age."""
TRACE_ID, SPAN_ID = 16, 8
"""Bytes of an id."""
NO_TRACE, NO_SPAN = bytes(TRACE_ID), bytes(SPAN_ID)
_REQUESTS: Final[Mapping[str, type[Message]]] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
_IDS = frozenset({"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"})
_EVENT = "gen_ai.evaluation.result"
_ROOTS = frozenset({AGENT, CHAIN})
"""Roles of spans that may be a run's outermost."""
_ENDING = frozenset({AGENT, MODEL})
"""Roles of spans whose events may tell why they ended."""
_NO_PARENT = frozenset({b"", NO_SPAN})
_PART = re.compile(r"(?:^|[,;])\s*ot=[^,]*\bth:(?!0(?:[;,]|$))")
"""Of a trace state: only a part of all traces is sent (OpenTelemetry, "TraceState: probability sampling")."""


class UndecodableError(ValueError):
    """A body that is no OTLP request; `status` is the answer's."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class DecodedChunk:
    """Spans of one trace out of one request. `ends`: an outermost span may be among them."""

    trace: str
    chunk: str
    spans: int
    ends: bool
    body: bytes


@dataclass(slots=True)
class Decoded:
    """One request, read. `seen`: (instrumentation, what it was read as) -> spans."""

    chunks: list[DecodedChunk] = field(default_factory=list)
    records: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Scope:
    """An instrumentation of one service, looked up once for all its spans in a request. `seen`: (convention, role)."""

    text: str
    service: str
    quirks: Mapping[Does, Quirk]
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)

    @classmethod
    def of(cls, given: Any, service: str) -> "_Scope":  # noqa: ANN401 - generated code has no types
        name = clean(given.name)
        return cls(f"{name} {clean(given.version)[:40]}".strip(), service, quirks_of(name))

    def tell(self, out: Decoded) -> None:
        """Add what was seen of it."""
        named = self.text or "no instrumentation"
        for (convention, role), count in self.seen.items():
            out.seen[named, f"{convention}: {role}" if convention else OTHER] += count


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body as its sender made it. Raises UndecodableError."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise UndecodableError(415, f"content-encoding {encoding[:40]!r}; allowed: gzip, or none")
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = inflate.decompress(body, UNPACKED + 1)
    except zlib.error as error:
        raise UndecodableError(400, f"the body is not gzip: {error}") from None
    if len(plain) > UNPACKED or inflate.unconsumed_tail:
        raise UndecodableError(413, f"the body unpacks to more than {UNPACKED} bytes")
    if not inflate.eof:
        raise UndecodableError(400, "the gzip body ends too soon")
    return plain


def decoded(signal: str, body: bytes, *, as_json: bool, encoding: str, now: float) -> Decoded:
    """Read one request. Raises UndecodableError."""
    request: Any = _parsed(_REQUESTS[signal], unpacked(body, encoding), as_json=as_json)
    if signal == "traces":
        return _spans(request, now)
    return _evaluations(request, now) if signal == "logs" else _metrics(request)


def _parsed(kind: type[Message], body: bytes, *, as_json: bool) -> Message:
    try:
        if as_json:
            return json_format.ParseDict(_object(body), kind(), ignore_unknown_fields=True)
        return kind.FromString(body)
    except (DecodeError, json_format.ParseError, ValueError, TypeError, RecursionError) as error:
        said = clean(" ".join(str(error).split()))  # it repeats a part of the body
        form = "JSON" if as_json else "protobuf"
        raise UndecodableError(400, f"the body is no {kind.DESCRIPTOR.name} in {form}: {said}") from None


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body, with its ids as protobuf's own JSON has them. Raises ValueError."""
    parsed = from_json(body)
    if not isinstance(parsed, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - the body is wrong, not our type
    return {key: _with_base64(value) for key, value in parsed.items()}


def _with_base64(parsed: Any) -> Any:  # noqa: ANN401 - JSON
    """JSON whose ids are as protobuf's own JSON has them. What is nested too deeply was refused when it was parsed."""
    if isinstance(parsed, dict):
        return {
            key: _id(value) if key in _IDS and isinstance(value, str) else _with_base64(value)
            for key, value in parsed.items()
        }
    return [_with_base64(one) for one in parsed] if isinstance(parsed, list) else parsed


def _id(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


def _spans(request: Any, now: float) -> Decoded:  # noqa: ANN401 - generated code has no types
    out = Decoded()
    traces: dict[bytes, list[SpanFacts]] = {}
    for of_resource in request.resource_spans:
        service = _service(of_resource.resource.attributes)
        for of_scope in of_resource.scope_spans:
            scope = _Scope.of(of_scope.scope, service)
            spans = of_scope.spans
            out.records += len(spans)
            for span in spans:
                trace = span.trace_id
                fault = _fault(span, trace, now)
                if fault:
                    out.refused[fault] += 1
                elif trace in traces:
                    traces[trace].append(_facts(span, scope))
                else:
                    traces[trace] = [_facts(span, scope)]
            scope.tell(out)
    out.chunks = [_chunk(trace.hex(), spans) for trace, spans in traces.items()]
    return out


def _service(attributes: Iterable[Any]) -> str:
    return next((clean(one.value.string_value) for one in attributes if one.key == "service.name"), "")


def _fault(span: Any, trace: bytes, now: float) -> str:  # noqa: ANN401 - generated code has no types
    own = span.span_id
    if len(trace) != TRACE_ID or trace == NO_TRACE:
        return "no valid trace id"
    if len(own) != SPAN_ID or own == NO_SPAN:
        return "no valid span id"
    end = span.end_time_unix_nano / 1e9
    if not end:
        return "no end time"
    if end > now + AHEAD:  # both are False where `now` is EVER
        return "ends more than 30 s ahead of our clock"
    return "ended more than 14 days ago" if end < now - BEHIND else ""


def _facts(span: Any, scope: _Scope) -> SpanFacts:  # noqa: ANN401 - see above
    """One span. This runs for each one that comes, so nothing is asked of it twice, and rare things last."""
    attributes = _attributes(span.attributes)
    role, convention = role_of(span.name, attributes)
    name, quirks, target = clean(span.name), scope.quirks, None
    if quirks:
        role = AGENT if is_run(role, name, quirks) else role
        target = handed_to(role, name, attributes, quirks)
        role = HANDOFF if target is not None else OTHER if is_nothing(name, attributes, quirks) else role
    if SPAN_TYPE in attributes and attributes[SPAN_TYPE] == "pending_span":
        role = OTHER
    about = about_of(role, attributes, quirks)
    if target:
        about[About.TARGET] = clean(target)
    if span.events and role in _ENDING:
        about = by_finish(role, _finish_reasons(span.events)) | about
    error = attributes.get(ERROR_TYPE) or (_raised(span.events) if span.events else "")
    error = clean(str(error)) if error else ""
    start, end = span.start_time_unix_nano, span.end_time_unix_nano
    if end - start > AT_ONCE:
        about.pop(About.SILENT, None)
    stops = stops_at(error, attributes) if error or DEFERRAL in attributes else None
    if stops:
        about[About.STOPS] = stops
    if role in _ROOTS:
        _of_agent(about, span, scope)
    scope.seen[convention, role] += 1
    flags, parent = span.flags, span.parent_span_id
    return SpanFacts(
        span.span_id.hex(),
        "" if parent in _NO_PARENT else parent.hex(),
        UNSAID if not flags & 0x100 else REMOTE if flags & 0x200 else HERE,
        role,
        name,
        start / 1e9,
        end / 1e9,
        not stops and (span.status.code == 2 or says_failed(attributes)),  # noqa: PLR2004 - STATUS_CODE_ERROR
        error,
        scope.text,
        about,
    )


def _of_agent(about: dict[str, object], span: Any, scope: _Scope) -> None:  # noqa: ANN401 - see above
    quirks = scope.quirks
    if scope.service:
        about[About.SERVICE] = scope.service
    if quirks and span.name in {one.detail for one in quirks.values() if one.does == "root is always OK"}:
        about[About.NO_STATUS] = True
    elif About.AGENT not in about and not any(span.parent_span_id) and About.WORKFLOW not in about:
        about[About.AGENT] = clean(span.name)
    if "resumes unseen" in quirks:
        about[About.UNSEEN] = True
    if span.trace_state and _PART.search(span.trace_state):
        about[About.PART] = True


def _finish_reasons(events: Iterable[Any]) -> Iterator[str]:
    """Why a run or a model ended, where only events tell (Strands; the GenAI conventions up to 1.36)."""
    for event in events:
        for one in event.attributes:
            yield from finish_reasons(one.key, one.value.string_value)


def _raised(events: Iterable[Any]) -> str:
    """The last part of the name of the exception that a span tells of."""
    for event in events:
        if event.name == "exception":
            for one in event.attributes:
                if one.key == "exception.type":
                    return str(one.value.string_value).rpartition(".")[2]
    return ""


def _attributes(given: Iterable[Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for one in given:
        key = one.key
        if key in WANTED:
            value = one.value
            found[key] = value.string_value or value.int_value or _value(value)  # of those only one is set
    return found


def _value(value: Any) -> object:  # noqa: ANN401 - generated code has no types
    which = value.WhichOneof("value")
    if which is None:
        return None
    found = getattr(value, which)
    if which == "array_value":
        return [_value(one) for one in found.values]
    return str(found) if which == "kvlist_value" else found


def _chunk(trace: str, spans: Sequence[SpanFacts]) -> DecodedChunk:
    body = to_json([tuple(one) for one in spans])  # plain tuples are written twice as fast as named ones
    ends = any(one.role in _ROOTS and (not one.parent or one.parent_is == REMOTE) for one in spans)
    return DecodedChunk(trace, digest(body), len(spans), ends, body)


def _evaluations(request: Any, now: float) -> Decoded:  # noqa: ANN401 - generated code has no types
    out = Decoded()
    traces: dict[str, list[SpanFacts]] = {}
    for scope, record in _records(request):
        out.records += 1
        attributes = _attributes(record.attributes)
        if record.event_name != _EVENT and _event_name(record) != _EVENT:
            out.seen[scope, "log record: not read"] += 1
            continue
        at = (record.time_unix_nano or record.observed_time_unix_nano) / 1e9
        if len(record.trace_id) != TRACE_ID or not any(record.trace_id):
            out.refused["an evaluation that names no trace"] += 1
            continue
        if not now - BEHIND <= at <= now + AHEAD:
            out.refused["an evaluation whose time is not plausible"] += 1
            continue
        out.seen[scope, "evaluation"] += 1
        about = about_of(EVALUATION, attributes, {})
        parent = record.span_id.hex() if any(record.span_id) else ""
        own = digest(f"{at}{parent}{sorted(about.items(), key=str)}".encode("utf-8", "surrogatepass"))
        facts = SpanFacts(own, parent, UNSAID, EVALUATION, _EVENT, at, at, False, "", scope, about)
        traces.setdefault(record.trace_id.hex(), []).append(facts)
    out.chunks = [_chunk(trace, spans) for trace, spans in traces.items()]
    return out


def _records(request: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - generated code has no types
    for of_resource in request.resource_logs:
        for of_scope in of_resource.scope_logs:
            scope = clean(f"{of_scope.scope.name} {of_scope.scope.version}".strip()) or "no instrumentation"
            for record in of_scope.log_records:
                yield scope, record


def _event_name(record: Any) -> str:  # noqa: ANN401 - generated code has no types
    return next((one.value.string_value for one in record.attributes if one.key == "event.name"), "")


def _metrics(request: Any) -> Decoded:  # noqa: ANN401 - generated code has no types
    """Metrics are counted and not read: spans tell the same, for each run."""
    out = Decoded()
    for of_resource in request.resource_metrics:
        for of_scope in of_resource.scope_metrics:
            scope = clean(f"{of_scope.scope.name} {of_scope.scope.version}".strip()) or "no instrumentation"
            out.records += len(of_scope.metrics)
            out.seen[scope, "metric: not read"] += len(of_scope.metrics)
    return out
