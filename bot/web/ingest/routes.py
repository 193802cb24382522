"""Samples and task records, pushed by agents, gateways and exporters (`product.md` sections 3 and 12).

A request is stored whole or not at all. Checking and storing happen on a few threads of their own, so that a large
batch or a slow database delays other batches and never an agent that polls its rung.
"""

from collections.abc import Callable

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response

from bot.core.formatting.plurals import plural
from bot.core.model.fleet import Fleet
from bot.ports.clock import Clock
from bot.ports.ingest import Intake
from bot.web.authenticator import Authenticator
from bot.web.bodies import parse_json, read_body
from bot.web.errors import Refusal, answer, found
from bot.web.ingest.records import RecordFaults, refused_agents, samples_from, stranger, tasks_from
from bot.web.metrics.http_metrics import WebMetrics
from bot.web.openapi import schemas
from bot.web.tokens import ApiCaller

SAMPLE_WRITERS = ("agent", "samples", "admin")
TASK_WRITERS = ("agent", "tasks", "admin")
PUSHED = ("sample", "task")
"""Kinds of records that are measured by."""
THREADS = 2
WAITING = 16
"""Requests that may wait for a thread; each may hold 1 MiB."""


class RecordIntake:
    """Takes one request's records from bytes to the store."""

    def __init__(self, intake: Intake, fleet: Callable[[], Fleet], clock: Clock, metrics: WebMetrics) -> None:
        self._intake = intake
        self._fleet = fleet
        self._clock = clock
        self._metrics = metrics
        self._threads = CapacityLimiter(THREADS)

    async def take(self, caller: ApiCaller, body: bytes, store: Callable[[object], int], kind: str) -> int:
        """Check and store a request's records; returns how many. Raises Refusal."""
        if self._threads.statistics().tasks_waiting >= WAITING:
            raise Refusal(503, "too many batches are waiting to be stored; try again", headers={"Retry-After": "1"})
        return await to_thread.run_sync(self._take, caller, body, store, kind, limiter=self._threads)

    def samples(self, parsed: object) -> int:
        """Store samples. Raises Faulty."""
        now = self._clock.now()
        samples = samples_from(parsed, self._fleet(), now)
        self._intake.samples(samples, now)
        return len(samples)

    def tasks(self, parsed: object) -> int:
        """Store task records. Raises Faulty."""
        records = tasks_from(parsed, self._fleet(), self._clock.now())
        self._intake.tasks(records)
        return len(records)

    def _take(self, caller: ApiCaller, body: bytes, store: Callable[[object], int], kind: str) -> int:
        """On a thread of our own: parse, see whose records they are, check, store, count."""
        parsed = parse_json(body)
        _insist_own(caller, parsed, self._fleet())
        try:
            count = store(parsed)
        except RecordFaults as faulty:
            if kind in PUSHED:
                self._intake.refused(refused_agents(parsed, self._fleet()), faulty.first)
            self._metrics.records.labels(kind, "refused").inc(len(parsed) if isinstance(parsed, list) else 1)
            why = f"{plural(faulty.count, 'fault')} found; nothing was stored"
            raise Refusal(422, why, more={"faults": faulty.shown}) from None
        self._metrics.records.labels(kind, "stored").inc(count)
        return count


def _insist_own(caller: ApiCaller, parsed: object, fleet: Fleet) -> None:
    """An agent's token reports for that agent alone, and learns nothing about others."""
    other = stranger(parsed, caller.agent, fleet) if caller.role == "agent" else None
    if other is not None:
        index, owner = other
        raise Refusal(
            403,
            f"this token reports for agent {caller.agent!r} only; record {index} is for {found(owner)}. "
            "Nothing was stored",
        )


def routes(authenticator: Authenticator, inbox: RecordIntake) -> APIRouter:
    """`POST /v1/samples` and `POST /v1/tasks`."""
    router = APIRouter(prefix="/v1", tags=["reporting"])

    @router.post("/samples", summary="Push ready SLI values", openapi_extra=schemas.SAMPLES)
    async def samples(request: Request) -> Response:
        """Store one sample or a list of at most 5,000, whole or not at all; the same sample again changes nothing."""
        caller = authenticator.caller(request, SAMPLE_WRITERS)
        return answer({"stored": await inbox.take(caller, await read_body(request), inbox.samples, "sample")})

    @router.post("/tasks", summary="Report tasks", openapi_extra=schemas.TASKS)
    async def tasks(request: Request) -> Response:
        """Store one task record or a list of at most 5,000; the newest word on a task replaces what was known."""
        caller = authenticator.caller(request, TASK_WRITERS)
        return answer({"stored": await inbox.take(caller, await read_body(request), inbox.tasks, "task")})

    return router
