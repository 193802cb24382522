"""Probes and metrics. Alive: this process answers. Ready: the app sees no problem that keeps it from its work."""

import threading
from collections.abc import Callable, Sequence

import anyio
from anyio import to_thread
from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from bot.core.formatting.redaction import Redact
from bot.web.errors import answer

READY_DEADLINE = 5.0
"""Seconds for the readiness check; a database that hangs must not hang the probe."""

Ready = Callable[[], Sequence[str]]


class ReadinessProbe:
    """Asks the app for its problems, never twice at once: a check that hangs must not use up the threads."""

    def __init__(self, ready: Ready, deadline: float = READY_DEADLINE) -> None:
        self._ready = ready
        self._deadline = deadline
        self._asking = threading.Lock()

    async def problems(self) -> list[str]:
        """What is wrong, in sentences; empty when nothing is."""
        late = [f"the readiness check did not answer within {self._deadline:g} s"]
        with anyio.move_on_after(self._deadline):
            problems = await to_thread.run_sync(self._ask, abandon_on_cancel=True)
            return late if problems is None else problems
        return late

    def _ask(self) -> list[str] | None:
        """The app's answer; None where an earlier question is still unanswered."""
        if not self._asking.acquire(timeout=self._deadline):
            return None
        try:
            return list(self._ready())
        finally:
            self._asking.release()


def routes(readiness: ReadinessProbe, registry: CollectorRegistry, redact: Redact, warnings: Ready = list) -> APIRouter:
    """`/healthz`, `/readyz`, `/metrics`. `warnings` answers at once: what is wrong and keeps nothing from working."""
    router = APIRouter(tags=["operation"])

    @router.get("/healthz", summary="Alive?")
    async def healthz() -> dict[str, str]:
        """Answer as long as the process serves requests."""
        return {"status": "ok"}

    @router.get("/readyz", summary="Ready?", responses={503: {"description": "Not ready, and why"}})
    async def readyz() -> Response:
        """Answer 200, or 503 with the problems in words; warnings (numbers in doubt and the like) change no status."""
        problems = [redact(problem) for problem in await readiness.problems()]
        status = "not ready" if problems else "ready"
        told = {"status": status, "problems": problems, "warnings": [redact(one) for one in warnings()]}
        return answer(told, 503 if problems else 200)

    @router.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
    def metrics() -> Response:
        """Write the registry in the Prometheus text format. On a thread: reading it asks the database."""
        return Response(redact(generate_latest(registry).decode()), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router
