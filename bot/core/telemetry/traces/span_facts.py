"""What one span says to us, whatever the framework and convention that wrote it.

An adapter of a source reads spans into these (`bot/sources/otlp`); nothing from here on knows a vendor's attribute.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

AGENT: Final = "agent"
"""An agent, a workflow or a graph at work; the outermost one is a task."""
CHAIN: Final = "chain"
"""A step of a pipeline or graph; a task only where nothing of an agent is around it."""
MODEL: Final = "model"
"""One call of a model."""
TOOL: Final = "tool"
"""One call of a tool."""
HANDOFF: Final = "handoff"
"""The work goes from one agent to another inside a run; no tool call, whatever it looks like."""
EVALUATION: Final = "evaluation"
"""A judgement on the run of its parent span."""
OTHER: Final = "other"
"""Anything else. It is kept for its name and because it leads from a span to its agent."""

HERE, REMOTE, UNSAID = 0, 1, -1
"""Where a span's parent ran: in the same process, in another one, or nobody says."""


PERSON, WORK = "person", "work"
"""What a run may stop to wait for: somebody's word, or a result from elsewhere."""


class SpanFacts(NamedTuple):
    """One span. Times in seconds since the epoch; `parent` "" where there is none; ids in lower-case hex.

    `about` holds what its role needs, under the names of `About`; what the span does not say is absent.
    """

    span: str
    parent: str
    parent_is: int
    role: str
    name: str
    start: float
    end: float
    failed: bool
    error: str
    scope: str
    """The instrumentation and its version, such as `openinference.instrumentation.langchain 0.1.80`."""
    about: Mapping[str, object]


class About:
    """Keys of `SpanFacts.about`."""

    SERVICE: Final = "service"
    AGENT: Final = "agent"
    WORKFLOW: Final = "workflow"
    TENANT: Final = "tenant"
    SESSION: Final = "session"
    TOOL: Final = "tool"
    CALL: Final = "call"
    """The id of a tool call, the same in every span that speaks of it."""
    ARGUMENTS: Final = "arguments"
    """A digest of a tool call's arguments."""
    TARGET: Final = "target"
    """The agent that a handoff goes to."""
    MODEL: Final = "model"
    PROMPT: Final = "prompt"
    INPUT: Final = "input"
    OUTPUT: Final = "output"
    """Tokens."""
    COST: Final = "cost"
    STOPS: Final = "stops"
    """PERSON or WORK: what the run stopped here to wait for, where the convention itself says so."""
    SILENT: Final = "silent"
    """True for a tool's span without a result, of an instrumentation that tells results: the call was not made yet."""
    ASKS: Final = "asks"
    """Of a model's span: whether it asked for tools."""
    ASKED: Final = "asked"
    """Of a model's span: the id of the first call that it asked for."""
    UNSEEN: Final = "unseen"
    """True where the instrumentation sends nothing of a run that goes on after it stopped."""
    NO_STATUS: Final = "no status"
    """True where the instrumentation always says that this span went well."""
    PART: Final = "part"
    """True where the trace says of itself that only a part of all traces is sent."""
    EVALUATION: Final = "evaluation"
    SCORE: Final = "score"
    LABEL: Final = "label"
