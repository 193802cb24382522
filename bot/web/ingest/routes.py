"""Samples and task records, pushed by agents, gateways and exporters (`product.md` sections 3 and 12).

Each record is answered for itself: what is right is stored, whatever stands beside it. Checking and storing happen on a
few threads of their own, so that a large batch or a slow database delays other batches and never an agent that polls
its rung.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from fastapi import APIRouter, Request, Response

from bot.core.formatting.plurals import plural
from bot.core.model.fleet import Fleet
from bot.core.model.samples import Sample
from bot.core.telemetry.task_records import TaskRecord
from bot.ports.clock import Clock
from bot.ports.ingest import Intake
from bot.web.authenticator import Authenticator
from bot.web.bodies import parse_records, read_body
from bot.web.errors import Refusal, answer
from bot.web.ingest.record_checks import (
    CheckedRecords,
    Numbered,
    RecordFault,
    checked_samples,
    checked_tasks,
    owners,
    strangers,
)
from bot.web.ingest.records import BATCH
from bot.web.intake_threads import IntakeThreads
from bot.web.metrics.http_metrics import WebMetrics
from bot.web.openapi import schemas
from bot.web.tokens import ApiCaller

SAMPLE_WRITERS = ("agent", "samples", "admin")
TASK_WRITERS = ("agent", "tasks", "admin")
THREADS = 2
WAITING = 16
"""Requests that may wait for a thread; each may hold 1 MiB."""
SOME = 207
"""The status of an answer to a request of which a part was stored."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class RecordKind(Generic[Value]):
    """What is done with one kind of record. `put` stores values by place and names those that cannot be."""

    name: str
    check: Callable[[Sequence[Numbered]], CheckedRecords[Value]]
    put: Callable[[Mapping[int, Value]], Sequence[RecordFault]]
    measured: bool = True
    """Whether an agent is measured by it, so that a refused one leaves its minute in doubt."""
    taken: int = 422
    """The status where `put` alone refused everything."""


class RecordIntake:
    """Takes one request's records from bytes to the store."""

    def __init__(self, intake: Intake, fleet: Callable[[], Fleet], clock: Clock, metrics: WebMetrics) -> None:
        self._intake = intake
        self._fleet = fleet
        self._clock = clock
        self._metrics = metrics
        self._threads = IntakeThreads(THREADS, WAITING, "batches", retry_after=1)
        self.samples: RecordKind[Sample] = RecordKind(
            "sample", lambda rows: checked_samples(rows, fleet(), clock.now()), self._put_samples
        )
        self.tasks: RecordKind[TaskRecord] = RecordKind(
            "task", lambda rows: checked_tasks(rows, fleet(), clock.now()), self._put_tasks
        )

    async def take(self, caller: ApiCaller, body: bytes, kind: RecordKind[Value]) -> Response:
        """Check and store a request's records; answers for each of them. Raises Refusal where none was stored."""
        return await self._threads.run(self._take, caller, body, kind)

    def _put_samples(self, samples: Mapping[int, Sample]) -> Sequence[RecordFault]:
        self._intake.samples(list(samples.values()), self._clock.now())
        return ()

    def _put_tasks(self, records: Mapping[int, TaskRecord]) -> Sequence[RecordFault]:
        self._intake.tasks(list(records.values()))
        return ()

    def _take(self, caller: ApiCaller, body: bytes, kind: RecordKind[Value]) -> Response:
        """On a thread of our own: parse, see whose records they are, check, store, count."""
        rows = _rows(body)
        numbered = list(enumerate(rows))
        others = strangers(numbered, caller.agent, self._fleet()) if caller.role == "agent" else []
        foreign = {fault.index for fault in others}
        checked = kind.check([(index, row) for index, row in numbered if index not in foreign])
        if kind.measured and checked.faults:
            first = checked.faults[0]
            why = f"{first.field or 'record'}: {first.found}"
            self._intake.refused(owners([rows[index] for index in checked.refused()], self._fleet()), why)
        late = kind.put(checked.good) if checked.good else ()
        status = 403 if len(others) == len(rows) else kind.taken if len(late) == len(rows) else 422
        return self._answer(kind.name, checked.without([*late, *others]), status)

    def _answer(self, name: str, checked: CheckedRecords[Value], status: int) -> Response:
        """What became of each record. Raises Refusal where there were some and none was stored."""
        stored, refused = len(checked.good), checked.refused()
        self._metrics.records.labels(name, "stored").inc(stored)
        self._metrics.records.labels(name, "refused").inc(len(refused))
        if not refused:
            return answer({"stored": stored})
        more = {"stored": stored, "refused": refused, "faults": checked.shown()}
        faults = plural(len(checked.faults), "fault")
        if stored:
            left = plural(len(refused), "record")
            return answer({"error": f"{left} of {stored + len(refused)} refused, {faults} found", **more}, SOME)
        raise Refusal(status, f"{faults} found; nothing was stored", more=more)


def _rows(body: bytes) -> list[object]:
    """The records of a body. Raises Refusal."""
    parsed = parse_records(body)
    rows = parsed if isinstance(parsed, list) else [parsed]
    if len(rows) > BATCH:
        fault = {"index": BATCH, "field": "", "found": f"{len(rows)} records", "allowed": f"at most {BATCH} at once"}
        why = f"{len(rows)} records in one request, {BATCH} are allowed; nothing was stored"
        raise Refusal(422, why, more={"stored": 0, "faults": [fault]})
    return rows


def routes(authenticator: Authenticator, inbox: RecordIntake) -> APIRouter:
    """`POST /v1/samples` and `POST /v1/tasks`."""
    router = APIRouter(prefix="/v1", tags=["reporting"])

    @router.post("/samples", summary="Push ready SLI values", openapi_extra=schemas.SAMPLES)
    async def samples(request: Request) -> Response:
        """Store one sample or a list of at most 5,000, each for itself; the same sample again changes nothing."""
        caller = authenticator.caller(request, SAMPLE_WRITERS)
        return await inbox.take(caller, await read_body(request), inbox.samples)

    @router.post("/tasks", summary="Report tasks", openapi_extra=schemas.TASKS)
    async def tasks(request: Request) -> Response:
        """Store one task record or a list of at most 5,000, each for itself; the newest word on a task counts."""
        caller = authenticator.caller(request, TASK_WRITERS)
        return await inbox.take(caller, await read_body(request), inbox.tasks)

    return router
