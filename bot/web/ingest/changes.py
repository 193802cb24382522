"""`/v1/changes`: what was deployed, prompted, modelled or allowed, posted by whoever does it (a pipeline, mostly).

Each change is answered for itself; one posted again changes nothing, another one under its id is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from bot.core.formatting.unicode_text import is_storable
from bot.core.model.fleet import Fleet
from bot.core.model.posted_change import CHANGE_KINDS, IdTaken, PostedChange
from bot.ports.clock import Clock
from bot.ports.ingest import ChangeFeed, Intake
from bot.web.authenticator import Authenticator
from bot.web.bodies import read_body
from bot.web.errors import Refusal, answer, found, nearest
from bot.web.ingest.record_checks import (
    CheckedRecords,
    Complaint,
    Numbered,
    RecordFault,
    judged_by,
    shaped,
    time_faults,
)
from bot.web.ingest.records import ALLOWED, TEXT, ChangeIn
from bot.web.ingest.routes import RecordIntake, RecordKind
from bot.web.openapi import schemas

WRITERS = ("changes", "admin")
READERS = ("changes", "responder", "admin")
LONGEST = timedelta(days=31)
EARLIEST, LATEST = 1970, 9000
"""Years a span may reach to: one at the edge of the calendar cannot be reckoned with."""
WORDS = {
    "time": ALLOWED["time"],
    "id": f"{TEXT}, one change each",
    "kind": ", ".join(CHANGE_KINDS),
    "summary": f"{TEXT}: what was changed",
    "agents": "a list of keys of agents in the fleet file; empty: all",
    "workflows": "a list of workflows of the fleet file; empty: all",
    "tools": "a list of tools whose code or schema it touches; empty: none",
    "version": ALLOWED["model"],
    "by": ALLOWED["model"],
}
"""What each field may hold."""


class ChangeIntake:
    """Takes posted changes and answers what was posted."""

    def __init__(self, feed: ChangeFeed, fleet: Callable[[], Fleet], clock: Clock, intake: Intake) -> None:
        self._intake = intake
        self._feed = feed
        self._fleet = fleet
        self._clock = clock

    def kind(self) -> RecordKind[PostedChange]:
        """What is done with a posted change."""
        return RecordKind("change", self._check, self._put, measured=False, taken=409)

    def _check(self, rows: Sequence[Numbered]) -> CheckedRecords[PostedChange]:
        fleet, now = self._fleet(), self._clock.now()
        found = shaped(rows, ChangeIn, WORDS)
        named = {index: _named(record, fleet) for index, record in found.good.items()}
        for record in named.values():
            self._tell_unlisted(record)
        judged = judged_by(CheckedRecords(named, found.faults), lambda record: _faults(record, fleet, now), WORDS)
        return CheckedRecords({index: record.value() for index, record in judged.good.items()}, judged.faults)

    def _tell_unlisted(self, record: ChangeIn) -> None:
        """A deploy of what nobody listed is the first that is heard of it: the change is refused, people are told."""
        how = f"a change of it was posted ({record.kind})"
        for agent in record.agents:
            for workflow in record.workflows or [""]:
                if is_storable(agent) and is_storable(workflow):
                    self._intake.named(agent, workflow, how)

    def _put(self, changes: Mapping[int, PostedChange]) -> list[RecordFault]:
        """Store what can be stored. Of two under one id in a request the first counts, as it does across requests."""
        first: dict[str, PostedChange] = {}
        for change in changes.values():
            first.setdefault(change.id, change)
        faults = [_taken(index, change) for index, change in changes.items() if first[change.id] != change]
        while first:
            try:
                self._feed.put_changes(list(first.values()))
            except IdTaken as error:
                lost = {key: first.pop(key) for key in error.ids}
                faults += [_taken(index, one) for index, one in changes.items() if lost.get(one.id) == one]
            else:
                break
        return faults

    def read(self, since: datetime | None, until: datetime | None, agent: str) -> list[dict[str, object]]:
        """Changes of a span (by default the last 48 hours), oldest first."""
        now = self._clock.now()
        last = until or now
        first = since or last - timedelta(hours=48)
        if last - first > LONGEST:
            raise Refusal(400, f"at most {LONGEST.days} days at once; the span asked for is {last - first}")
        return [_shown(one) for one in self._feed.changes(first, last) if not agent or one.touches(agent)]


def _taken(index: int, change: PostedChange) -> RecordFault:
    return RecordFault(index, "id", found(change.id), "an id of its own: another change was posted under it")


def _named(record: ChangeIn, fleet: Fleet) -> ChangeIn:
    """The change with agents and workflows in the words of the fleet file (`aka`)."""
    agents = [fleet.aliases.agent(name) for name in record.agents]
    whose = agents or list(fleet.agents)
    workflows = [
        next((flow for agent in whose if (flow := fleet.aliases.named(agent, name)[1]) != name), name)
        for name in record.workflows
    ]
    return record.model_copy(update={"agents": agents, "workflows": workflows})


def _faults(record: ChangeIn, fleet: Fleet, now: datetime) -> list[Complaint]:
    """What only the fleet and the clock can tell."""
    faults = time_faults(record.time, now)
    faults += [
        ("agents", found(name), f".{nearest(name, list(fleet.agents))}")
        for name in record.agents
        if name not in fleet.agents
    ]
    flows = sorted({flow for agent in fleet.agents.values() for flow in agent.workflows})
    faults += [("workflows", found(name), f".{nearest(name, flows)}") for name in record.workflows if name not in flows]
    return faults


def _shown(change: PostedChange) -> dict[str, object]:
    """A change as it was posted, without what it left out."""
    full: dict[str, object] = {
        "id": change.id,
        "kind": change.kind,
        "time": change.at.isoformat().replace("+00:00", "Z"),
        "summary": change.summary,
        "agents": list(change.agents),
        "workflows": list(change.workflows),
        "tools": list(change.tools),
        "version": change.version,
        "by": change.by,
    }
    return {name: value for name, value in full.items() if value}


def routes(authenticator: Authenticator, inbox: RecordIntake, desk: ChangeIntake) -> APIRouter:
    """`POST /v1/changes` and `GET /v1/changes`."""
    router = APIRouter(prefix="/v1", tags=["changes"])

    @router.post("/changes", summary="Post changes", openapi_extra=schemas.CHANGES)
    async def post(request: Request) -> Response:
        """Store one change or a list of at most 5,000, each for itself; the same change again changes nothing."""
        caller = authenticator.caller(request, WRITERS)
        return await inbox.take(caller, await read_body(request), desk.kind())

    @router.get("/changes", summary="Read changes", openapi_extra=schemas.CHANGES_READ)
    def read(
        request: Request,
        since: Annotated[str, Query()] = "",
        until: Annotated[str, Query()] = "",
        agent: Annotated[str, Query()] = "",
    ) -> Response:
        """The changes of a span of at most 31 days, oldest first; by default of the last 48 hours."""
        authenticator.caller(request, READERS)
        return answer({"changes": desk.read(_moment("since", since), _moment("until", until), agent)})

    return router


def _moment(name: str, text: str) -> datetime | None:
    """A time of the query. Raises Refusal."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not EARLIEST <= at.year <= LATEST:
        raise Refusal(400, f"{name} is {found(text)}; allowed: ISO 8601 with an offset, such as 2026-03-01T02:14:00Z")
    return at
