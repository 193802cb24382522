"""CrewAI on a model that follows a script."""

import asyncio
import itertools
import json
import os
from types import SimpleNamespace
from typing import Any

os.environ["CREWAI_DISABLE_TELEMETRY"] = "true"  # the framework's own, which goes to its makers
os.environ["CREWAI_TRACING_ENABLED"] = "false"

from crewai import Agent, BaseLLM, Crew, Task
from crewai.events.types.llm_events import LLMCallType
from crewai.llms.base_llm import llm_call_context
from crewai.tools import BaseTool, tool
from expected import READ, WRITTEN, Expected, Step, expected, order, provider, tell
from openinference.instrumentation import using_session
from openinference.instrumentation.crewai import CrewAIInstrumentor
from pydantic import PrivateAttr

IDS = itertools.count()
STARTED: dict[str, asyncio.Event] = {}
"""Set when `slow` is called with that order."""
USAGE = {"prompt_tokens": READ, "completion_tokens": WRITTEN, "total_tokens": READ + WRITTEN}


class Scripted(BaseLLM):
    """Says what the plan says, whatever it is asked, and tells of it as the framework's own providers do."""

    _plan: list[Step] = PrivateAttr()

    def __init__(self, plan: list[Step]) -> None:
        super().__init__(model="scripted-1")
        self._plan = list(plan)

    def get_input_tokens_count(self, *_args: Any, **_more: Any) -> int:
        return READ

    def call(self, messages: Any, *_args: Any, **more: Any) -> Any:
        whose = {name: more.get(name) for name in ("from_task", "from_agent")}
        step = self._plan.pop(0)
        said = step[0] if isinstance(step[0], str) else [_asked(*part) for part in step if not isinstance(part, str)]
        with llm_call_context():
            self._emit_call_started_event(messages=messages, **whose)
            self._track_token_usage_internal(USAGE)
            kind = LLMCallType.LLM_CALL if isinstance(said, str) else LLMCallType.TOOL_CALL
            self._emit_call_completed_event(said, kind, messages=messages, usage=USAGE, **whose)
        return said

    async def acall(self, *args: Any, **more: Any) -> Any:
        return self.call(*args, **more)

    def supports_function_calling(self) -> bool:
        return True


def _asked(name: str, arguments: dict[str, str]) -> Any:
    function = SimpleNamespace(name=name, arguments=json.dumps(arguments))
    return SimpleNamespace(id=f"call_{next(IDS)}", type="function", function=function)


@tool
def lookup(order: str) -> str:
    """Look an order up."""
    return f"found {order}"


@tool
def charge(order: str) -> str:
    """Charge a card that is always refused."""
    raise RuntimeError(f"card of {order} refused")


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


TOOLS = [lookup, charge, transfer_to_human, slow]


def agent(plan: list[Step], role: str = "triage", more: tuple[BaseTool, ...] = (), **other: Any) -> Agent:
    return Agent(role=role, goal="help", backstory="helps", llm=Scripted(plan), tools=[*TOOLS, *more], **other)


def crew(*agents: Agent, **more: Any) -> Crew:
    tasks = [Task(description="hi", expected_output="an answer", agent=one) for one in agents]
    return Crew(agents=list(agents), tasks=tasks, name="triage", **more)


def _order() -> dict[str, str]:
    return {"order": str(next(IDS))}


async def plain() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    await crew(agent(plan)).akickoff()
    return expected("plain", plan)


async def in_a_thread() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    await crew(agent(plan)).kickoff_async()
    return expected("in_a_thread", plan)


async def errors() -> Expected:
    same = _order()
    plan: list[Step] = [[("lookup", same), ("lookup", same)], [("charge", _order())], [("charge", _order())], ["done"]]
    await crew(agent(plan)).akickoff()
    return expected("errors", plan, failing=("charge",))


async def human() -> Expected:
    plan: list[Step] = [[("transfer_to_human", _order())], ["done"]]
    await crew(agent(plan)).akickoff()
    made = expected("human", plan)
    made.escalated = True
    return made


async def streamed() -> Expected:
    plan: list[Step] = [[("lookup", _order())], ["done"]]
    output = await crew(agent(plan), stream=True).akickoff()
    async for _chunk in output:
        pass
    return expected("streamed", plan)


async def two_agents() -> Expected:
    """Two agents, one after the other, are one task."""
    first: list[Step] = [[("lookup", _order())], ["one"]]
    then: list[Step] = [[("lookup", _order())], ["two"]]
    await crew(agent(first), agent(then, "billing")).akickoff()
    return expected("two_agents", first, then)


async def delegated() -> Expected:
    """One agent gives work to the other with a tool that the framework made."""
    work = {"task": "look", "context": str(next(IDS)), "coworker": "billing"}
    outer: list[Step] = [[("delegate_work_to_coworker", work)], ["done"]]
    inner: list[Step] = [[("lookup", _order())], ["inner"]]
    first = agent(outer, allow_delegation=True)
    made = Crew(
        agents=[first, agent(inner, "billing")],
        tasks=[Task(description="hi", expected_output="an answer", agent=first)],
        name="triage",
    )
    await made.akickoff()
    return expected("delegated", outer, inner)


async def sub_crew() -> Expected:
    inner: list[Step] = [[("lookup", _order())], ["inner"]]
    outer: list[Step] = [[("ask", {"text": str(next(IDS))})], ["done"]]
    below = crew(agent(inner, "billing"))

    @tool
    def ask(text: str) -> str:
        """Ask another crew."""
        return str(below.kickoff())

    await crew(agent(outer, more=(ask,))).akickoff()
    return expected("sub_crew", outer, inner)


async def cancelled() -> list[Expected]:
    """Of a crew that is broken off nothing is sent but the calls that were over; no span of a run is around them."""
    last = _order()
    started = STARTED[last["order"]] = asyncio.Event()
    plan: list[Step] = [[("lookup", _order())], [("slow", last)]]
    running = asyncio.create_task(crew(agent(plan)).akickoff())
    await started.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return []


async def conversation() -> list[Expected]:
    """Two turns of one conversation are two tasks."""
    first: list[Step] = [[("lookup", _order())], ["one"]]
    second: list[Step] = [["two"]]
    with using_session(f"conversation-{next(IDS)}"):
        await crew(agent(first)).akickoff()
        await crew(agent(second)).akickoff()
    return [expected("first turn", first), expected("second turn", second)]


KINDS: dict[str, Any] = {
    one.__name__: one
    for one in (
        *(plain, in_a_thread, errors, human, streamed, two_agents, delegated, sub_crew, cancelled, conversation),
    )
}


async def main() -> None:
    spans = provider()
    CrewAIInstrumentor().instrument(tracer_provider=spans, use_event_listener=True)
    tasks: list[Expected] = []
    kinds = order(list(KINDS))
    for start in range(0, len(kinds), 5):  # five at a time, so that their spans come mixed
        for found in await asyncio.gather(*(KINDS[kind]() for kind in kinds[start : start + 5])):
            tasks += found if isinstance(found, list) else [found]
    spans.shutdown()
    tell(tasks)


asyncio.run(main())
