"""Keeps the rungs of one agent: asks twice a second, applies what is told at once, and reads it back when it is so.

A rung is read back only when it is true of every call: writes that the new rung would not have let pass are cut off
first, and waited for. So a write never passes after the step down was confirmed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.enforcement.held_rung import NEVER_REACHED, HeldRung, RungInForce, in_force, taken
from bot.gateway.policy import SteadyClock, read_rules
from bot.gateway.policy import ToolRules as Rules
from bot.gateway.stepdown_client import StepdownClient, StepdownUnreachableError

RULES_EVERY: Final = timedelta(seconds=10)
log = structlog.get_logger()

Cut = Callable[[], None]
"""Cuts off the calls that the rungs in force do not allow."""
Drained = Callable[[], Awaitable[None]]
"""Returns when what was cut off has ended, or when it was waited for long enough."""


@dataclass(slots=True)
class _Scope:
    """What is held for one workflow ("": the agent as a whole)."""

    held: HeldRung | None = None
    tag: str = ""
    applied: RungInForce = NEVER_REACHED
    """What is read back: in force, and true of every call that runs."""


@dataclass(slots=True)
class RungKeeper:
    """The rungs in force, at any moment, and the loop that keeps them. For one event loop."""

    client: StepdownClient
    clock: SteadyClock
    every: float
    cut: Cut
    drained: Drained
    on_rules: Callable[[Rules], None]
    reached_at: datetime | None = None
    failures: int = 0
    _scopes: dict[str, _Scope] = field(default_factory=lambda: {"": _Scope()})
    _since: dict[tuple[str, int], datetime] = field(default_factory=dict)
    _rules_at: datetime | None = None
    _applying: asyncio.Task[None] | None = None

    def rungs(self, workflow: str = "") -> Sequence[RungInForce]:
        """The rungs that may bear on a call: of the workflow it names, else of the agent and all its workflows."""
        now = self.clock.now()
        if workflow and workflow in self._scopes:
            return [in_force(self._scopes[name].held, now) for name in ("", workflow)]
        return [in_force(scope.held, now) for scope in self._scopes.values()]

    def by_workflow(self) -> Mapping[str, RungInForce]:
        """The rung in force of each workflow, and of the agent as a whole under ""."""
        now = self.clock.now()
        return {name: in_force(scope.held, now) for name, scope in self._scopes.items()}

    def since(self, level: str, epoch: int) -> datetime | None:
        """When this gateway first had such a rung in force; None where it never noticed."""
        return self._since.get((level, epoch))

    async def run(self) -> None:
        """Ask for ever; an answer that does not come is said once and asked for again."""
        while True:
            began = asyncio.get_running_loop().time()
            await self.ask()
            passed = asyncio.get_running_loop().time() - began
            await asyncio.sleep(max(self.every / 10, self.every - passed))

    async def ask(self) -> None:
        """Ask once for every scope, and for the rules now and then."""
        try:
            await self._ask_rules()
            changed = [await self._ask_scope(name) for name in list(self._scopes)]
            if self.failures:
                log.info("stepdown answers again", after=self.failures)
            self.failures, self.reached_at = 0, self.clock.now()
        except StepdownUnreachableError as error:
            self.failures += 1
            if self.failures == 1:
                log.warning("stepdown does not answer; the lease runs", why=str(error))
            changed = [self._fallen()]
        if any(changed):
            self._apply()

    def _fallen(self) -> bool:
        """Whether a lease ran out, so that another rung is in force than what was applied."""
        now = self.clock.now()
        return any(in_force(scope.held, now) != scope.applied for scope in self._scopes.values())

    async def _ask_rules(self) -> None:
        now = self.clock.now()
        if self._rules_at is not None and now - self._rules_at < RULES_EVERY:
            return
        answer = await self.client.rules()
        try:
            rules = read_rules(answer)
        except (KeyError, TypeError, ValueError) as error:
            raise StepdownUnreachableError(f"rules that cannot be read: {error!r}") from error
        self._rules_at = now
        self.on_rules(rules)
        for name in rules.workflows:
            self._scopes.setdefault(name, _Scope())
        for name in [name for name in self._scopes if name and name not in rules.workflows]:
            del self._scopes[name]

    async def _ask_scope(self, name: str) -> bool:
        """Ask for one scope; whether another rung is in force now."""
        scope = self._scopes[name]
        now = self.clock.now()
        lapsed = scope.held is None or now >= scope.held.lapses_at  # then no old copy is of use
        told = await self.client.rung(name, scope.applied, "" if lapsed else scope.tag, now)
        if told is not None:
            held, tag = told
            scope.held = taken(scope.held, held)
            scope.tag = tag if scope.held is held else ""
        return in_force(scope.held, self.clock.now()) != scope.applied

    def _apply(self) -> None:
        """The new rungs bind every new call already: end what they do not allow, then call them applied."""
        self.cut()
        for rung in self.rungs():
            self._since.setdefault((rung.level, rung.epoch), self.clock.now())
        if self._applying is None or self._applying.done():
            now = self.clock.now()
            seen = [(scope, in_force(scope.held, now)) for scope in self._scopes.values()]
            self._applying = asyncio.create_task(self._applied(seen))

    async def _applied(self, seen: Sequence[tuple[_Scope, RungInForce]]) -> None:
        await self.drained()
        for scope, rung in seen:
            scope.applied = rung
