"""Spans that come over OTLP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.ports.store.traces import SpanChunk


@dataclass(frozen=True, slots=True)
class OtlpRequest:
    """One request as it came. `signal` is traces, logs or metrics; `writer` the agent whose token brought it, or ""."""

    signal: str
    body: bytes
    as_json: bool
    encoding: str
    writer: str


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """One request, read: its spans by trace, and counts. `refused`: (why, records); `seen`: (of, read as, records)."""

    chunks: Sequence[SpanChunk]
    records: int
    refused: Sequence[tuple[str, int]]
    seen: Sequence[tuple[str, str, int]]


class UnreadableError(Exception):
    """A request that is no OTLP; `status` is the answer's."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class SpanReader(Protocol):
    """Reads requests apart from everything that pages."""

    def read(self, request: OtlpRequest, now: float) -> ReadRequest:
        """Decode a request. Raises UnreadableError where it is the sender's fault, OSError where it is ours."""
        ...

    def close(self) -> None:
        """Let it go."""
        ...


class BusyError(Exception):
    """Spans cannot be taken now; `retry_after` in seconds."""

    def __init__(self, why: str, retry_after: int) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class SpanIntake(Protocol):
    """Takes what comes over OTLP."""

    @property
    def is_on(self) -> bool:
        """Whether the fleet file has a source that spans come to."""
        ...

    def take(self, request: OtlpRequest) -> ReadRequest:
        """Read and store a request: what is answered well is kept. Raises UnreadableError, BusyError, OSError."""
        ...
