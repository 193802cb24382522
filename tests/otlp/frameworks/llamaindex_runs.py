"""LlamaIndex's agent workflows on a model that follows a script."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any

from expected import READ, WRITTEN, Expected, Step, expected, order, provider, tell
from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent
from llama_index.core.llms import ChatMessage, ChatResponse, LLMMetadata
from llama_index.core.llms.callbacks import llm_chat_callback
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.llms.llm import ToolSelection
from llama_index.core.tools import FunctionTool
from llama_index.core.workflow import Context, HumanResponseEvent, InputRequiredEvent
from openinference.instrumentation import using_session
from openinference.instrumentation.llama_index import LlamaIndexInstrumentor
from pydantic import PrivateAttr

IDS = itertools.count()
STARTED: dict[str, asyncio.Event] = {}
"""Set when `slow` is called with that order."""
USAGE = {"prompt_tokens": READ, "completion_tokens": WRITTEN, "total_tokens": READ + WRITTEN}


class Scripted(FunctionCallingLLM):
    """Says what the plan says, whatever it is asked."""

    _plan: list[Step] = PrivateAttr()

    def __init__(self, plan: list[Step]) -> None:
        super().__init__()
        self._plan = list(plan)

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="scripted-1", is_function_calling_model=True)

    def _said(self) -> ChatResponse:
        step = self._plan.pop(0)
        calls = [part for part in step if not isinstance(part, str)]
        text = "".join(part for part in step if isinstance(part, str))
        made = [
            ToolSelection(tool_id=f"call_{next(IDS)}", tool_name=name, tool_kwargs=kwargs) for name, kwargs in calls
        ]
        said = ChatMessage(role="assistant", content=text, additional_kwargs={"tool_calls": made})
        return ChatResponse(message=said, delta=text, raw={"usage": USAGE})

    @llm_chat_callback()
    async def achat(self, messages: Sequence[ChatMessage], **_more: Any) -> ChatResponse:  # noqa: ARG002 - told by name
        return self._said()

    @llm_chat_callback()
    async def astream_chat(
        self,
        messages: Sequence[ChatMessage],  # noqa: ARG002 - told by name
        **_more: Any,
    ) -> AsyncIterator[ChatResponse]:
        async def said() -> AsyncIterator[ChatResponse]:
            yield self._said()

        return said()

    def get_tool_calls_from_response(self, response: ChatResponse, **_more: Any) -> list[ToolSelection]:
        return list(response.message.additional_kwargs["tool_calls"])

    def _prepare_chat_with_tools(self, tools: Any, **more: Any) -> dict[str, Any]:  # noqa: ARG002 - told by name
        return {"messages": more.get("chat_history") or []}

    def chat(self, *_args: Any, **_more: Any) -> Any:
        raise NotImplementedError

    complete = stream_complete = stream_chat = acomplete = astream_complete = chat


def lookup(order: str) -> str:
    """Look an order up."""
    return f"found {order}"


def charge(order: str) -> str:
    """Charge a card that is always refused."""
    raise RuntimeError(f"card of {order} refused")


def transfer_to_human(order: str) -> str:
    """Hand the order to a person."""
    return f"a person looks at {order}"


async def refund(ctx: Context, order: str) -> str:
    """Pay back; a person has to agree."""
    asked = InputRequiredEvent(prefix=f"refund {order}?")
    answer = await ctx.wait_for_event(HumanResponseEvent, waiter_event=asked, waiter_id=order)
    return f"refunded {order}: {answer.response}"


async def note(ctx: Context, order: str) -> str:
    """Write something down in the workflow's own state."""
    await ctx.store.set("noted", order)
    return f"noted {order}"


async def slow(order: str) -> str:
    """Take longer than anybody waits."""
    STARTED[order].set()
    await asyncio.sleep(30)
    return order


def agent(plan: list[Step], name: str = "triage", more: tuple[Any, ...] = (), **other: Any) -> FunctionAgent:
    tools = [FunctionTool.from_defaults(one) for one in (lookup, note, charge, refund, transfer_to_human, slow, *more)]
    return FunctionAgent(name=name, description=name, tools=tools, llm=Scripted(plan), system_prompt="follow", **other)


def _order() -> dict[str, str]:
    return {"order": str(next(IDS))}


async def plain() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    await agent(plan, streaming=False).run("hi")
    return expected("plain", plan)


async def errors() -> Expected:
    same = _order()
    twice: Step = [("lookup", same), ("lookup", same), ("note", same), ("note", same)]
    plan: list[Step] = [twice, [("charge", _order())], [("charge", _order())], ["done"]]
    await agent(plan, streaming=False).run("hi")
    return expected("errors", plan, failing=("charge",))


async def human() -> Expected:
    plan: list[Step] = [[("transfer_to_human", _order())], ["done"]]
    await agent(plan, streaming=False).run("hi")
    made = expected("human", plan)
    made.escalated = True
    return made


async def streamed() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    running = agent(plan).run("hi")
    async for _event in running.stream_events():
        pass
    await running
    return expected("streamed", plan)


async def sub_agent() -> Expected:
    inner: list[Step] = [[("lookup", _order())], ["inner"]]
    outer: list[Step] = [[("ask", {"text": str(next(IDS))})], ["done"]]
    below = agent(inner, "billing", streaming=False)

    async def ask(text: str) -> str:
        """Ask another agent."""
        return str(await below.run(text))

    await agent(outer, more=(ask,), streaming=False).run("hi")
    return expected("sub_agent", outer, inner)


async def handoff() -> Expected:
    """One agent hands over to the other with a tool that the framework made."""
    first: list[Step] = [[("handoff", {"to_agent": "billing", "reason": "yours"})]]
    then: list[Step] = [[("lookup", _order())], ["bye"]]
    both = [agent(first, can_handoff_to=["billing"], streaming=False), agent(then, "billing", streaming=False)]
    await AgentWorkflow(agents=both, root_agent="triage").run("hi")
    return expected("handoff", first, then, not_called=("handoff",))


async def _stopped(plan: list[Step]) -> tuple[FunctionAgent, Context, Any]:
    """Run until somebody is asked, then let go of the run and keep its state."""
    one = agent(plan, streaming=False)
    running = one.run("hi")
    async for event in running.stream_events():
        if isinstance(event, InputRequiredEvent):
            state, memory = running.ctx.to_dict(), await running.ctx.store.get("memory")
            await running.cancel_run()
            return one, Context.from_dict(one, state), memory
    raise RuntimeError("nobody was asked")


async def approved() -> Expected:
    plan: list[Step] = [[("lookup", _order())], [("refund", _order())], ["done"]]
    with using_session(f"conversation-{next(IDS)}"):
        one, kept, memory = await _stopped(plan)
        running = one.run(ctx=kept)
        await running.ctx.store.set("memory", memory)
        running.ctx.send_event(HumanResponseEvent(response="yes"))
        await running
    return expected("approved", plan)


async def answered() -> Expected:
    """Somebody agrees while the run waits."""
    plan: list[Step] = [[("lookup", _order())], [("refund", _order())], ["done"]]
    running = agent(plan, streaming=False).run("hi")
    async for event in running.stream_events():
        if isinstance(event, InputRequiredEvent):
            running.ctx.send_event(HumanResponseEvent(response="yes"))
    await running
    return expected("answered", plan)


async def pending() -> Expected:
    plan: list[Step] = [[("lookup", _order())], [("refund", _order())]]
    with using_session(f"conversation-{next(IDS)}"):
        await _stopped(plan)
    made = expected("pending", plan, not_called=("refund",))
    made.pending, made.completed = True, False
    return made


async def cancelled() -> Expected:
    last = _order()
    started = STARTED[last["order"]] = asyncio.Event()
    plan: list[Step] = [[("lookup", _order())], [("slow", last)]]
    running = agent(plan, streaming=False).run("hi")
    await started.wait()
    await running.cancel_run()
    await asyncio.gather(running, return_exceptions=True)
    return expected("cancelled", plan, failing=("slow",))


async def conversation() -> list[Expected]:
    """Two turns of one conversation are two tasks."""
    first: list[Step] = [[("lookup", _order())], ["one"]]
    second: list[Step] = [["two"]]
    one = agent([*first, *second], streaming=False)
    with using_session(f"conversation-{next(IDS)}"):
        kept = Context(one)
        await one.run("hi", ctx=kept)
        await one.run("and?", ctx=kept)
    return [expected("first turn", first), expected("second turn", second)]


KINDS: dict[str, Any] = {
    one.__name__: one
    for one in (
        *(plain, errors, human, streamed, sub_agent, handoff, approved, answered, pending, cancelled, conversation),
    )
}


async def main() -> None:
    spans = provider()
    LlamaIndexInstrumentor().instrument(tracer_provider=spans)
    tasks: list[Expected] = []
    kinds = order(list(KINDS))
    for start in range(0, len(kinds), 5):  # five at a time, so that their spans come mixed
        for found in await asyncio.gather(*(KINDS[kind]() for kind in kinds[start : start + 5])):
            tasks += found if isinstance(found, list) else [found]
    spans.shutdown()
    tell(tasks)


asyncio.run(main())
