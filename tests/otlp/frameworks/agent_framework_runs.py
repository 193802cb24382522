"""Microsoft Agent Framework on a model that follows a script."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from typing import Any

# Arguments of calls are told only so; without them nobody knows what was repeated.
os.environ["ENABLE_SENSITIVE_DATA"] = "true"

from agent_framework import (
    Agent,
    BaseChatClient,
    ChatMiddlewareLayer,
    ChatResponse,
    ChatResponseUpdate,
    Content,
    FunctionInvocationLayer,
    Message,
    ResponseStream,
    tool,
)
from agent_framework.observability import ChatTelemetryLayer
from agent_framework_orchestrations import HandoffBuilder
from expected import READ, WRITTEN, Expected, Step, expected, order, provider, tell

IDS = itertools.count()
STARTED: dict[str, asyncio.Event] = {}
"""Set when `slow` is called with that order."""
USAGE = {"input_token_count": READ, "output_token_count": WRITTEN, "total_token_count": READ + WRITTEN}


class Scripted(FunctionInvocationLayer[Any], ChatMiddlewareLayer[Any], ChatTelemetryLayer[Any], BaseChatClient[Any]):
    """Says what the plan says, whatever it is asked."""

    def __init__(self, plan: list[Step]) -> None:
        super().__init__()
        self.plan = list(plan)
        self.model = "scripted-1"

    def _inner_get_response(self, *, stream: bool = False, **_more: Any) -> Any:
        if stream:
            return ResponseStream(self._updates(), finalizer=ChatResponse.from_updates)

        async def answer() -> ChatResponse:
            contents, finish = self._said()
            said = Message("assistant", contents)
            return ChatResponse(messages=[said], model="scripted-1", usage_details=USAGE, finish_reason=finish)

        return answer()

    async def _updates(self) -> AsyncIterator[ChatResponseUpdate]:
        contents, finish = self._said()
        usage = Content.from_usage(usage_details=USAGE)
        yield ChatResponseUpdate(
            contents=[*contents, usage], role="assistant", model="scripted-1", finish_reason=finish
        )

    def _said(self) -> tuple[list[Content], Any]:
        step = self.plan.pop(0)
        contents = [
            Content.from_text(part)
            if isinstance(part, str)
            else Content.from_function_call(f"call_{next(IDS)}", part[0], arguments=part[1])
            for part in step
        ]
        return contents, "stop" if isinstance(step[0], str) else "tool_calls"


@tool
def lookup(order: str) -> str:
    """Look an order up."""
    return f"found {order}"


@tool
def charge(order: str) -> str:
    """Charge a card that is always refused."""
    raise RuntimeError(f"card of {order} refused")


@tool(approval_mode="always_require")
def refund(order: str) -> str:
    """Pay back; a person has to agree."""
    return f"refunded {order}"


@tool
def transfer_to_human(order: str) -> str:
    """Hand the order to a person."""
    return f"a person looks at {order}"


@tool
async def slow(order: str) -> str:
    """Take longer than anybody waits."""
    STARTED[order].set()
    await asyncio.sleep(30)
    return order


def agent(plan: list[Step], name: str = "triage", **more: Any) -> Agent:
    more.setdefault("tools", [lookup, charge, refund, transfer_to_human, slow])
    return Agent(Scripted(plan), name=name, **more)


def _order() -> dict[str, str]:
    return {"order": str(next(IDS))}


async def plain() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    await agent(plan).run("hi")
    return expected("plain", plan)


async def errors() -> Expected:
    same = _order()
    plan: list[Step] = [[("lookup", same), ("lookup", same)], [("charge", _order())], [("charge", _order())], ["done"]]
    await agent(plan).run("hi")
    return expected("errors", plan, failing=("charge",))


async def human() -> Expected:
    plan: list[Step] = [[("transfer_to_human", _order())], ["done"]]
    await agent(plan).run("hi")
    made = expected("human", plan)
    made.escalated = True
    return made


async def streamed() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    async for _update in agent(plan).run("hi", stream=True):
        pass
    return expected("streamed", plan)


async def sub_agent() -> Expected:
    inner: list[Step] = [[("lookup", _order())], ["inner"]]
    outer: list[Step] = [[("ask_billing", {"task": str(next(IDS))})], ["done"]]
    below = agent(inner, "billing").as_tool(name="ask_billing", description="asks")
    await agent(outer, tools=[below]).run("hi")
    return expected("sub_agent", outer, inner)


async def handoff() -> Expected:
    first: list[Step] = [[("handoff_to_billing", {})]]
    then: list[Step] = [[("lookup", _order())], ["bye"]]
    here = agent(first, id="triage", require_per_service_call_history_persistence=True)
    there = agent(then, "billing", id="billing", require_per_service_call_history_persistence=True)
    built = HandoffBuilder(name="desk", participants=[here, there]).with_start_agent(here).build()
    async for _event in built.run("hi", stream=True):
        pass
    return expected("handoff", first, then, not_called=("handoff_to_billing",))


async def _stopped(plan: list[Step]) -> tuple[Agent, Any, Any]:
    one = agent(plan)
    session = one.create_session()
    return one, session, await one.run("hi", session=session)


async def approved() -> Expected:
    plan: list[Step] = [[("lookup", _order())], [("refund", _order())], ["done"]]
    one, session, stopped = await _stopped(plan)
    answers = [each.to_function_approval_response(approved=True) for each in stopped.user_input_requests]
    await one.run(Message("user", answers), session=session)
    return expected("approved", plan)


async def pending() -> Expected:
    plan: list[Step] = [[("lookup", _order())], [("refund", _order())]]
    await _stopped(plan)
    made = expected("pending", plan, not_called=("refund",))
    made.pending, made.completed = True, False
    return made


async def cancelled() -> Expected:
    last = _order()
    started = STARTED[last["order"]] = asyncio.Event()
    plan: list[Step] = [[("lookup", _order())], [("slow", last)]]
    running = asyncio.create_task(agent(plan).run("hi"))
    await started.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return expected("cancelled", plan)


async def conversation() -> list[Expected]:
    """Two turns of one conversation are two tasks."""
    first: list[Step] = [[("lookup", _order())], ["one"]]
    second: list[Step] = [["two"]]
    one = agent([*first, *second])
    session = one.create_session()
    await one.run("hi", session=session)
    await one.run("and?", session=session)
    return [expected("first turn", first), expected("second turn", second)]


KINDS: dict[str, Any] = {
    one.__name__: one
    for one in (*(plain, errors, human, streamed, sub_agent, handoff, approved, pending, cancelled, conversation),)
}


async def main() -> None:
    spans = provider()
    tasks: list[Expected] = []
    kinds = order(list(KINDS))
    for start in range(0, len(kinds), 5):  # five at a time, so that their spans come mixed
        for found in await asyncio.gather(*(KINDS[kind]() for kind in kinds[start : start + 5])):
            tasks += found if isinstance(found, list) else [found]
    spans.shutdown()
    tell(tasks)


asyncio.run(main())
