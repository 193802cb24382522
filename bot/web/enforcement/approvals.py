"""`/v1/approvals`: a gateway or an agent asks people, waits for the answer, and takes the question back."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from bot.core.enforcement.approvals import Approval, told
from bot.core.formatting.one_line import one_line
from bot.core.model.fleet import Agent, Fleet
from bot.engine.enforcement.approval_queue import ApprovalQueue, due_after
from bot.ports.clock import Clock
from bot.web.authenticator import Authenticator
from bot.web.bodies import parse_json, read_body
from bot.web.enforcement.approval_records import WORDS, ApprovalIn
from bot.web.errors import Refusal, answer, found
from bot.web.ingest.record_checks import shaped
from bot.web.intake_threads import IntakeThreads
from bot.web.openapi import enforcement
from bot.web.tokens import ApiCaller

CALLERS = ("agent", "admin")
LONGEST_WAIT: Final = 60
LOOK_EVERY: Final = 0.5
"""Seconds between two looks at a row that somebody waits for; another replica may have changed it."""
THREADS = 4
WAITING = 64


class ApprovalIntake:
    """Takes questions and tells how they stand. The database is asked on threads of its own."""

    def __init__(self, queue: ApprovalQueue, fleet: Callable[[], Fleet], clock: Clock) -> None:
        self._queue = queue
        self._fleet = fleet
        self._clock = clock
        self._threads = IntakeThreads(THREADS, WAITING, "questions", retry_after=1)

    async def ask(self, caller: ApiCaller, body: bytes) -> Approval:
        """Keep a question. Raises Refusal."""
        checked = shaped([(0, parse_json(body))], ApprovalIn, WORDS)
        if checked.faults:
            raise Refusal(422, "the question cannot be taken", more={"faults": checked.shown()})
        asked = checked.good[0]
        agent = self._admit(caller, asked.agent)
        now = self._clock.now()
        due = due_after(agent, now, asked.expires_in)
        approval = Approval(asked_at=now, due=due, **asked.model_dump(exclude={"expires_in"}))
        return await self._threads.run(self._kept, approval)

    def _kept(self, approval: Approval) -> Approval:
        kept = self._queue.ask(approval)
        if (kept.agent, kept.tool, kept.arguments) != (approval.agent, approval.tool, approval.arguments):
            raise Refusal(409, f"another question was asked under the id {found(approval.id)}")
        return kept

    async def look(self, caller: ApiCaller, key: str, wait: int) -> Approval:
        """How it stands; `wait`: seconds to wait for its end. Raises Refusal."""
        until = asyncio.get_running_loop().time() + min(wait, LONGEST_WAIT)
        while True:
            approval = await self._threads.run(self._queue.store.approval, key)
            if approval is None or (caller.role == "agent" and caller.agent != approval.agent):
                raise Refusal(404, f"no approval {found(key)}")
            left = until - asyncio.get_running_loop().time()
            if not approval.open or left <= 0:
                return approval
            await asyncio.sleep(min(LOOK_EVERY, left))

    async def withdraw(self, caller: ApiCaller, key: str, body: bytes) -> Approval:
        """Take the question back. Raises Refusal."""
        await self.look(caller, key, 0)
        said = parse_json(body) if body else {}
        why = said.get("why") if isinstance(said, dict) else None
        words = one_line(why, 200) if isinstance(why, str) and why else "the agent does not want it any more"
        after = await self._threads.run(self._queue.withdraw, key, words)
        if after is None:
            raise Refusal(404, f"no approval {found(key)}")
        return after

    def _admit(self, caller: ApiCaller, agent: str) -> Agent:
        if caller.role == "agent" and caller.agent != agent:
            raise Refusal(403, f"this token speaks for agent {caller.agent!r} and cannot ask for {found(agent)}")
        agents = self._fleet().agents
        if agent not in agents:
            raise Refusal(404, f"no agent {found(agent)} in the fleet")
        return agents[agent]


def routes(authenticator: Authenticator, desk: ApprovalIntake) -> APIRouter:
    """`POST /v1/approvals`, `GET /v1/approvals/{id}`, `POST /v1/approvals/{id}/withdraw`."""
    router = APIRouter(prefix="/v1/approvals", tags=["gateway"])

    @router.post("", summary="Ask people about a write", openapi_extra=enforcement.APPROVALS)
    async def ask(request: Request) -> Response:
        """Keep a question; the same `id` again is the same question, as it stands now."""
        caller = authenticator.caller(request, CALLERS)
        return answer(_shown(await desk.ask(caller, await read_body(request))))

    @router.get("/{key}", summary="How a question stands", openapi_extra=enforcement.APPROVAL)
    async def look(request: Request, key: str, wait: Annotated[str, Query()] = "0") -> Response:
        """Tell how it stands, at once or when it has ended: `wait` for at most 60 seconds."""
        caller = authenticator.caller(request, CALLERS)
        if not wait.isdigit():
            raise Refusal(400, f"wait is {found(wait)}; allowed: whole seconds, 0 to {LONGEST_WAIT}")
        return answer(_shown(await desk.look(caller, key, int(wait[:4]))))

    @router.post("/{key}/withdraw", summary="Take a question back", openapi_extra=enforcement.APPROVAL)
    async def withdraw(request: Request, key: str) -> Response:
        """Ask for it no more; one that has ended stays as it is. The body may say `why`."""
        caller = authenticator.caller(request, CALLERS)
        return answer(_shown(await desk.withdraw(caller, key, await read_body(request))))

    return router


def _shown(approval: Approval) -> dict[str, object]:
    return {
        "id": approval.id,
        "agent": approval.agent,
        "tool": approval.tool,
        "state": str(approval.state),
        "said": told(approval),
        "asked_at": _stamp(approval.asked_at),
        "due": _stamp(approval.due),
        "people": {"needed": approval.needed, "approved": sum(one.approve for one in approval.answers)},
    }


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
