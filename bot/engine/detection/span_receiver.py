"""Takes spans: read apart, stored before the answer, refused early where too many wait to be counted."""

from collections.abc import Callable

from bot.core.telemetry.traces.trace_rules import TraceRules
from bot.engine.detection.span_counts import SpanCounts
from bot.ports.clock import Clock
from bot.ports.spans import BusyError, OtlpRequest, ReadRequest, SpanReader
from bot.ports.store import TraceStore

MOST = 8_000_000
"""Spans that are kept for counting, about a gigabyte; with five minutes for those that come late, 26,000 a second."""
LATER = 30.0
"""Seconds until a trace is looked at of which no outermost span has come."""
BUSY = 3
"""Seconds that a sender waits before it tries again; one that is told to wait longer than its own timeout, of 10 s in
OpenTelemetry's exporters, throws away what it has."""


class SpanReceiver:
    """See `ports.spans.SpanIntake`."""

    def __init__(
        self,
        store: TraceStore,
        reader: SpanReader,
        clock: Clock,
        rules: Callable[[], TraceRules | None],
        counts: SpanCounts,
        most: int = MOST,
    ) -> None:
        self._store = store
        self._reader = reader
        self._clock = clock
        self._rules = rules
        self._counts = counts
        self._most = most
        self._kept = 0

    @property
    def is_on(self) -> bool:
        """Whether the fleet file has a source that spans come to."""
        return self._rules() is not None

    def look(self) -> None:
        """See how many spans are kept, and write down what was counted."""
        self._kept = self._store.waiting_spans()
        self._counts.flush()

    def take(self, request: OtlpRequest) -> ReadRequest:
        """Read, store, count."""
        rules = self._rules() or TraceRules()
        if self._kept >= self._most:
            self._counts.add("shed", request.signal, "requests, while too many spans were waiting")
            raise BusyError(f"{self._kept} spans are kept for counting, and no more than {self._most} are", BUSY)
        now = self._clock.now().timestamp()
        read = self._reader.read(request, now)
        with self._store.yielding():
            self._store.put_spans(read.chunks, now, now + rules.gather, now + LATER)
        self._kept += sum(chunk.spans for chunk in read.chunks)
        for of, as_what, count in read.seen:
            self._counts.add("span", of, as_what, count)
        for why, count in read.refused:
            self._counts.add("refused", request.writer or "a collector", why, count)
        return read
