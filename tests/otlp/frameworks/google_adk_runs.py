"""Google's Agent Development Kit on a model that follows a script."""

import asyncio
import itertools
import logging
import os
from collections.abc import AsyncIterator
from typing import Any

# Arguments and results of calls are told only so: what was repeated, who goes on after a handoff, what waits.
os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "gen_ai_latest_experimental"
os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "SPAN_ONLY"

from expected import READ, WRITTEN, Expected, Step, expected, order, provider, tell
from google.adk.agents import LlmAgent, RunConfig
from google.adk.agents.run_config import StreamingMode
from google.adk.models import BaseLlm, LlmResponse
from google.adk.runners import InMemoryRunner
from google.adk.tools import AgentTool, FunctionTool
from google.genai import types

logging.disable(logging.ERROR)
IDS = itertools.count()
STARTED: dict[str, asyncio.Event] = {}
"""Set when `slow` is called with that order."""
CONFIRM = "adk_request_confirmation"


class Scripted(BaseLlm):
    """Says what the plan says, whatever it is asked."""

    plan: Any

    async def generate_content_async(self, _request: Any, stream: bool = False) -> AsyncIterator[LlmResponse]:
        step = self.plan.pop(0)
        parts = [
            types.Part(text=part)
            if isinstance(part, str)
            else types.Part(function_call=types.FunctionCall(id=f"call_{next(IDS)}", name=part[0], args=part[1]))
            for part in step
        ]
        said = types.Content(role="model", parts=parts)
        if stream and isinstance(step[0], str):
            yield LlmResponse(content=said, partial=True)
        usage = types.GenerateContentResponseUsageMetadata(
            prompt_token_count=READ, candidates_token_count=WRITTEN, total_token_count=READ + WRITTEN
        )
        yield LlmResponse(content=said, usage_metadata=usage, finish_reason=types.FinishReason.STOP)


def lookup(order: str) -> dict[str, str]:
    """Look an order up."""
    return {"found": order}


def charge(order: str) -> dict[str, str]:
    """Charge a card that is always refused."""
    raise RuntimeError(f"card of {order} refused")


def refund(order: str) -> dict[str, str]:
    """Pay back; a person has to agree."""
    return {"refunded": order}


def transfer_to_human(order: str) -> dict[str, str]:
    """Hand the order to a person."""
    return {"with": f"a person looks at {order}"}


async def slow(order: str) -> dict[str, str]:
    """Take longer than anybody waits."""
    STARTED[order].set()
    await asyncio.sleep(30)
    return {"order": order}


async def _told(*, tool: Any, args: Any, tool_context: Any, error: Exception) -> dict[str, str]:
    return {"error": str(error)}


def agent(plan: list[Step], name: str = "triage", *, survives: bool = True, **more: Any) -> LlmAgent:
    """`survives`: an error of a tool is told to the model."""
    more.setdefault("tools", [lookup, charge, FunctionTool(refund, require_confirmation=True), transfer_to_human, slow])
    if survives:
        more["on_tool_error_callback"] = _told
    return LlmAgent(name=name, model=Scripted(model="scripted-1", plan=list(plan)), **more)


def _words(text: str) -> types.Content:
    return types.Content(role="user", parts=[types.Part(text=text)])


class Talk:
    """One conversation with one agent."""

    def __init__(self, one: LlmAgent) -> None:
        self.runner = InMemoryRunner(agent=one, app_name="refunds")
        self.session = ""

    async def say(self, what: types.Content | str, **more: Any) -> list[Any]:
        if not self.session:
            made = await self.runner.session_service.create_session(app_name="refunds", user_id="u")
            self.session = made.id
        words = _words(what) if isinstance(what, str) else what
        run = self.runner.run_async(user_id="u", session_id=self.session, new_message=words, **more)
        return [event async for event in run]


def _order() -> dict[str, str]:
    return {"order": str(next(IDS))}


async def plain() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    await Talk(agent(plan)).say("hi")
    return expected("plain", plan)


async def errors() -> Expected:
    same = _order()
    plan: list[Step] = [[("lookup", same), ("lookup", same)], [("charge", _order())], [("charge", _order())], ["done"]]
    await Talk(agent(plan)).say("hi")
    return expected("errors", plan, failing=("charge",))


async def fatal() -> Expected:
    plan: list[Step] = [[("lookup", _order())], [("charge", _order())]]
    await asyncio.gather(Talk(agent(plan, survives=False)).say("hi"), return_exceptions=True)
    return expected("fatal", plan, failing=("charge",))


async def human() -> Expected:
    plan: list[Step] = [[("transfer_to_human", _order())], ["done"]]
    await Talk(agent(plan)).say("hi")
    made = expected("human", plan)
    made.escalated = True
    return made


async def streamed() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    await Talk(agent(plan)).say("hi", run_config=RunConfig(streaming_mode=StreamingMode.SSE))
    return expected("streamed", plan)


async def sub_agent() -> Expected:
    inner: list[Step] = [[("lookup", _order())], ["inner"]]
    outer: list[Step] = [[("billing", {"request": str(next(IDS))})], ["done"]]
    await Talk(agent(outer, tools=[AgentTool(agent(inner, "billing"))])).say("hi")
    return expected("sub_agent", outer, inner)


async def handoff() -> Expected:
    first: list[Step] = [[("transfer_to_agent", {"agent_name": "billing"})]]
    then: list[Step] = [[("lookup", _order())], ["bye"]]
    await Talk(agent(first, sub_agents=[agent(then, "billing")])).say("hi")
    return expected("handoff", first, then, not_called=("transfer_to_agent",))


async def human_desk() -> Expected:
    first: list[Step] = [[("transfer_to_agent", {"agent_name": "human_desk"})]]
    then: list[Step] = [["a person will call you"]]
    await Talk(agent(first, sub_agents=[agent(then, "human_desk")])).say("hi")
    made = expected("human_desk", first, then, not_called=("transfer_to_agent",))
    made.escalated = True
    return made


async def _stopped(plan: list[Step]) -> tuple[Talk, list[Any]]:
    talk = Talk(agent(plan))
    events = await talk.say("hi")
    return talk, [call for event in events for call in event.get_function_calls() if call.name == CONFIRM]


async def approved() -> Expected:
    plan: list[Step] = [[("lookup", _order())], [("refund", _order())], ["done"]]
    talk, asked = await _stopped(plan)
    answers = [
        types.Part(function_response=types.FunctionResponse(id=one.id, name=CONFIRM, response={"confirmed": True}))
        for one in asked
    ]
    await talk.say(types.Content(role="user", parts=answers))
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
    running = asyncio.create_task(Talk(agent(plan)).say("hi"))
    await started.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return expected("cancelled", plan)


async def conversation() -> list[Expected]:
    """Two turns of one conversation are two tasks."""
    first: list[Step] = [[("lookup", _order())], ["one"]]
    second: list[Step] = [["two"]]
    talk = Talk(agent([*first, *second]))
    await talk.say("hi")
    await talk.say("and?")
    return [expected("first turn", first), expected("second turn", second)]


KINDS: dict[str, Any] = {
    one.__name__: one
    for one in (
        *(plain, errors, fatal, human, streamed, sub_agent, handoff, human_desk, approved, pending, cancelled),
        conversation,
    )
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
