"""`POST /v1/actions`: gateways hand over their ledgers, line by line; a line sent again changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from fastapi import APIRouter, Request, Response

from bot.core.enforcement.actions import AgentAction
from bot.core.model.fleet import Fleet
from bot.ports.clock import Clock
from bot.ports.store.enforcement import ActionStore
from bot.web.authenticator import Authenticator
from bot.web.bodies import read_body
from bot.web.enforcement.action_records import WORDS, ActionIn
from bot.web.errors import found
from bot.web.ingest.record_checks import (
    CheckedRecords,
    Complaint,
    Numbered,
    RecordFault,
    judged_by,
    shaped,
    time_faults,
)
from bot.web.ingest.routes import RecordIntake, RecordKind
from bot.web.openapi import enforcement

WRITERS = ("agent", "admin")


class ActionIntake:
    """Takes lines of gateways' ledgers."""

    def __init__(self, store: ActionStore, fleet: Callable[[], Fleet], clock: Clock) -> None:
        self._store = store
        self._fleet = fleet
        self._clock = clock

    def kind(self) -> RecordKind[AgentAction]:
        """What is done with a line."""
        return RecordKind("action", self._check, self._put, measured=False)

    def _check(self, rows: Sequence[Numbered]) -> CheckedRecords[AgentAction]:
        fleet, now = self._fleet(), self._clock.now()
        judged = judged_by(shaped(rows, ActionIn, WORDS), lambda record: _faults(record, fleet, now), WORDS)
        return CheckedRecords({index: record.value() for index, record in judged.good.items()}, judged.faults)

    def _put(self, actions: Mapping[int, AgentAction]) -> Sequence[RecordFault]:
        self._store.put_actions(list(actions.values()))
        return ()


def _faults(record: ActionIn, fleet: Fleet, now: datetime) -> list[Complaint]:
    """What only the fleet and the clock can tell."""
    faults = [("began", seen, more) for _, seen, more in time_faults(record.began, now)]
    if record.agent not in fleet.agents:
        faults.append(("agent", found(record.agent), ". There is no such agent in the fleet"))
    return faults


def routes(authenticator: Authenticator, inbox: RecordIntake, intake: ActionIntake) -> APIRouter:
    """`POST /v1/actions`."""
    router = APIRouter(prefix="/v1", tags=["gateway"])

    @router.post("/actions", summary="Report actions", openapi_extra=enforcement.ACTIONS)
    async def actions(request: Request) -> Response:
        """Store one action or a list of at most 5,000, each for itself; the newest word on an action counts."""
        caller = authenticator.caller(request, WRITERS)
        return await inbox.take(caller, await read_body(request), intake.kind())

    return router
