"""What an instrumentation does differently from what its convention says, by the name of its scope: a table of data.

Sources are marked as in `conventions`.
"""

from dataclasses import dataclass
from typing import Final, Literal

Does = Literal[
    "handoff by name",
    "handed to argument",
    "tells results",
    "root is always OK",
    "no agent of its own",
    "no call",
    "no model",
    "handoff by tool",
    "addresses in arguments",
    "run by name",
    "waits by result",
    "arguments in",
    "resumes unseen",
]


@dataclass(frozen=True, slots=True)
class Quirk:
    """What one instrumentation does differently. `scope` with `*`; `detail` as `does` needs it."""

    scope: str
    does: Does
    detail: str
    source: str


QUIRKS: Final = (
    Quirk(
        "openinference.instrumentation.openai_agents",
        "handoff by name",
        "handoff to ",
        "SEEN 2.6.0: a handoff is a span of kind TOOL without tool.name",
    ),
    Quirk(
        "openinference.instrumentation.openai_agents",
        "tells results",
        "",
        "SEEN 2.6.0: a call that waits for approval is OK, and only its result is missing",
    ),
    Quirk(
        "openinference.instrumentation.openai_agents",
        "resumes unseen",
        "",
        "SEEN 2.6.0: a run that goes on after an approval sends no span (_processor.py: only traces that it started)",
    ),
    Quirk(
        "opentelemetry.instrumentation.openai_agents",
        "tells results",
        "",
        "SEEN openai-agents-v2 0.1.0: a call that waits for approval is OK, and only its result is missing",
    ),
    Quirk(
        "opentelemetry.instrumentation.openai_agents",
        "no agent of its own",
        "OpenAI Agent",
        "SEEN openai-agents-v2 0.1.0: spans of tools and turns name an agent that there is not",
    ),
    Quirk(
        "openinference.instrumentation.openai_agents",
        "root is always OK",
        "Agent workflow",
        "SEEN 2.6.0: the root is OK whatever became of the run",
    ),
    Quirk(
        "opentelemetry.instrumentation.openai_agents",
        "root is always OK",
        "Agent workflow",
        "SEEN openai-agents-v2 0.1.0: the root is OK whatever became of the run",
    ),
    Quirk(
        "opentelemetry.instrumentation.langchain",
        "arguments in",
        "input_str",
        "SEEN 0.62.4: the arguments stand beside tags that differ with each call",
    ),
    Quirk(
        "openinference.instrumentation.llama_index",
        "handoff by tool",
        "handoff",
        "SEEN 4.6.1: agents of a workflow hand over by a tool that the framework made; each tool's span has one name",
    ),
    Quirk(
        "openinference.instrumentation.llama_index",
        "handed to argument",
        "kwargs.to_agent",
        "SEEN 4.6.1: that tool's argument says who goes on",
    ),
    Quirk(
        "openinference.instrumentation.llama_index",
        "no model",
        "._prepare_chat_with_tools",
        "SEEN 4.6.1: whatever a class of models does is of kind LLM, also what only prepares a call",
    ),
    Quirk(
        "openinference.instrumentation.llama_index",
        "addresses in arguments",
        "",
        "SEEN 4.6.1: a tool that is given the workflow's context has its place in memory among the arguments",
    ),
    Quirk(
        "strands.telemetry.tracer",
        "handoff by name",
        "execute_tool handoff_to_agent",
        "SEEN strands 1.62.0: a swarm's agents hand over by a tool that the framework made",
    ),
    Quirk(
        "strands.telemetry.tracer",
        "handed to argument",
        "agent_name",
        "SEEN strands 1.62.0: that tool's argument says who goes on",
    ),
    Quirk(
        "agent_framework",
        "run by name",
        "workflow.run",
        "SEEN agent-framework-core 1.23.0: what holds agents that hand over to one another has no operation name",
    ),
    Quirk(
        "gcp.vertex.agent",
        "handoff by name",
        "execute_tool transfer_to_agent",
        "SEEN google-adk 2.13.0: agents hand over by a tool that the framework made",
    ),
    Quirk(
        "gcp.vertex.agent",
        "handed to argument",
        "agent_name",
        "SEEN google-adk 2.13.0: that tool's argument says who goes on",
    ),
    Quirk(
        "gcp.vertex.agent",
        "waits by result",
        "This tool call requires confirmation",
        "SEEN google-adk 2.13.0: a call that waits for a person is OK, and its result says so",
    ),
    Quirk(
        "gcp.vertex.agent",
        "no call",
        "(merged tools)",
        "google/adk-python telemetry/tracing.py: a span for several answers at once",
    ),
)
