"""Pydantic AI on a model that follows a script."""

import asyncio
import itertools
from typing import Any

from expected import READ, WRITTEN, Expected, Step, expected, order, provider, tell
from pydantic_ai import Agent, ApprovalRequired, DeferredToolRequests, ModelRetry, RunContext
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.usage import RequestUsage

IDS = itertools.count()
STARTED: dict[str, asyncio.Event] = {}
"""Set when `slow` is called with that order."""


def model(plan: list[Step]) -> FunctionModel:
    left = list(plan)

    def answer(_messages: Any, _info: Any) -> ModelResponse:
        parts = [TextPart(part) if isinstance(part, str) else ToolCallPart(*part) for part in left.pop(0)]
        return ModelResponse(parts=parts, usage=RequestUsage(input_tokens=READ, output_tokens=WRITTEN))

    return FunctionModel(answer, model_name="scripted-1")


def agent(plan: list[Step], name: str = "triage") -> Agent:
    made = Agent(model(plan), name=name, output_type=[str, DeferredToolRequests])

    @made.tool_plain
    def lookup(order: str) -> str:
        return f"found {order}"

    @made.tool_plain(retries=5)
    def flaky(order: str) -> str:
        raise ModelRetry(f"{order}: again")

    @made.tool_plain
    def charge(order: str) -> str:
        raise RuntimeError(f"card of {order} refused")

    @made.tool_plain(requires_approval=True)
    def refund(order: str) -> str:
        return f"refunded {order}"

    @made.tool
    def big_refund(ctx: RunContext, order: str) -> str:
        if not ctx.tool_call_approved:
            raise ApprovalRequired
        return f"refunded {order}"

    @made.tool_plain
    async def slow(order: str) -> str:
        STARTED[order].set()
        await asyncio.sleep(30)
        return order

    @made.tool_plain
    def transfer_to_human(order: str) -> str:
        return f"a person looks at {order}"

    return made


def _order() -> dict[str, str]:
    return {"order": str(next(IDS))}


async def plain() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    await agent(plan).run("hi")
    return expected("plain", plan)


async def retries() -> Expected:
    same = _order()
    plan: list[Step] = [[("lookup", same), ("lookup", same)], [("flaky", _order())], [("flaky", _order())], ["done"]]
    await agent(plan).run("hi")
    return expected("retries", plan, failing=("flaky",))


async def fatal() -> Expected:
    plan: list[Step] = [[("lookup", _order())], [("charge", _order())]]
    await asyncio.gather(agent(plan).run("hi"), return_exceptions=True)
    return expected("fatal", plan, failing=("charge",))


async def human() -> Expected:
    plan: list[Step] = [[("transfer_to_human", _order())], ["done"]]
    await agent(plan).run("hi")
    made = expected("human", plan)
    made.escalated = True
    return made


async def sub_agent() -> Expected:
    inner: list[Step] = [[("lookup", _order())], ["inner"]]
    outer: list[Step] = [[("ask", {"text": str(next(IDS))})], ["done"]]
    below, above = agent(inner, "billing"), agent(outer)

    @above.tool_plain
    async def ask(text: str) -> str:
        return str((await below.run(text)).output)

    await above.run("hi")
    return expected("sub_agent", outer, inner)


async def _waiting(tool: str, *, resume: bool) -> Expected:
    plan: list[Step] = [[("lookup", _order())], [(tool, _order())], ["done"]]
    one = agent(plan)
    stopped = await one.run("hi")
    if resume:
        answers = stopped.output.build_results(approve_all=True)
        await one.run(message_history=stopped.all_messages(), deferred_tool_results=answers)
        return expected(f"approved {tool}", plan)
    made = expected(f"pending {tool}", plan[:2], not_called=(tool,))
    made.pending, made.completed = True, False
    return made


async def approved() -> Expected:
    return await _waiting("refund", resume=True)


async def approved_inside() -> Expected:
    return await _waiting("big_refund", resume=True)


async def pending() -> Expected:
    return await _waiting("refund", resume=False)


async def pending_inside() -> Expected:
    return await _waiting("big_refund", resume=False)


async def cancelled() -> Expected:
    last = _order()
    started = STARTED[last["order"]] = asyncio.Event()
    plan: list[Step] = [[("lookup", _order())], [("slow", last)]]
    running = asyncio.create_task(agent(plan).run("hi"))
    await started.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return expected("cancelled", plan, failing=("slow",))


async def conversation() -> list[Expected]:
    """Two turns of one conversation are two tasks."""
    first: list[Step] = [[("lookup", _order())], ["one"]]
    second: list[Step] = [["two"]]
    one = agent([*first, *second])
    turn = await one.run("hi")
    await one.run("and?", message_history=turn.all_messages())
    return [expected("first turn", first), expected("second turn", second)]


KINDS: dict[str, Any] = {
    one.__name__: one
    for one in (
        *(plain, retries, fatal, human, sub_agent, approved, approved_inside, pending, pending_inside, cancelled),
        conversation,
    )
}


async def main() -> None:
    spans = provider()
    Agent.instrument_all()
    tasks: list[Expected] = []
    kinds = order(list(KINDS))
    for start in range(0, len(kinds), 5):  # five at a time, so that their spans come mixed
        for found in await asyncio.gather(*(KINDS[kind]() for kind in kinds[start : start + 5])):
            tasks += found if isinstance(found, list) else [found]
    spans.shutdown()
    tell(tasks)


asyncio.run(main())
