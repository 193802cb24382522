"""Strands Agents on a model that follows a script."""

import asyncio
import itertools
import json
import os
from collections.abc import AsyncIterator
from typing import Any

# Arguments of calls are told only by the newest conventions; without them nobody knows what was repeated.
os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "gen_ai_latest_experimental"

from expected import READ, WRITTEN, Expected, Step, expected, order, provider, tell
from strands import Agent, tool
from strands.hooks import BeforeToolCallEvent
from strands.models import Model
from strands.multiagent import Swarm

IDS = itertools.count()
STARTED: dict[str, asyncio.Event] = {}
"""Set when `slow` is called with that order."""


class Scripted(Model):
    """Says what the plan says, whatever it is asked."""

    def __init__(self, plan: list[Step]) -> None:
        self.plan = list(plan)

    def update_config(self, **_more: Any) -> None:
        """Nothing to set."""

    def get_config(self) -> Any:
        return {"model_id": "scripted-1"}

    async def structured_output(self, *_args: Any, **_more: Any) -> Any:
        raise NotImplementedError
        yield

    async def stream(self, *_args: Any, **_more: Any) -> AsyncIterator[Any]:
        step = self.plan.pop(0)
        yield {"messageStart": {"role": "assistant"}}
        for part in step:
            if isinstance(part, str):
                yield {"contentBlockStart": {"start": {}}}
                yield {"contentBlockDelta": {"delta": {"text": part}}}
            else:
                yield {"contentBlockStart": {"start": {"toolUse": {"name": part[0], "toolUseId": f"t{next(IDS)}"}}}}
                yield {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(part[1])}}}}
            yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "end_turn" if isinstance(step[0], str) else "tool_use"}}
        usage = {"inputTokens": READ, "outputTokens": WRITTEN, "totalTokens": READ + WRITTEN}
        yield {"metadata": {"usage": usage, "metrics": {"latencyMs": 1}}}


@tool
def lookup(order: str) -> str:
    """Look an order up."""
    return f"found {order}"


@tool
def charge(order: str) -> str:
    """Charge a card that is always refused."""
    raise RuntimeError(f"card of {order} refused")


@tool
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


def _asks(event: BeforeToolCallEvent) -> None:
    if event.tool_use["name"] == "refund" and event.interrupt("approval", reason="may it?") != "yes":
        event.cancel_tool = "nobody agreed"


def agent(plan: list[Step], name: str = "triage", more: tuple[Any, ...] = ()) -> Agent:
    tools = [lookup, charge, refund, transfer_to_human, slow, *more]
    conversation = {"session.id": f"conversation-{next(IDS)}"}  # what a resumed run is known by
    made = Agent(model=Scripted(plan), name=name, tools=tools, callback_handler=None, trace_attributes=conversation)
    made.add_hook(_asks, BeforeToolCallEvent)
    return made


def _order() -> dict[str, str]:
    return {"order": str(next(IDS))}


async def plain() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    await agent(plan).invoke_async("hi")
    return expected("plain", plan)


async def errors() -> Expected:
    same = _order()
    plan: list[Step] = [[("lookup", same), ("lookup", same)], [("charge", _order())], [("charge", _order())], ["done"]]
    await agent(plan).invoke_async("hi")
    return expected("errors", plan, failing=("charge",))


async def human() -> Expected:
    plan: list[Step] = [[("transfer_to_human", _order())], ["done"]]
    await agent(plan).invoke_async("hi")
    made = expected("human", plan)
    made.escalated = True
    return made


async def streamed() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    async for _event in agent(plan).stream_async("hi"):
        pass
    return expected("streamed", plan)


async def sub_agent() -> Expected:
    inner: list[Step] = [[("lookup", _order())], ["inner"]]
    outer: list[Step] = [[("ask", {"text": str(next(IDS))})], ["done"]]
    below = agent(inner, "billing")

    @tool
    async def ask(text: str) -> str:
        """Ask another agent."""
        return str(await below.invoke_async(text))

    await agent(outer, more=(ask,)).invoke_async("hi")
    return expected("sub_agent", outer, inner)


async def handoff() -> Expected:
    """A swarm: one agent hands over to the other with a tool that the framework made."""
    first: list[Step] = [[("handoff_to_agent", {"agent_name": "billing", "message": "yours"})], ["it is with billing"]]
    then: list[Step] = [[("lookup", _order())], ["bye"]]
    await Swarm([agent(first), agent(then, "billing")]).invoke_async("hi")
    return expected("handoff", first, then, not_called=("handoff_to_agent",))


async def _stopped(plan: list[Step]) -> tuple[Agent, Any]:
    one = agent(plan)
    return one, await one.invoke_async("hi")


async def approved() -> Expected:
    plan: list[Step] = [[("lookup", _order())], [("refund", _order())], ["done"]]
    one, stopped = await _stopped(plan)
    answers = [{"interruptResponse": {"interruptId": each.id, "response": "yes"}} for each in stopped.interrupts]
    await one.invoke_async(answers)
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
    running = asyncio.create_task(agent(plan).invoke_async("hi"))
    await started.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return expected("cancelled", plan)  # that the last call was broken off is not told


async def conversation() -> list[Expected]:
    """Two turns of one conversation are two tasks."""
    first: list[Step] = [[("lookup", _order())], ["one"]]
    second: list[Step] = [["two"]]
    one = agent([*first, *second])
    await one.invoke_async("hi")
    await one.invoke_async("and?")
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
