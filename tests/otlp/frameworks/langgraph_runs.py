"""LangGraph on a model that follows a script. Argument: the instrumentation, openinference or traceloop."""

import asyncio
import itertools
import sys
from typing import Any

from expected import READ, WRITTEN, Expected, Step, expected, order, provider, tell
from langchain.agents import create_agent
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt

IDS = itertools.count()
STARTED: dict[str, asyncio.Event] = {}
"""Set when `slow` is called with that order."""


class Scripted(BaseChatModel):
    plan: list[Any]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, _tools: Any, **_more: Any) -> "Scripted":
        return self

    def _generate(self, _messages: Any, stop: Any = None, run_manager: Any = None, **_more: Any) -> ChatResult:
        del stop, run_manager
        step = self.plan.pop(0)
        text = "".join(part for part in step if isinstance(part, str))
        calls = [
            {"name": part[0], "args": part[1], "id": f"c{next(IDS)}"} for part in step if not isinstance(part, str)
        ]
        usage = {"input_tokens": READ, "output_tokens": WRITTEN, "total_tokens": READ + WRITTEN}
        said = AIMessage(content=text, tool_calls=calls, usage_metadata=usage)
        return ChatResult(generations=[ChatGeneration(message=said)])


@tool
def lookup(order: str) -> str:
    """Look up."""
    return f"found {order}"


@tool
def charge(order: str) -> str:
    """Charge."""
    raise RuntimeError(f"card of {order} refused")


@tool
def refund(order: str) -> str:
    """Refund."""
    return f"refunded {order}" if interrupt({"approve": order}) else "no"


@tool
async def slow(order: str) -> str:
    """Wait."""
    STARTED[order].set()
    await asyncio.sleep(30)
    return order


@tool
def transfer_to_human(order: str) -> str:
    """Ask a person."""
    return f"a person looks at {order}"


TOOLS = [lookup, charge, refund, slow, transfer_to_human]
ASK = [("user", "hi")]


def graph(plan: list[Step], name: str = "triage", more: tuple[Any, ...] = ()) -> Any:
    return create_agent(Scripted(plan=list(plan)), [*TOOLS, *more], name=name, checkpointer=InMemorySaver())


def thread() -> Any:
    return {"configurable": {"thread_id": f"thread-{next(IDS)}"}}


def _order() -> dict[str, str]:
    return {"order": str(next(IDS))}


async def plain() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    await graph(plan).ainvoke({"messages": ASK}, thread())
    return expected("plain", plan)


async def repeated() -> Expected:
    same = _order()
    plan: list[Step] = [[("lookup", same), ("lookup", same)], [("lookup", _order())], ["done"]]
    await graph(plan).ainvoke({"messages": ASK}, thread())
    return expected("repeated", plan)


async def fatal() -> Expected:
    plan: list[Step] = [[("lookup", _order())], [("charge", _order())]]
    await asyncio.gather(graph(plan).ainvoke({"messages": ASK}, thread()), return_exceptions=True)
    return expected("fatal", plan, failing=("charge",))


async def human() -> Expected:
    plan: list[Step] = [[("transfer_to_human", _order())], ["done"]]
    await graph(plan).ainvoke({"messages": ASK}, thread())
    made = expected("human", plan)
    made.escalated = True
    return made


async def approved() -> Expected:
    plan: list[Step] = [[("lookup", _order())], [("refund", _order())], ["done"]]
    one, where = graph(plan), thread()
    await one.ainvoke({"messages": ASK}, where)
    await one.ainvoke(Command(resume=True), where)
    return expected("approved", plan)


async def pending() -> Expected:
    plan: list[Step] = [[("lookup", _order())], [("refund", _order())]]
    await graph(plan).ainvoke({"messages": ASK}, thread())
    made = expected("pending", plan, not_called=("refund",))
    made.pending, made.completed = True, False
    return made


async def streamed() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    async for _part in graph(plan).astream({"messages": ASK}, thread()):
        pass
    return expected("streamed", plan)


async def sub_agent() -> Expected:
    inner: list[Step] = [[("lookup", _order())], ["inner"]]
    outer: list[Step] = [[("ask", {"text": str(next(IDS))})], ["done"]]
    below = create_agent(Scripted(plan=list(inner)), TOOLS, name="billing")

    @tool
    async def ask(text: str) -> str:
        """Ask billing."""
        return str((await below.ainvoke({"messages": [("user", text)]}))["messages"][-1].content)

    await graph(outer, more=(ask,)).ainvoke({"messages": ASK}, thread())
    return expected("sub_agent", outer, inner)


async def cancelled() -> Expected:
    last = _order()
    started = STARTED[last["order"]] = asyncio.Event()
    plan: list[Step] = [[("lookup", _order())], [("slow", last)]]
    running = asyncio.create_task(graph(plan).ainvoke({"messages": ASK}, thread()))
    await started.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return expected("cancelled", plan, failing=("slow",))


async def conversation() -> list[Expected]:
    """Two turns of one conversation are two tasks."""
    first: list[Step] = [[("lookup", _order())], ["one"]]
    second: list[Step] = [["two"]]
    one, where = graph([*first, *second]), thread()
    await one.ainvoke({"messages": ASK}, where)
    await one.ainvoke({"messages": [("user", "and?")]}, where)
    return [expected("first turn", first), expected("second turn", second)]


KINDS: dict[str, Any] = {
    one.__name__: one
    for one in (
        *(plain, repeated, fatal, human, approved, pending, streamed, sub_agent, cancelled),
        conversation,
    )
}


async def main() -> None:
    spans = provider()
    if sys.argv[1] == "openinference":
        from openinference.instrumentation.langchain import LangChainInstrumentor

        LangChainInstrumentor().instrument(tracer_provider=spans)
    else:
        from opentelemetry.instrumentation.langchain import LangchainInstrumentor

        LangchainInstrumentor().instrument(tracer_provider=spans)
    tasks: list[Expected] = []
    kinds = order(list(KINDS))
    for start in range(0, len(kinds), 5):  # five at a time, so that their spans come mixed
        for found in await asyncio.gather(*(KINDS[kind]() for kind in kinds[start : start + 5])):
            tasks += found if isinstance(found, list) else [found]
    spans.shutdown()
    tell(tasks)


asyncio.run(main())
