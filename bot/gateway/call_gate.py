"""The gate: each call is decided, written into the ledger, and then passed on, held or denied. No transport in here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import uuid4

import structlog

from bot.core.enforcement.actions import ActionOutcome, AgentAction
from bot.core.enforcement.call_decision import CallAction, CallDecision, TaskUse, WantedCall
from bot.core.enforcement.recorded_arguments import recorded
from bot.core.enforcement.tool_class import ToolClass
from bot.core.formatting.one_line import one_line
from bot.core.formatting.redaction import SHAPES_ONLY
from bot.gateway.approvals import Approver, HeldError, HeldQuestion
from bot.gateway.denials import DenialMemory, denial_text
from bot.gateway.ledger.action_log import ActionLog
from bot.gateway.ledger.ledger import LedgerError
from bot.gateway.policy import CallPolicy, CallRequest, SteadyClock
from bot.gateway.rung_keeper import RungKeeper
from bot.gateway.settings import GatewaySettings

TOOL_SHOWN: Final = 200
"""Characters of a tool's name that are kept and shown: it is the caller's text."""
log = structlog.get_logger()


class DeniedError(Exception):
    """The call is not passed on; the text is for the model that made it."""


@dataclass(slots=True, eq=False)
class RunningCall:
    """A call that may be passed on. Whoever passes it on says how it ended, and stops where `cut` is set."""

    request: CallRequest
    call: WantedCall
    action: AgentAction
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    outcome: ActionOutcome = ActionOutcome.UNKNOWN
    reason: str = "the connection ended before the tool answered"


class CallGate:
    """Decides about calls, and knows which are running. For one event loop."""

    def __init__(
        self,
        settings: GatewaySettings,
        policy: CallPolicy,
        action_log: ActionLog,
        clock: SteadyClock,
        approver: Approver,
    ) -> None:
        self._settings = settings
        self.policy = policy
        self._log = action_log
        self._clock = clock
        self._approver = approver
        self._keeper: RungKeeper | None = None
        self._running: set[RunningCall] = set()
        self._held: set[RunningCall] = set()
        self.denials = DenialMemory()

    def watch(self, keeper: RungKeeper) -> None:
        """Decide by this keeper's rungs from now on; without one everything that writes is denied."""
        self._keeper = keeper

    @asynccontextmanager
    async def passing(self, request: CallRequest) -> AsyncIterator[RunningCall]:
        """Inside, the call may be passed on. Raises DeniedError, with words for the model, where it may not be."""
        call = self.policy.call(request.tool, request.arguments)
        decision = self._decide(call, request)
        if decision.action is CallAction.DENY:
            raise DeniedError(self._deny(call, request, decision))
        action = self._action(call, request, decision)
        if decision.action is CallAction.HOLD:
            action = await self._hold(action, call, request, decision)
        running = RunningCall(request, call, action)
        self._begin(running)
        try:
            yield running
        finally:
            self._end(running)

    def method_refusal(self, method: str, *, writes: bool) -> str:
        """Why a request that is no call of a tool is not passed on; "" where it is."""
        call = WantedCall(method, ToolClass(writes, "unknown", "server"))
        decision = self._decide(call, CallRequest(method, {}), TaskUse())
        if decision.action is CallAction.PASS:
            return ""
        return f"{one_line(method, TOOL_SHOWN)} was not passed on, on the rung {decision.level}: {decision.reason}"

    def cut(self) -> None:
        """Cut off what runs and would not be passed on now. What a person approved stays where writes are held."""
        for running in self._running:
            decision = self._decide(running.call, running.request, TaskUse())
            approved = decision.action is CallAction.HOLD and running.action.approval
            if decision.action is not CallAction.PASS and not approved:
                running.reason = f"it ran when the rung went down to {decision.level}; whether it was done is not known"
                running.cut.set()
        for held in self._held:
            if self._decide(held.call, held.request, TaskUse()).action is CallAction.DENY:
                held.cut.set()

    async def drained(self) -> None:
        """Wait for what was cut off to end, at most as long as is set."""
        ends = [asyncio.create_task(running.ended.wait()) for running in self._running if running.cut.is_set()]
        if ends:
            _, left = await asyncio.wait(ends, timeout=self._settings.drain)
            for end in left:
                end.cancel()

    def counts(self) -> tuple[int, int]:
        """How many calls are running, and how many are held."""
        return len(self._running), len(self._held)

    def _decide(self, call: WantedCall, request: CallRequest, use: TaskUse | None = None) -> CallDecision:
        rungs = self._keeper.rungs(request.workflow) if self._keeper is not None else ()
        return self.policy.decide(call, self._task(request), rungs, use)

    def _task(self, request: CallRequest) -> str:
        """Calls that name no task are counted together, each hour for itself."""
        return request.task or f"{self._clock.now():%Y-%m-%d %H}h"

    def _action(self, call: WantedCall, request: CallRequest, decision: CallDecision) -> AgentAction:
        kind = call.kind
        rules = self.policy.rules
        return AgentAction(
            uuid4().hex,
            self._settings.agent,
            one_line(request.tool, TOOL_SHOWN),
            kind.writes,
            self._clock.now(),
            ActionOutcome.RUNNING,
            workflow=one_line(request.workflow, TOOL_SHOWN),
            task=one_line(request.task, TOOL_SHOWN),
            reversible=kind.reversible,
            amount=call.amount,
            level=decision.level,
            epoch=decision.epoch,
            reason=decision.reason,
            instance=self._settings.instance,
            arguments=recorded(request.arguments, rules.redact, SHAPES_ONLY) if decision.log_arguments else "",
        )

    def _deny(self, call: WantedCall, request: CallRequest, decision: CallDecision) -> str:
        """What the model is told. The same call again is counted, and answered from memory."""
        text = self.denials.again(request, decision)
        if text is None:
            action = replace(self._action(call, request, decision), outcome=ActionOutcome.DENIED)
            action = replace(action, ended=action.began)
            text = denial_text(action, decision, self._since(decision), self.policy.rules.ask)
            self.denials.keep(request, decision, action, text)
            self._log.note(action)
        self._log.count(call, ActionOutcome.DENIED)
        return text

    def _since(self, decision: CallDecision) -> str:
        since = self._keeper.since(decision.level, decision.epoch) if self._keeper is not None else None
        return f" since {since:%H:%M} UTC" if since is not None else ""

    async def _hold(
        self, action: AgentAction, call: WantedCall, request: CallRequest, decision: CallDecision
    ) -> AgentAction:
        """Ask a person; the rung may have moved in the meantime, so it is decided once more. Raises DeniedError."""
        question = self._approver.question(replace(action, outcome=ActionOutcome.WAITING), request)
        action = question.action
        self._log.note(action)
        held = RunningCall(request, call, action)
        self._held.add(held)
        try:
            approval = await self._approved(held, question)
        except HeldError as why:
            raise DeniedError(self._not_passed(held, str(why), why.outcome)) from None
        except asyncio.CancelledError:
            self._not_passed(held, "the caller went away before anybody answered", ActionOutcome.CANCELLED)
            raise
        finally:
            self._held.discard(held)
        now = self._decide(call, request)
        if now.action is CallAction.DENY or not approval:
            why_not = f"the rung went down while it waited; it is {now.level} now, and {now.reason}"
            raise DeniedError(self._not_passed(held, why_not, ActionOutcome.CANCELLED))
        return replace(
            action,
            approval=approval,
            level=now.level,
            epoch=now.epoch,
            outcome=ActionOutcome.RUNNING,
            reason=decision.reason,
        )

    async def _approved(self, held: RunningCall, question: HeldQuestion) -> str:
        """The approval, "" where the held call is cut off first. Raises HeldError."""
        asking = asyncio.ensure_future(self._approver.ask(question, held.request))
        cut = asyncio.ensure_future(held.cut.wait())
        try:
            await asyncio.wait({asking, cut}, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else ""
        finally:
            cut.cancel()
            if not asking.done():
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)

    def _not_passed(self, held: RunningCall, why: str, outcome: ActionOutcome) -> str:
        """Write down how a held call ended, or that it still waits; what the model is told."""
        ended = None if outcome is ActionOutcome.WAITING else self._clock.now()
        self._log.note(replace(held.action, outcome=outcome, ended=ended, reason=why))
        self._log.count(held.call, outcome)
        return (
            f"{held.action.tool} was not called{' yet' if ended is None else ''}. {why[:1].upper()}{why[1:]}".rstrip(
                "."
            )
            + "."
        )

    def _begin(self, running: RunningCall) -> None:
        """Write it down, then let it go. A write that cannot be written down does not pass. Raises DeniedError."""
        if running.call.kind.writes:
            try:
                self._log.write(running.action)
            except LedgerError as error:
                log.error("a write was denied, for the ledger cannot be written", why=str(error))  # noqa: TRY400 - no traceback helps
                raise DeniedError(
                    f"{running.action.tool} was not called: the gateway cannot write its ledger, and passes no write "
                    "that it cannot write down"
                ) from error
        self.policy.count(running.call, self._task(running.request))
        self._running.add(running)

    def _end(self, running: RunningCall) -> None:
        self._running.discard(running)
        running.ended.set()
        now = self._clock.now()
        reason = running.action.reason if running.outcome is ActionOutcome.PASSED else running.reason
        self._log.note(replace(running.action, outcome=running.outcome, ended=now, reason=reason))
        self._log.count(running.call, running.outcome, (now - running.action.began).total_seconds())
