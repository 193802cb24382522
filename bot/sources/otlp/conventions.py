"""How spans of each convention are read: a table of data, with its source beside each row.

A span is read by the first of `CONVENTIONS` whose mark it has. `READINGS` says under which attributes a thing stands,
the newest name first. What an instrumentation does differently from what its convention says is the table `quirks`.
Everything under `gen_ai.*` is in development: names will change, and a new name is a new row.

Sources: SEMCONV is open-telemetry/semantic-conventions-genai, model/gen-ai (and before it was moved out,
open-telemetry/semantic-conventions, model/gen-ai, 1.27 to 1.37); OPENINFERENCE is Arize-ai/openinference,
spec/semantic_conventions.md; OPENLLMETRY is traceloop/openllmetry, opentelemetry-semantic-conventions-ai; SEEN is a run
of the real package on a model that follows a script (`tests/otlp/frameworks`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bot.core.telemetry.traces.span_facts import (
    AGENT,
    CHAIN,
    EVALUATION,
    HANDOFF,
    MODEL,
    PERSON,
    TOOL,
    WORK,
    About,
)


@dataclass(frozen=True, slots=True)
class Convention:
    """Spans that have the attribute `mark`: its value -> role. A value that is not listed is nothing of an agent."""

    name: str
    mark: str
    roles: Mapping[str, str]
    source: str


CONVENTIONS: Final = (
    Convention(
        "OpenTelemetry GenAI",
        "gen_ai.operation.name",
        {
            "invoke_agent": AGENT,
            "invoke_workflow": AGENT,
            "invoke_swarm": AGENT,
            "invoke_graph": AGENT,
            "execute_tool": TOOL,
            "chat": MODEL,
            "generate_content": MODEL,
            "text_completion": MODEL,
            "agent_handoff": HANDOFF,
        },
        "SEMCONV gen_ai.operation.name; agent_handoff: SEEN openai-agents-v2 0.1.0; invoke_swarm: SEEN strands 1.62.0",
    ),
    Convention(
        "OpenInference",
        "openinference.span.kind",
        {"AGENT": AGENT, "CHAIN": CHAIN, "LLM": MODEL, "TOOL": TOOL, "EVALUATOR": EVALUATION},
        "OPENINFERENCE span kinds",
    ),
    Convention(
        "OpenLLMetry",
        "traceloop.span.kind",
        {"workflow": AGENT, "agent": AGENT, "tool": TOOL, "task": CHAIN},
        "OPENLLMETRY TraceloopSpanKindValues",
    ),
    Convention(
        "OpenLLMetry, a model's own span",
        "llm.request.type",
        {"chat": MODEL, "completion": MODEL},
        "OPENLLMETRY LLM_REQUEST_TYPE",
    ),
    Convention(
        "Vercel AI SDK 6 and before",
        "ai.operationId",
        {
            "ai.generateText": AGENT,
            "ai.streamText": AGENT,
            "ai.generateObject": AGENT,
            "ai.streamObject": AGENT,
            "ai.generateText.doGenerate": MODEL,
            "ai.streamText.doStream": MODEL,
            "ai.generateObject.doGenerate": MODEL,
            "ai.streamObject.doStream": MODEL,
            "ai.toolCall": TOOL,
        },
        "vercel/ai packages/ai/src/telemetry; content/docs/03-ai-sdk-core/60-telemetry.mdx",
    ),
    Convention(
        "OpenTelemetry GenAI before operation names",
        "gen_ai.system",
        {"": MODEL},
        "open-telemetry/semantic-conventions 1.27 and before: spans of models had gen_ai.system alone",
    ),
)
"""The value "" stands for any."""

NAMES: Final[Mapping[str, str]] = {
    "claude_code.interaction": AGENT,
    "claude_code.llm_request": MODEL,
    "claude_code.tool": TOOL,
}
"""Names of spans that say their role by themselves. Source: Claude Code monitoring documentation, traces (beta)."""

Form = Literal["text", "count", "amount", "digest", "calls", "present"]


@dataclass(frozen=True, slots=True)
class AttributeReading:
    """Where a thing stands: attributes in the order in which they are believed, for spans of these roles."""

    about: str
    attributes: tuple[str, ...]
    form: Form
    source: str
    roles: tuple[str, ...] = ()
    """Empty: any."""


READINGS: Final = (
    AttributeReading(
        About.AGENT,
        ("gen_ai.agent.name", "agent.name", "agent_name", "ai.telemetry.functionId", "traceloop.entity.name"),
        "text",
        "SEMCONV; OPENINFERENCE agent.name; pydantic-ai before 1.0 agent_name; Vercel AI; OPENLLMETRY",
        (AGENT,),
    ),
    AttributeReading(
        About.WORKFLOW,
        ("gen_ai.workflow.name", "traceloop.workflow.name"),
        "text",
        "SEMCONV gen_ai.workflow.name; OPENLLMETRY traceloop.workflow.name",
        (AGENT,),
    ),
    AttributeReading(
        About.SESSION,
        (
            "gen_ai.conversation.id",
            "session.id",
            "traceloop.association.properties.session_id",
            "traceloop.association.properties.thread_id",
            "ai.telemetry.metadata.sessionId",
        ),
        "text",
        "SEMCONV gen_ai.conversation.id; OPENINFERENCE session.id; OPENLLMETRY association properties; Vercel AI",
    ),
    AttributeReading(
        About.TENANT,
        ("tenant.id", "traceloop.association.properties.tenant_id", "ai.telemetry.metadata.tenant"),
        "text",
        "no convention names a tenant; these are the names in use",
        (AGENT, CHAIN),
    ),
    AttributeReading(
        About.TOOL,
        ("gen_ai.tool.name", "tool.name", "tool_name", "ai.toolCall.name", "traceloop.entity.name"),
        "text",
        "SEMCONV; OPENINFERENCE tool.name; Claude Code tool_name; Vercel AI; OPENLLMETRY",
        (TOOL,),
    ),
    AttributeReading(
        About.CALL,
        ("gen_ai.tool.call.id", "tool_call.id", "ai.toolCall.id"),
        "text",
        "SEMCONV; OPENINFERENCE tool_call.id; Vercel AI",
        (TOOL,),
    ),
    AttributeReading(
        About.ARGUMENTS,
        (
            "gen_ai.tool.call.arguments",
            "tool_arguments",
            "input.value",
            "traceloop.entity.input",
            "ai.toolCall.args",
            "ai.toolCall.input",
        ),
        "digest",
        "SEMCONV (opt-in); pydantic-ai before 1.0; OPENINFERENCE input.value; OPENLLMETRY; Vercel AI",
        (TOOL,),
    ),
    AttributeReading(
        About.TARGET,
        ("gen_ai.handoff.to_agent",),
        "text",
        "SEEN openai-agents-v2 0.1.0",
        (HANDOFF,),
    ),
    AttributeReading(
        About.MODEL,
        ("gen_ai.response.model", "llm.model_name", "gen_ai.request.model", "ai.response.model", "ai.model.id"),
        "text",
        "SEMCONV, the answering model before the one asked for; OPENINFERENCE; Vercel AI",
        (MODEL,),
    ),
    AttributeReading(
        About.PROMPT,
        ("gen_ai.prompt.version", "llm.prompt_template.version", "langfuse.observation.prompt.version"),
        "text",
        "OPENINFERENCE llm.prompt_template.version; Langfuse; gen_ai.prompt.version is a proposal",
    ),
    AttributeReading(
        About.INPUT,
        (
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.prompt_tokens",
            "llm.token_count.prompt",
            "gen_ai.aggregated_usage.input_tokens",
            "llm.usage.prompt_tokens",
            "ai.usage.inputTokens",
            "ai.usage.promptTokens",
            "input_tokens",
        ),
        "count",
        "SEMCONV since 1.28, before it prompt_tokens; OPENINFERENCE; pydantic-ai (of a whole run); OPENLLMETRY; Vercel "
        "AI; Claude Code",
        (MODEL, AGENT, CHAIN),
    ),
    AttributeReading(
        About.OUTPUT,
        (
            "gen_ai.usage.output_tokens",
            "gen_ai.usage.completion_tokens",
            "llm.token_count.completion",
            "gen_ai.aggregated_usage.output_tokens",
            "llm.usage.completion_tokens",
            "ai.usage.outputTokens",
            "ai.usage.completionTokens",
            "output_tokens",
        ),
        "count",
        "as of the tokens that were read",
        (MODEL, AGENT, CHAIN),
    ),
    AttributeReading(
        About.COST,
        ("llm.cost.total", "operation.cost", "gen_ai.usage.cost", "cost_usd"),
        "amount",
        "OPENINFERENCE llm.cost.total; pydantic-ai operation.cost; OpenLIT gen_ai.usage.cost; Claude Code cost_usd",
        (MODEL, AGENT),
    ),
    AttributeReading(
        About.ASKS,
        ("gen_ai.response.finish_reasons", "gen_ai.output.messages", "ai.response.finishReason"),
        "calls",
        "SEMCONV finish reasons, else the messages themselves (opt-in); Vercel AI",
        (MODEL,),
    ),
    AttributeReading(
        About.EVALUATION,
        ("gen_ai.evaluation.name", "evaluation.name", "eval.name"),
        "text",
        "SEMCONV event gen_ai.evaluation.result; OPENINFERENCE evaluator spans",
        (EVALUATION,),
    ),
    AttributeReading(
        About.SCORE,
        ("gen_ai.evaluation.score.value", "evaluation.score", "eval.score"),
        "amount",
        "as of the evaluation's name",
        (EVALUATION,),
    ),
    AttributeReading(
        About.LABEL,
        ("gen_ai.evaluation.score.label", "evaluation.label", "eval.label"),
        "text",
        "as of the evaluation's name",
        (EVALUATION,),
    ),
    AttributeReading(
        "result",
        ("gen_ai.tool.call.result", "output.value", "traceloop.entity.output", "ai.toolCall.result"),
        "present",
        "SEMCONV (opt-in); OPENINFERENCE; OPENLLMETRY; Vercel AI",
        (TOOL,),
    ),
)

STOPPING: Final[Mapping[str, str]] = {
    "GraphInterrupt": PERSON,
    "NodeInterrupt": PERSON,
    "ApprovalRequired": PERSON,
    "WaitingForEvent": PERSON,
    "CallDeferred": WORK,
}
"""Errors that are none: the run stops to be resumed.

Source: LangGraph, "Human-in-the-loop" (SEEN: with OpenInference the span is OK and the error stands in an event, with
OpenLLMetry it is an ERROR); Pydantic AI, "Deferred tools" (SEEN: attribute pydantic_ai.tool.deferral.name);
LlamaIndex, "Human in the loop" (SEEN openinference llama_index 4.6.1: a tool that waits for a person's event is an
ERROR, and is called anew when it comes).
"""
ENDED_TO_WAIT: Final[Mapping[str, str]] = {"interrupt": PERSON}
"""Finish reasons of a run that say that it stops to be resumed. Source: Strands Agents, "Interrupts" (SEEN 1.62.0)."""
DEFERRAL: Final = "pydantic_ai.tool.deferral.name"
