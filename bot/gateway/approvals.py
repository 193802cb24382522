"""Asking people about calls that are held, through Stepdown.

A call waits as long as its client can (`hold`), and is then answered as waiting. The same call again is the same
question, so an agent that comes back later gets the answer that was given meanwhile. An approval lets one call pass.
"""

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog

from bot.core.enforcement.actions import ActionOutcome, AgentAction
from bot.core.enforcement.approvals import ApprovalState
from bot.core.enforcement.recorded_arguments import recorded
from bot.core.formatting.redaction import SHAPES_ONLY
from bot.gateway.policy import CallPolicy, CallRequest, SteadyClock, digest
from bot.gateway.stepdown_client import StepdownClient, StepdownUnreachableError

WAIT: Final = 20
"""Seconds that Stepdown is asked to wait for an answer, at most."""
AGAIN: Final = 1.0
"""Seconds between two questions to a Stepdown that does not answer."""
FORGOTTEN: Final = 900.0
"""Seconds for which an approval that came while nobody waited lets the call pass."""
log = structlog.get_logger()


class HeldError(Exception):
    """The call does not pass, or not yet; `outcome` is what the ledger says of it."""

    def __init__(self, why: str, outcome: ActionOutcome) -> None:
        super().__init__(why)
        self.outcome = outcome


@dataclass(slots=True)
class HeldQuestion:
    """A question that was asked, under the id of the action it is about."""

    action: AgentAction
    key: tuple[str, ...]
    waiting: bool = False
    asked_at: float = field(default_factory=lambda: asyncio.get_running_loop().time())


class Approver:
    """Asks, waits, and remembers what was asked. For one event loop."""

    def __init__(self, client: StepdownClient, policy: CallPolicy, clock: SteadyClock, hold: float) -> None:
        self._client = client
        self._policy = policy
        self._clock = clock
        self._hold = hold
        self._asked: dict[tuple[str, ...], HeldQuestion] = {}

    def question(self, action: AgentAction, request: CallRequest) -> HeldQuestion:
        """What is asked for this call: that of an earlier call just like it which nobody waits for, else a new one.

        Calls that come at once are different actions, however alike, and each needs an approval of its own.
        """
        key = _key(request)
        question = self._asked.get(key)
        if question is None or question.waiting:
            key = key if question is None else (*key, action.id)
            question = self._asked[key] = HeldQuestion(action, key)
        question.waiting = True
        return question

    async def ask(self, question: HeldQuestion, request: CallRequest) -> str:
        """Return the id of the approval that lets the call pass. Raises HeldError where it does not, or not yet."""
        try:
            return await self._answer(question, request)
        except asyncio.CancelledError:
            await asyncio.shield(self._withdraw(question))
            raise
        finally:
            question.waiting = False

    async def _answer(self, question: HeldQuestion, request: CallRequest) -> str:
        until = asyncio.get_running_loop().time() + self._hold
        told = await self._told(self._client.ask_approval(self._body(question.action, request)), question)
        while told["state"] == ApprovalState.PENDING:
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                raise HeldError(
                    f"{told['said']} Call it again, just as it was, to hear the answer", ActionOutcome.WAITING
                )
            told = await self._look(question.action.id, min(WAIT, left))
        self._asked.pop(question.key, None)
        if told["state"] == ApprovalState.APPROVED:
            return question.action.id
        outcome = ActionOutcome.EXPIRED if told["state"] == ApprovalState.EXPIRED else ActionOutcome.DENIED
        raise HeldError(str(told["said"]), outcome)

    async def _told(self, asking: Any, question: HeldQuestion) -> Mapping[str, Any]:  # noqa: ANN401 - a coroutine of the client
        try:
            found: Mapping[str, Any] = await asking
        except StepdownUnreachableError as error:
            self._asked.pop(question.key, None)
            log.warning("nobody can be asked, for Stepdown does not answer", why=str(error))
            raise HeldError("Stepdown does not answer, so nobody can be asked", ActionOutcome.DENIED) from error
        return found

    async def _look(self, approval: str, wait: float) -> Mapping[str, Any]:
        """How it stands; a Stepdown that does not answer leaves it waiting."""
        try:
            return await self._client.approval(approval, math.ceil(wait))
        except StepdownUnreachableError:
            await asyncio.sleep(min(AGAIN, wait))
            return {"state": ApprovalState.PENDING, "said": "Stepdown does not answer just now."}

    async def _withdraw(self, question: HeldQuestion) -> None:
        self._asked.pop(question.key, None)
        try:
            await self._client.withdraw(question.action.id, "the call was cut off before anybody answered")
        except StepdownUnreachableError as error:
            log.warning("a question could not be taken back; it expires", approval=question.action.id, why=str(error))

    def _body(self, action: AgentAction, request: CallRequest) -> Mapping[str, object]:
        return {
            "id": action.id,
            "agent": action.agent,
            "tool": action.tool,
            "workflow": action.workflow,
            "task": action.task,
            "amount": action.amount,
            "reversible": action.reversible,
            "arguments": recorded(request.arguments, self._policy.rules.redact, SHAPES_ONLY),
        }

    async def forgotten(self) -> list[AgentAction]:
        """How those ended that nobody waits for any more, for the ledger."""
        now, ended = asyncio.get_running_loop().time(), []
        for key, question in list(self._asked.items()):
            if question.waiting:
                continue
            told = await self._look(question.action.id, 0)
            if question.waiting or key not in self._asked:
                continue  # somebody came back for it meanwhile
            state = told["state"]
            late = now - question.asked_at > FORGOTTEN
            if state == ApprovalState.PENDING or (state == ApprovalState.APPROVED and not late):
                continue
            self._asked.pop(key, None)
            ended.append(_ended(question.action, ApprovalState(state), str(told["said"])))
        return ended


def _ended(action: AgentAction, state: ApprovalState, said: str) -> AgentAction:
    outcomes = {ApprovalState.DENIED: ActionOutcome.DENIED, ApprovalState.EXPIRED: ActionOutcome.EXPIRED}
    why = "it was approved, and was not called again" if state is ApprovalState.APPROVED else said
    return replace(action, outcome=outcomes.get(state, ActionOutcome.CANCELLED), reason=why)


def _key(request: CallRequest) -> tuple[str, ...]:
    return digest(request.tool, request.arguments), request.workflow, request.task
