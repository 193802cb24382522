"""OTLP over HTTP: `/v1/traces`, `/v1/logs` and `/v1/metrics`, as OpenTelemetry's own exporters and Collectors send.

Protobuf and JSON, each answered in kind, refusals too. What is answered with 200 is stored; 429 and 503 carry
Retry-After, and the sender keeps what it has. Reading happens in another process and storing on threads of our own.
"""

import json
from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request, Response
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from bot.ports.spans import BusyError, OtlpRequest, ReadRequest, SpanIntake, UnreadableError
from bot.web.authenticator import Authenticator
from bot.web.bodies import read_body
from bot.web.errors import Refusal
from bot.web.intake_threads import IntakeThreads
from bot.web.metrics.http_metrics import WebMetrics

WRITERS: Final = ("agent", "tasks", "admin")
BODY: Final = 8 * 1_048_576
"""Bytes of a request as it comes; packed, that is well over 100,000 spans."""
THREADS: Final = 2
WAITING: Final = 6
"""Requests that may wait for a thread."""
PROTOBUF, JSON = "application/x-protobuf", "application/json"
OFF: Final = "no source of the fleet file takes spans; add one, such as `sources: {otel: {kind: otlp}}`"
NOT_READ: Final = "metrics are counted and not read: spans tell the same of each run"
_ANSWERS: Final[Mapping[str, tuple[type[Message], str]]] = {
    "traces": (ExportTraceServiceResponse, "rejected_spans"),
    "logs": (ExportLogsServiceResponse, "rejected_log_records"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points"),
}


class OtlpIntake:
    """Takes one request from bytes to the store."""

    def __init__(self, authenticator: Authenticator, intake: SpanIntake, metrics: WebMetrics) -> None:
        self._authenticator = authenticator
        self._intake = intake
        self._metrics = metrics
        self._threads = IntakeThreads(THREADS, WAITING, "requests", retry_after=2)

    async def answer(self, request: Request, signal: str) -> Response:
        """Answer in the sender's own form."""
        form = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            read = await self._take(request, signal, form)
        except Refusal as refusal:
            self._metrics.records.labels(signal, "refused").inc()
            return _no(refusal, form, request.app.state.redact(refusal.why))
        refused = sum(count for _, count in read.refused)
        self._metrics.records.labels(signal, "stored").inc(read.records - refused)
        self._metrics.records.labels(signal, "refused").inc(refused)
        return _yes(signal, form, read)

    async def _take(self, request: Request, signal: str, form: str) -> ReadRequest:
        caller = self._authenticator.caller(request, WRITERS)
        if not self._intake.is_on:
            raise Refusal(404, OFF)
        if form not in (PROTOBUF, JSON):
            raise Refusal(415, f"content-type {form[:60]!r}; allowed: {PROTOBUF}, {JSON}")
        self._threads.refuse_when_full()
        encoding = request.headers.get("content-encoding", "").strip().lower()
        body = await read_body(request, BODY)
        writer = caller.agent if caller.role == "agent" else ""
        asked = OtlpRequest(signal, body, form == JSON, encoding, writer)
        return await self._threads.run(self._store, asked)

    def _store(self, asked: OtlpRequest) -> ReadRequest:
        try:
            return self._intake.take(asked)
        except UnreadableError as error:
            raise Refusal(error.status, str(error)) from None
        except BusyError as error:
            raise Refusal(429, str(error), headers={"Retry-After": str(error.retry_after)}) from None
        except OSError as error:
            raise Refusal(503, f"{error}; nothing was stored", headers={"Retry-After": "5"}) from None


def _yes(signal: str, form: str, read: ReadRequest) -> Response:
    """Full or partial success: how many were refused, and why."""
    refused = sum(count for _, count in read.refused)
    why = "; ".join(f"{count}: {text}" for text, count in read.refused) or (NOT_READ if signal == "metrics" else "")
    kind, field = _ANSWERS[signal]
    if form == JSON:
        first, *rest = field.split("_")
        named = {first + "".join(word.capitalize() for word in rest): str(refused), "errorMessage": why}
        return Response(json.dumps({"partialSuccess": named} if why else {}), media_type=JSON)
    said = kind()
    if why:
        partial = getattr(said, "partial_success")  # noqa: B009 - generated code has no types
        setattr(partial, field, refused)
        partial.error_message = why
    return Response(said.SerializeToString(), media_type=PROTOBUF)


def _no(refusal: Refusal, form: str, why: str) -> Response:
    """A `google.rpc.Status`, of which OTLP wants the message (field 2) alone."""
    if form != PROTOBUF:
        return Response(json.dumps({"message": why}), refusal.status, refusal.headers, JSON)
    text = why.encode("utf-8", "replace")
    length, size = b"", len(text)
    while size > 0x7F:  # noqa: PLR2004 - protobuf writes seven bits a byte
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    return Response(b"\x12" + length + bytes([size]) + text, refusal.status, refusal.headers, PROTOBUF)


def routes(inbox: OtlpIntake) -> APIRouter:
    """The three addresses that an OTLP exporter knows."""
    router = APIRouter(prefix="/v1", tags=["reporting"])

    @router.post("/traces", summary="Send spans (OTLP)")
    async def traces(request: Request) -> Response:
        """An OTLP/HTTP trace request."""
        return await inbox.answer(request, "traces")

    @router.post("/logs", summary="Send evaluations (OTLP)")
    async def logs(request: Request) -> Response:
        """An OTLP/HTTP logs request; of its records the evaluations are read."""
        return await inbox.answer(request, "logs")

    @router.post("/metrics", summary="Send metrics (OTLP)")
    async def metrics(request: Request) -> Response:
        """An OTLP/HTTP metrics request; counted, and not read."""
        return await inbox.answer(request, "metrics")

    return router
