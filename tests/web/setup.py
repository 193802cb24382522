"""A whole HTTP side on loopback: the real app under the real server, a fleet of two agents, a clock that is moved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.core.enforcement.actions import AgentAction
from bot.core.enforcement.approvals import Approval
from bot.core.incident.effects import Effect
from bot.core.model.fleet import Agent, ControlSpec, Fleet
from bot.core.model.posted_change import IdTaken, PostedChange
from bot.core.model.rungs import DEFAULT_LADDER, RungState
from bot.core.model.samples import Sample
from bot.core.model.slis import Better, Objective, Sli
from bot.core.telemetry.task_records import TaskRecord
from bot.engine.autonomy.rung_cache import MemoryRungCache
from bot.engine.enforcement.approval_queue import ApprovalQueue
from bot.ports.clock import Clock
from bot.web.api import build_api
from bot.web.tokens import TokenBook, new_token

START = datetime(2026, 3, 1, 2, 14, tzinfo=UTC)
NAMES = ("agent:refunds", "agent:kyc", "samples", "tasks", "changes", "alerts", "responder", "admin")


def sli(name: str, kind: str = "ratio") -> Sli:
    better = Better.HIGHER if name == "dqr" else Better.LOWER
    return Sli(name, name.upper(), "%", kind, better, Objective(5.0))  # type: ignore[arg-type]


def small_fleet() -> Fleet:
    slis = tuple(("", sli(name, kind)) for name, kind in (("dqr", "ratio"), ("her", "ratio"), ("tie", "gauge")))
    own = ("refund", sli("replans", "gauge"))
    refunds = Agent("refunds", "ann", workflows=("refund", "goodwill"), slis=(*slis, own))
    kyc = Agent("kyc", "bob", slis=slis, control=ControlSpec(not_after=60, fallback_rung="suspended"))
    return Fleet(people={}, sources={}, agents={"refunds": refunds, "kyc": kyc}, ladder=DEFAULT_LADDER)


def lowered(rung: str, epoch: int, agent: str = "refunds", workflow: str = "") -> RungState:
    return RungState(agent, workflow, rung, epoch, START, by="ann", incident_id=17)


@dataclass
class Shelf:
    """Keeps what comes in; `broken` raises what a dead database would."""

    kept_samples: list[Sample] = field(default_factory=list)
    kept_tasks: list[TaskRecord] = field(default_factory=list)
    kept_refusals: list[tuple[dict[str, int], str]] = field(default_factory=list)
    kept_names: list[tuple[str, str, str]] = field(default_factory=list)
    broken: bool = False
    received_at: datetime | None = None

    def samples(self, samples: Sequence[Sample], received_at: datetime) -> None:
        self.received_at = received_at
        self._insist()
        self.kept_samples += samples

    def tasks(self, records: Sequence[TaskRecord]) -> None:
        self._insist()
        self.kept_tasks += records

    def named(self, agent: str, workflow: str, how: str) -> None:
        self.kept_names.append((agent, workflow, how))

    def refused(self, agents: Mapping[str, int], why: str) -> None:
        self.kept_refusals.append((dict(agents), why))

    def _insist(self) -> None:
        if self.broken:
            raise OSError("disk full")


@dataclass
class Feed:
    """The change feed in memory, with the store's rule about ids."""

    kept: dict[str, PostedChange] = field(default_factory=dict)

    def put_changes(self, changes: Sequence[PostedChange]) -> int:
        taken = [one.id for one in changes if self.kept.get(one.id, one) != one]
        if taken:
            raise IdTaken(taken)
        before = len(self.kept)
        self.kept |= {one.id: one for one in changes}
        return len(self.kept) - before

    def changes(self, since: datetime, until: datetime) -> list[PostedChange]:
        return sorted((one for one in self.kept.values() if since <= one.at <= until), key=lambda one: one.at)

    def drop_changes(self, before: datetime) -> int:
        raise NotImplementedError


@dataclass
class ActionShelf:
    """The ledger in memory."""

    kept: dict[str, AgentAction] = field(default_factory=dict)

    def put_actions(self, actions: Sequence[AgentAction]) -> None:
        self.kept |= {one.id: one for one in actions}

    def actions(
        self, agent: str, since: datetime, until: datetime, *, writes_only: bool = False, limit: int = 1_000
    ) -> list[AgentAction]:
        raise NotImplementedError


@dataclass
class QuestionShelf:
    """Approvals in memory, with the store's rules."""

    kept: dict[str, Approval] = field(default_factory=dict)

    def ask_approval(self, approval: Approval, effects: Sequence[Effect], wall: float) -> bool:
        del effects, wall
        return self.kept.setdefault(approval.id, approval) is approval

    def change_approval(self, before: Approval, after: Approval, effects: Sequence[Effect], wall: float) -> bool:
        del effects, wall
        known = self.kept.get(before.id)
        if known is None or known.version != before.version:
            return False
        self.kept[after.id] = after
        return True

    def approval(self, key: str) -> Approval | None:
        return self.kept.get(key)

    def pending_approvals(self, limit: int, agent: str = "", due: datetime | None = None) -> list[Approval]:
        open_ = [one for one in self.kept.values() if one.open and agent in ("", one.agent)]
        return [one for one in open_ if due is None or one.due <= due][:limit]

    def count_pending_approvals(self, agent: str) -> int:
        return len(self.pending_approvals(1_000, agent))


@dataclass
class House:
    """The server with everything a test wants to look at."""

    fleet: Fleet
    clock: Clock
    rung_cache: MemoryRungCache
    shelf: Shelf
    registry: CollectorRegistry
    tokens: dict[str, str]
    client: httpx.Client
    url: str
    problems: list[str]
    app: FastAPI
    feed: Feed
    ledger: ActionShelf
    approvals: ApprovalQueue

    def auth(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[name]}"}

    def ask(self, name: str, method: str, path: str, **more: object) -> httpx.Response:
        headers = {**self.auth(name), **more.pop("headers", {})}  # type: ignore[dict-item]
        return self.client.request(method, path, headers=headers, **more)  # type: ignore[arg-type]

    def evaluate(self, context: object, key: str = "autonomy", name: str = "agent:refunds") -> httpx.Response:
        return self.ask(name, "POST", f"/ofrep/v1/evaluate/flags/{key}", json={"context": context})

    def autonomy(self, name: str = "agent:refunds", agent: str = "refunds", **query: object) -> httpx.Response:
        return self.ask(name, "GET", f"/v1/agents/{agent}/autonomy", params=query)

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, labels) or 0.0


Open = Callable[..., House]


@dataclass
class Stage:
    """One server for the whole run; each test puts its own app on it (a server's start and stop take 0.2 s)."""

    app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


def open_house(
    stage: Stage, client: httpx.Client, clock: Clock, names: Sequence[str], fleet: Fleet | None = None
) -> House:
    fleet, made = fleet or small_fleet(), {name: new_token(name) for name in names}
    rung_cache, shelf, registry, problems = (
        MemoryRungCache(lambda: fleet, clock),
        Shelf(),
        CollectorRegistry(),
        list[str](),
    )
    book = TokenBook.from_lines(one.line for one in made.values())
    feed, ledger = Feed(), ActionShelf()
    approvals = ApprovalQueue(QuestionShelf(), lambda: fleet, clock, clock.now().timestamp, lambda _: None)
    app = build_api(
        rung_cache,
        shelf,
        book,
        lambda: problems,
        registry,
        feed=feed,
        ledger=ledger,
        approvals=approvals,
        fleet=lambda: fleet,
        clock=clock,
        version="1.2.3",
    )
    stage.app = app
    tokens = {name: one.token for name, one in made.items()}
    url = str(client.base_url).rstrip("/")
    return House(fleet, clock, rung_cache, shelf, registry, tokens, client, url, problems, app, feed, ledger, approvals)
