"""One poll of a rung, whichever way it came in: who asks, for what, what it says it applies, what it is told.

The poll is the acknowledgement (`product.md` section 7): an agent sends `instance`, `appliedLevel` and `appliedEpoch`
along, and that is the read-back which confirms a step down. A read-back that cannot be used never changes the answer;
it is not recorded, and the answer says why.

ETag: it covers everything but the lease's end, so an unchanged rung is answered with 304. The lease is kept honest by
time: the tag carries the second at which the answer was given, and once half of its lease is gone the full answer comes
again, with a new `not_after`. What a client holds after a 304 is therefore good for at least half a lease.
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import Response

from bot.core.formatting.unicode_text import NO_CHARACTER, is_storable
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.rungs import MOST_EPOCH, InstanceReading
from bot.engine.autonomy.rung_cache import ANY_WORKFLOW, MemoryRungCache, RungAnswer
from bot.ports.clock import Clock
from bot.ports.ingest import Intake
from bot.web.errors import Refusal, answer, found, nearest
from bot.web.metrics.http_metrics import WebMetrics
from bot.web.tokens import ApiCaller

INSTANCE_LIMIT = 100
NOT_SENT = "none"
RECORDED = "recorded"
ASKS = "an instance asks for its rung"


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """What a poll is answered with. `readback`: recorded, none, or `ignored: why`."""

    answer: RungAnswer
    readback: str

    def value(self) -> dict[str, object]:
        """The rung as an object."""
        said = self.answer
        incident = {} if said.incident_id is None else {"incident": said.incident_id}
        return {
            "level": said.level,
            "epoch": said.epoch,
            "grants": dict(said.grants),
            "may": said.may,
            "not_after": stamp(said),
            "fallback": said.fallback,
            "fallback_grants": dict(said.fallback_grants),
            **incident,
        }

    def notes(self) -> dict[str, str | int]:
        """The flat facts that go beside a value."""
        said = self.answer
        return {
            "agent": said.agent,
            "workflow": said.workflow,
            "epoch": said.epoch,
            "not_after": stamp(said),
            "readback": self.readback,
        }


class Poll:
    """Answers polls from the board and records what they say back."""

    def __init__(
        self,
        rung_cache: MemoryRungCache,
        fleet: Callable[[], Fleet],
        clock: Clock,
        metrics: WebMetrics,
        intake: Intake,
    ) -> None:
        self._rung_cache = rung_cache
        self._fleet = fleet
        self._clock = clock
        self._metrics = metrics
        self._intake = intake

    def tell(self, caller: ApiCaller, agent: str, said: Mapping[str, object]) -> PollAnswer:
        """Answer one poll. `said`: instance, appliedLevel, appliedEpoch, workflow or taskClass. Raises Refusal."""
        agent = self._fleet().aliases.agent(agent)
        found_agent = self._admit(caller, agent)
        workflow, doubt = self._workflow(found_agent, said)
        readback = self._read_back(caller, agent, workflow, said, doubt)  # first: it may know more than the database
        board_answer = self._rung_cache.answer(agent, workflow)
        self._metrics.readbacks.labels(readback.partition(":")[0]).inc()
        return PollAnswer(board_answer, readback)

    def _admit(self, caller: ApiCaller, agent: str) -> Agent:
        """An agent reads its own rung, nothing else; only who may ask for any agent learns which there are."""
        if caller.role == "agent" and caller.agent != agent:
            raise Refusal(403, f"this token speaks for agent {caller.agent!r} and cannot ask for {found(agent)}")
        agents = self._fleet().agents
        if agent in agents:
            return agents[agent]
        if caller.role == "agent":
            self._intake.named(agent, "", ASKS)
        hint = "" if caller.role == "agent" else nearest(agent, list(agents))
        raise Refusal(404, f"no agent {found(agent)} in the fleet.{hint}", code="INVALID_CONTEXT")

    def _read_back(self, caller: ApiCaller, agent: str, workflow: str, said: Mapping[str, object], doubt: str) -> str:
        """Record what the instance says it applies; say what became of it. `doubt`: why its workflow is unusable."""
        sent = [said.get(name) for name in ("instance", "appliedLevel", "appliedEpoch")]
        if all(value is None for value in sent):
            return doubt or NOT_SENT
        if caller.role != "agent":
            return doubt or f"ignored: a {caller.role} token reads; only the agent's own token reads back"
        instance, level, epoch = sent
        self._remember(agent, workflow, level, whole(epoch))
        if doubt:
            return doubt
        if not isinstance(instance, str) or not 0 < len(instance) <= INSTANCE_LIMIT or not is_storable(instance):
            text = f"1 to {INSTANCE_LIMIT} characters, {NO_CHARACTER}"
            return f"ignored: instance must be {text}, found {found(instance)}"
        names = self._fleet().ladder.names()
        if not isinstance(level, str) or level not in names:
            return f"ignored: appliedLevel must be one of {', '.join(names)}, found {found(level)}"
        applied, most = whole(epoch), max(MOST_EPOCH, self._rung_cache.epoch(agent))
        if applied is None or not 0 <= applied <= most:
            return f"ignored: appliedEpoch must be a whole number from 0 to {most}, found {found(epoch)}"
        self._rung_cache.record(InstanceReading(agent, instance, level, applied, self._clock.now(), workflow))
        return RECORDED

    def _remember(self, agent: str, workflow: str, level: object, epoch: int | None) -> None:
        """A newer epoch than was committed lowers the answer, also where the rest of the read-back is of no use."""
        if isinstance(level, str) and epoch is not None and epoch <= MOST_EPOCH:
            self._rung_cache.remember(agent, level, epoch, workflow)

    def _workflow(self, agent: Agent, said: Mapping[str, object]) -> tuple[str, str]:
        """The workflow asked for, and why the read-back is not usable where that name is none of the agent's."""
        name = said.get("workflow", said.get("taskClass"))
        if name is None or name == "":
            return "", ""
        if isinstance(name, str):
            flow = self._fleet().aliases.named(agent.key, name)[1]
            if flow in agent.workflows:
                return flow, ""
            if is_storable(name):
                self._intake.named(agent.key, name, ASKS)
        hint = nearest(name, list(agent.workflows)) if isinstance(name, str) else ""
        lowest = "so the lowest rung of all its workflows is told"
        return ANY_WORKFLOW, f"ignored: {found(name)} is no workflow of {agent.key}, {lowest}.{hint}"


def whole(value: object) -> int | None:
    """A whole number, also as JavaScript (3.0) or a query string ("3") writes it; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:  # noqa: PLR2004 - 2^53
        return int(value)
    return None


def stamp(said: RungAnswer) -> str:
    """The end of the lease, ISO 8601 in UTC."""
    return said.not_after.isoformat(timespec="seconds").replace("+00:00", "Z")


def tagged(body: Mapping[str, object], said: RungAnswer, if_none_match: str) -> Response:
    """The body with its ETag, or 304 where the client's copy is the same and at least half its lease is left."""
    given = int((said.not_after - said.lease).timestamp())
    digest = _digest(said)
    for tag in if_none_match.split(","):
        held, _, second = tag.strip().removeprefix("W/").strip('"').partition(".")
        if held == digest and second.isascii() and second.isdigit() and len(second) < 16:  # noqa: PLR2004 - a time
            age = given - int(second)
            if 0 <= age < said.lease.total_seconds() / 2:
                return Response(status_code=304, headers=_headers(digest, int(second)))
    return answer(body, headers=_headers(digest, given))


def _headers(digest: str, given: int) -> dict[str, str]:
    return {"ETag": f'"{digest}.{given}"', "Cache-Control": "private, no-cache"}


def _digest(said: RungAnswer) -> str:
    """What the answer says, its lease's end left out."""
    rungs = [said.level, said.epoch, said.may, dict(said.grants), said.fallback, dict(said.fallback_grants)]
    facts = [said.agent, said.workflow, *rungs, said.incident_id, said.lease.total_seconds()]
    written = json.dumps(facts, sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()[:20]
