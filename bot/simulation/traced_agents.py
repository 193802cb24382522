"""Simulated agents that nobody asks for numbers: their tasks go out as spans over OTLP, as any instrumented agent's do.

What the world counts for a minute is spread over it: so many tasks, so many calls of tools, so many handed to a person
and so many judged good. Tasks that wait for approval stop, and go on under another trace with the same conversation
once somebody agreed. The names are those of the GenAI semantic conventions.
"""

import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

import httpx
import structlog
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from bot.core.model.samples import minute_of
from bot.simulation.world import World

SCOPE: Final = "simulated-agent"
SEND_EVERY: Final = 5.0
"""Scenario seconds between two requests."""
SHORTEST_PAUSE: Final = 0.25
"""Real seconds: a fast clock must not make the agents hammer the bot."""
LASTS: Final = 8.0
"""Seconds that a task takes."""
WAITS_OF: Final = 3
"""Of so many that wait for approval, one is agreed to in a minute."""
MOST_KEPT: Final = 5_000
"""Tasks that are kept while nobody takes them; then the oldest are lost, as in any exporter."""
AT_ONCE: Final = 200
"""Tasks in one request."""
OK, OVERLOADED, BROKEN = 200, 429, 500
Value = str | int | float
_PATIENCE = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Instrumentation:
    """What the spans of one agent say of it. `model`, and the model that answers while a fault is at work."""

    service: str
    agent: str
    tools: Sequence[str]
    hands_over: str
    """The tool that takes a task to a person."""
    asks: str
    """The tool that waits for approval."""
    model: str
    faulty_model: str


@dataclass(frozen=True, slots=True)
class TracedTask:
    """One run of an agent, before it is spans. `end` in seconds since the epoch."""

    agent: str
    workflow: str
    number: str
    """What tells it from every other run."""
    conversation: str
    end: float
    model: str
    calls: int = 0
    escalated: bool = False
    good: bool = False
    waits: bool = False
    resumed: bool = False

    @property
    def trace(self) -> bytes:
        """The trace id."""
        return blake2b(self.number.encode(), digest_size=16).digest()


class TracedAgents:
    """The spans of those agents of a world that have an instrumentation. `tokens`: agent -> bearer token.

    `step` sends what ended since the last one; `start` does so in a thread.
    """

    def __init__(
        self,
        world: World,
        instrumented: Mapping[str, Instrumentation],
        base_url: str,
        tokens: Mapping[str, str],
    ) -> None:
        self.sent = 0
        """Spans that were taken."""
        self._world = world
        self._told = instrumented
        self._clients = {key: _client(base_url, tokens[key]) for key in instrumented}
        self._minute = minute_of(world.now()) - 1
        self._kept: dict[str, list[TracedTask]] = {key: [] for key in instrumented}
        self._waiting: dict[tuple[str, str], deque[TracedTask]] = {}
        self._in_trouble = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spans", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        for client in self._clients.values():
            client.close()

    def step(self) -> None:
        """Send what has ended. What is not taken is sent again the next time."""
        now = self._world.now()
        for minute in range(self._minute + 1, minute_of(now) + 1):
            for agent, kept in self._kept.items():
                kept.extend(self._tasks(agent, minute))
                del kept[:-MOST_KEPT]
        self._minute = minute_of(now)
        for agent, kept in self._kept.items():
            ready = [task for task in kept if task.end <= now.timestamp()][:AT_ONCE]
            if ready and self._send(agent, ready):
                self._kept[agent] = [task for task in kept if task not in ready]

    def _run(self) -> None:
        pause = max(SHORTEST_PAUSE, SEND_EVERY / getattr(self._world.clock, "speed", 1.0))
        while not self._stopping.wait(pause):
            self.step()

    def _tasks(self, agent: str, minute: int) -> Iterator[TracedTask]:
        for workflow in self._world.agents[agent].workflows:
            yield from self._of_workflow(agent, workflow, minute)

    def _of_workflow(self, agent: str, workflow: str, minute: int) -> Iterator[TracedTask]:
        """The runs of a minute: as many as the world counts, and those that somebody agreed to."""
        tally, told = self._world.tally(agent, workflow, minute), self._told[agent]
        model = told.faulty_model if self._world.is_faulty(agent, minute) else told.model
        queue = self._waiting.setdefault((agent, workflow), deque())
        leaving = min(len(queue), max(len(queue) - tally.pending, len(queue) // WAITS_OF))
        for place in range(leaving):
            stopped, number = queue.popleft(), f"{agent}/{workflow}/{minute}/agreed-{place}"
            yield replace(stopped, number=number, end=minute * 60.0 + 1 + place % 50, waits=False, resumed=True)
        stopping = min(tally.tasks, max(0, tally.pending - len(queue)))
        for place in range(tally.tasks):
            number = f"{agent}/{workflow}/{minute}/{place}"
            escalated = _part(tally.escalated, place, tally.tasks) > 0
            task = TracedTask(
                agent,
                workflow,
                number,
                number,
                60.0 * (minute + (place + 0.5) / tally.tasks),
                model,
                _part(tally.calls, place, tally.tasks),
                escalated,
                _part(tally.good, place, tally.tasks) > 0,
                place < stopping and not escalated,
            )
            if task.waits:
                queue.append(task)
            yield task

    def _send(self, agent: str, tasks: Sequence[TracedTask]) -> bool:
        """Whether they were taken, or refused for good."""
        told, client = self._told[agent], self._clients[agent]
        taken = self._post(client, "/v1/traces", trace_request(tasks, told))
        if taken:
            self.sent += sum(1 for task in tasks for _ in spans_of(task, told))
            self._post(client, "/v1/logs", evaluation_request(tasks, told))
        return taken

    def _post(self, client: httpx.Client, path: str, request: Message) -> bool:
        try:
            answer = client.post(path, content=request.SerializeToString())
        except httpx.HTTPError as error:
            return self._refused(path, str(error))
        if answer.status_code == OK:
            self._in_trouble = False
            return True
        self._refused(path, f"{answer.status_code}: {answer.text[:200]}")
        return answer.status_code != OVERLOADED and answer.status_code < BROKEN

    def _refused(self, path: str, why: str) -> bool:
        if not self._in_trouble:
            log.warning("the spans of a simulated agent were not taken", path=path, why=why)
        self._in_trouble = True
        return False


def trace_request(tasks: Sequence[TracedTask], told: Instrumentation) -> ExportTraceServiceRequest:
    """All spans of these tasks, as one export of the agent's SDK."""
    request = ExportTraceServiceRequest()
    of_resource = request.resource_spans.add()
    of_resource.resource.attributes.extend(_attributes({"service.name": told.service}))
    of_scope = of_resource.scope_spans.add()
    of_scope.scope.name, of_scope.scope.version = SCOPE, "1"
    of_scope.spans.extend(span for task in tasks for span in spans_of(task, told))
    return request


def evaluation_request(tasks: Sequence[TracedTask], told: Instrumentation) -> ExportLogsServiceRequest:
    """What an evaluator says of those that came to their end."""
    request = ExportLogsServiceRequest()
    of_resource = request.resource_logs.add()
    of_resource.resource.attributes.extend(_attributes({"service.name": told.service}))
    of_scope = of_resource.scope_logs.add()
    of_scope.scope.name = SCOPE
    for task in tasks:
        if task.waits:
            continue
        record = of_scope.log_records.add(
            time_unix_nano=_ns(task.end),
            trace_id=task.trace,
            span_id=_span_id(task, 0),
            event_name="gen_ai.evaluation.result",
        )
        score: dict[str, Value] = {
            "gen_ai.evaluation.name": "correctness",
            "gen_ai.evaluation.score.value": float(task.good),
        }
        record.attributes.extend(_attributes(score))
    return request


def spans_of(task: TracedTask, told: Instrumentation) -> Iterator[Span]:
    """The agent, and in turn a model and the tool that it asks for; at the end a model's last word."""
    tools = list(_tools(task, told))
    steps = max(1, 2 * len(tools) + (not task.waits))
    begin, each = task.end - LASTS, LASTS / steps
    root: dict[str, Value] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": told.agent,
        "gen_ai.workflow.name": task.workflow,
        "gen_ai.conversation.id": task.conversation,
    }
    yield _span(task, 0, f"invoke_agent {told.agent}", (begin, task.end), root)
    number = 1
    for place, tool in enumerate(tools):
        asked = begin + 2 * place * each
        if place or not task.resumed:  # what was agreed to is called before a model is asked
            yield _chat(task, number, (asked, asked + each))
        arguments = json.dumps({"task": task.conversation, "part": 0 if tool == told.asks else place})
        called: dict[str, Value] = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": tool,
            "gen_ai.tool.call.arguments": arguments,
        }
        yield _span(task, number + 1, f"execute_tool {tool}", (asked + each, asked + 2 * each), called)
        number += 2
    if not task.waits:
        yield _chat(task, number, (task.end - each, task.end))


def _tools(task: TracedTask, told: Instrumentation) -> Iterator[str]:
    """The tools that a run calls, in their order."""
    if task.resumed:
        yield told.asks
        return
    for place in range(task.calls - task.escalated):
        yield told.tools[place % len(told.tools)]
    if task.escalated:
        yield told.hands_over
    if task.waits:
        yield told.asks


def _chat(task: TracedTask, number: int, times: tuple[float, float]) -> Span:
    about: dict[str, Value] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.response.model": task.model,
        "gen_ai.usage.input_tokens": 900,
        "gen_ai.usage.output_tokens": 120,
    }
    return _span(task, number, f"chat {task.model}", times, about)


def _span(task: TracedTask, number: int, name: str, times: tuple[float, float], about: Mapping[str, Value]) -> Span:
    return Span(
        trace_id=task.trace,
        span_id=_span_id(task, number),
        parent_span_id=_span_id(task, 0) if number else b"",
        name=name,
        start_time_unix_nano=_ns(times[0]),
        end_time_unix_nano=_ns(times[1]),
        attributes=_attributes(about),
    )


def _span_id(task: TracedTask, number: int) -> bytes:
    return blake2b(f"{task.number}/{number}".encode(), digest_size=8).digest()


def _attributes(about: Mapping[str, Value]) -> Iterator[KeyValue]:
    for key, value in about.items():
        made = KeyValue(key=key)
        if isinstance(value, str):
            made.value.string_value = value
        elif isinstance(value, int):
            made.value.int_value = value
        else:
            made.value.double_value = value
        yield made


def _part(whole: int, place: int, places: int) -> int:
    """How much of a whole falls to one of so many places, evenly."""
    return (place + 1) * whole // places - place * whole // places


def _ns(at: float) -> int:
    return int(at * 1e9)


def _client(base_url: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-protobuf"}
    return httpx.Client(base_url=base_url, headers=headers, timeout=_PATIENCE, trust_env=False)
