"""Spans that came, the traces they belong to, and the runs they made."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from bot.core.telemetry.task_records import TaskRecord
from bot.core.telemetry.traces.runs import AgentRun
from bot.core.telemetry.traces.span_facts import SpanFacts


class TraceKey(NamedTuple):
    """A trace of one writer: the agent whose token brought its spans, "" for a collector's."""

    trace: str
    writer: str


@dataclass(frozen=True, slots=True)
class SpanChunk:
    """Spans of one trace out of one request, as JSON. `chunk` is made from them, so the same request has the same one.

    `ends`: an outermost span may be among them, so the trace is worth a look soon.
    """

    key: TraceKey
    chunk: str
    spans: int
    ends: bool
    body: str


@dataclass(frozen=True, slots=True)
class TraceClaim:
    """A trace that is due. `seq` counts what had come of it when it was claimed. Times in epoch seconds.

    `spans`: how many of them are kept at most; what came twice is counted twice.
    """

    key: TraceKey
    seq: int
    spans: int
    first_at: float
    last_at: float
    sealed: bool
    """Its spans are gone: what came since is too late, but for evaluations."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run, whose trace it is of, and the task it was counted in."""

    key: TraceKey
    run: AgentRun
    task_id: str


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What became of a claimed trace. `due` None: nothing more is expected. `forget`: it is nothing of an agent's.

    What came of a sealed one is let go of in any case.
    """

    claim: TraceClaim
    due: float | None = None
    forget: bool = False


class SpanCount(NamedTuple):
    """What came in a minute. `kind`: span, run, refused, ...; `name` and `detail`: of what, and how it was read."""

    minute: int
    kind: str
    name: str
    detail: str
    times: int


class TraceStore(Protocol):
    """Keeps spans until their runs are counted, and runs as long as tasks."""

    def yielding(self) -> AbstractContextManager[None]:
        """On this thread, let the writes of others go first."""
        ...

    def put_spans(self, chunks: Sequence[SpanChunk], now: float, soon: float, later: float) -> None:
        """Store chunks, whole or not at all; those that are there change nothing.

        Their traces are due at `soon` where a chunk `ends`, else at `later` (epoch seconds), or before if they were.
        """
        ...

    def claim_traces(self, now: float, limit: int, lease: float) -> Sequence[TraceClaim]:
        """Traces that are due, which nobody else looks at for `lease` seconds."""
        ...

    def spans_of(self, keys: Collection[TraceKey], most: int) -> Mapping[TraceKey, Sequence[SpanFacts]]:
        """The spans of all chunks of these traces, at most so many of each."""
        ...

    def finish_traces(self, done: Sequence[LookedAt]) -> None:
        """Say what became of claimed traces. One of which more came meanwhile stays due."""
        ...

    def seal_traces(self, before: float, limit: int) -> int:
        """Let go of the spans of traces of which nothing came since then; returns how many traces."""
        ...

    def runs_of(self, keys: Collection[TraceKey]) -> Sequence[StoredRun]:
        """The runs of these traces, as last counted."""
        ...

    def runs_known_by(
        self, offers: Collection[tuple[str, str]], wants: Collection[tuple[str, str]]
    ) -> Sequence[StoredRun]:
        """Runs by (agent, what a run that resumes them is known by), and by (agent, what they resume)."""
        ...

    def put_runs(
        self,
        runs: Sequence[StoredRun],
        gone: Sequence[StoredRun],
        records: Sequence[TaskRecord],
        withdrawn: Collection[tuple[str, str]],
    ) -> Sequence[int]:
        """Store runs and the tasks they make in the place of `gone` and `withdrawn`, in one transaction.

        Unlike a task that is reported, one that is counted anew replaces what was known of it. Returns the minutes
        whose counts change.
        """
        ...

    def forget_runs(self, before: datetime) -> int:
        """Forget runs that ended before then, and traces of which nothing came since."""
        ...

    def note_spans(self, counts: Sequence[SpanCount]) -> None:
        """Add to what is counted of spans."""
        ...

    def span_counts(self, since: int) -> Sequence[SpanCount]:
        """What came since that minute, summed over the minutes (`minute` is the last)."""
        ...

    def waiting_spans(self) -> int:
        """Spans that are kept."""
        ...
