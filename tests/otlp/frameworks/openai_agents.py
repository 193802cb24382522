"""OpenAI Agents SDK on a model that follows a script. Argument: the instrumentation, contrib or openinference."""

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

from agents import Agent, Model, ModelResponse, Runner, Usage, function_tool, set_trace_processors
from agents.tracing import generation_span
from expected import READ, WRITTEN, Expected, Step, expected, order, provider, tell
from openai.types.responses import (
    Response,
    ResponseCompletedEvent,
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
    ResponseUsage,
)

IDS = itertools.count()
STARTED: dict[str, asyncio.Event] = {}
"""Set when `slow` is called with that order."""


class Scripted(Model):
    def __init__(self, plan: list[Step]) -> None:
        self.plan = list(plan)

    def _output(self) -> list[Any]:
        step = self.plan.pop(0)
        with generation_span(model="scripted-1", usage={"input_tokens": READ, "output_tokens": WRITTEN}):
            return [_text(part) if isinstance(part, str) else _call(*part) for part in step]

    async def get_response(self, *_args: Any, **_more: Any) -> ModelResponse:
        usage = Usage(requests=1, input_tokens=READ, output_tokens=WRITTEN, total_tokens=READ + WRITTEN)
        return ModelResponse(output=self._output(), usage=usage, response_id="r")

    async def stream_response(self, *_args: Any, **_more: Any) -> AsyncIterator[Any]:
        usage = ResponseUsage.model_construct(input_tokens=READ, output_tokens=WRITTEN, total_tokens=READ + WRITTEN)
        answer = Response.model_construct(id="r", output=self._output(), usage=usage)
        yield ResponseCompletedEvent.model_construct(type="response.completed", response=answer, sequence_number=0)


def _text(text: str) -> ResponseOutputMessage:
    part = ResponseOutputText(text=text, type="output_text", annotations=[])
    return ResponseOutputMessage(
        id=f"m{next(IDS)}", type="message", role="assistant", status="completed", content=[part]
    )


def _call(name: str, arguments: dict[str, str]) -> ResponseFunctionToolCall:
    number = next(IDS)
    return ResponseFunctionToolCall(
        id=f"f{number}", call_id=f"call_{number}", type="function_call", name=name, arguments=json.dumps(arguments)
    )


@function_tool
def lookup(order: str) -> str:
    return f"found {order}"


@function_tool
def charge(order: str) -> str:
    raise RuntimeError(f"card of {order} refused")


@function_tool(needs_approval=True)
def refund(order: str) -> str:
    return f"refunded {order}"


@function_tool
async def slow(order: str) -> str:
    STARTED[order].set()
    await asyncio.sleep(30)
    return order


RESUMES_UNSEEN = sys.argv[1] == "openinference"
"""Its 2.6.0 sends nothing of a run that goes on: whether a task still waits cannot be known."""
TOOLS = [lookup, charge, refund, slow]


def agent(plan: list[Step], name: str = "triage", **more: Any) -> Agent:
    more.setdefault("tools", TOOLS)
    return Agent(name=name, model=Scripted(plan), **more)


def _order() -> dict[str, str]:
    return {"order": str(next(IDS))}


async def plain() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    await Runner.run(agent(plan), "hi")
    return expected("plain", plan)


async def errors() -> Expected:
    same = _order()
    plan: list[Step] = [[("lookup", same), ("lookup", same)], [("charge", _order())], [("charge", _order())], ["done"]]
    await Runner.run(agent(plan), "hi")
    return expected("errors", plan, failing=("charge",))


async def handoff() -> Expected:
    first: list[Step] = [[("transfer_to_billing", {})]]
    then: list[Step] = [[("lookup", _order())], ["bye"]]
    await Runner.run(agent(first, handoffs=[agent(then, "billing")]), "hi")
    return expected("handoff", first, then, not_called=("transfer_to_billing",))


async def human() -> Expected:
    first: list[Step] = [[("transfer_to_human_desk", {})]]
    then: list[Step] = [["a person will call you"]]
    await Runner.run(agent(first, handoffs=[agent(then, "human_desk")]), "hi")
    made = expected("human", first, then, not_called=("transfer_to_human_desk",))
    made.escalated = True
    return made


async def approved() -> Expected:
    plan: list[Step] = [[("lookup", _order())], [("refund", _order())], ["done"]]
    one = agent(plan)
    stopped = await Runner.run(one, "hi")
    state = stopped.to_state()
    for each in stopped.interruptions:
        state.approve(each)
    await Runner.run(one, state)
    if RESUMES_UNSEEN:
        return _stopped(expected("approved", plan[:2], not_called=("refund",)))
    return expected("approved", plan)


async def pending() -> Expected:
    plan: list[Step] = [[("lookup", _order())], [("refund", _order())]]
    await Runner.run(agent(plan), "hi")
    return _stopped(expected("pending", plan, not_called=("refund",)))


def _stopped(made: Expected) -> Expected:
    made.pending, made.completed = None if RESUMES_UNSEEN else True, False
    return made


async def streamed() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    run = Runner.run_streamed(agent(plan), "hi")
    async for _event in run.stream_events():
        pass
    return expected("streamed", plan)


async def as_tool() -> Expected:
    inner: list[Step] = [[("lookup", _order())], ["inner"]]
    outer: list[Step] = [[("ask_billing", {"input": str(next(IDS))})], ["done"]]
    tools = [agent(inner, "billing").as_tool("ask_billing", "asks")]
    await Runner.run(agent(outer, tools=tools), "hi")
    return expected("as_tool", outer, inner)


async def cancelled() -> Expected:
    last = _order()
    started = STARTED[last["order"]] = asyncio.Event()
    plan: list[Step] = [[("lookup", _order())], [("slow", last)]]
    running = asyncio.create_task(Runner.run(agent(plan), "hi"))
    await started.wait()
    await asyncio.sleep(0.5)  # a call that ends at once without a result is one that waits for approval
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return expected("cancelled", plan)


async def too_long() -> Expected:
    plan: list[Step] = [[("lookup", _order())] for _ in range(3)]
    await asyncio.gather(Runner.run(agent(plan), "hi", max_turns=3), return_exceptions=True)
    return expected("too_long", plan)


KINDS = {
    one.__name__: one
    for one in (plain, errors, handoff, human, approved, pending, streamed, as_tool, cancelled, too_long)
}


async def main() -> None:
    set_trace_processors([])  # its own would send everything to its maker
    spans = provider()
    if sys.argv[1] == "contrib":
        from opentelemetry.instrumentation.openai_agents import OpenAIAgentsInstrumentor
    else:
        from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor
    OpenAIAgentsInstrumentor().instrument(tracer_provider=spans)
    tasks: list[Expected] = []
    kinds = order(list(KINDS))
    for start in range(0, len(kinds), 5):  # five at a time, so that their spans come mixed
        tasks += await asyncio.gather(*(KINDS[kind]() for kind in kinds[start : start + 5]))
    spans.shutdown()
    tell(tasks)


asyncio.run(main())
