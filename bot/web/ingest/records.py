"""The shape of what is pushed: one model a kind of record (pydantic, strict: no "3" for 3, no true for 1, no NaN)."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from bot.core.formatting.unicode_text import NO_CHARACTER, is_storable
from bot.core.model.posted_change import ChangeKind, PostedChange

BATCH = 5_000
"""Records in one request."""
LONGEST = 200
"""Characters of a name or a summary."""


def _moment(value: object) -> object:
    """ISO 8601 with an offset, or seconds since 1970; anything else is left for the model to refuse."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise ValueError("no offset")
            return moment.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError):
        raise ValueError("no such time") from None
    return value


def storable(value: object) -> object:
    """Text that any database can take."""
    if isinstance(value, str) and not is_storable(value):
        raise ValueError("no text")
    return value


Moment = Annotated[datetime, BeforeValidator(_moment)]
Text = Annotated[str, BeforeValidator(storable), Field(min_length=1, max_length=LONGEST)]
Flow = Annotated[str, BeforeValidator(storable), Field(max_length=LONGEST)]
Times = Annotated[int, Field(ge=0, le=1_000_000)]
Names = Annotated[list[Text], Field(max_length=200)]
Amount = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]


class SampleIn(BaseModel):
    """One ready value of an SLI. Percentages run from 0 to 100; `n` is the number of tasks behind the value."""

    model_config = ConfigDict(extra="forbid", strict=True)

    time: Moment
    agent: Text
    workflow: Flow = ""
    sli: Text
    value: float = Field(ge=-1e15, le=1e15, allow_inf_nan=False)
    n: Amount | None = None


class ToolIn(BaseModel):
    """One tool in one task: calls, and how many of them failed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Text
    calls: int = Field(ge=0, le=1_000_000)
    errors: int = Field(default=0, ge=0, le=1_000_000)


class TaskIn(BaseModel):
    """What is known of one task. Report it again when more is known: the newest `time` counts."""

    model_config = ConfigDict(extra="forbid", strict=True)

    task_id: Text
    agent: Text
    workflow: Flow = Field(default="", validation_alias=AliasChoices("workflow", "task_class"))
    time: Moment
    tool_calls: int = Field(default=0, ge=0, le=1_000_000)
    required_escalation: bool = False
    pending_approval: bool = False
    completed: bool = False
    decision_confidence: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    decision_correct: bool | None = None
    success: bool | None = None
    cost: Amount | None = None
    tools: list[ToolIn] = Field(default=[], max_length=100)
    invalid_calls: Times | None = None
    denied_calls: Times | None = None
    repeated_calls: Times | None = None
    replans: Times | None = None
    flagged: Times | None = None
    context_use: float | None = Field(default=None, ge=0, le=1, allow_inf_nan=False)
    tokens: Annotated[int, Field(ge=0, le=1_000_000_000)] | None = None
    seconds: Amount | None = None
    steps: Times | None = None
    model: Flow = ""
    prompt: Flow = ""


class ChangeIn(BaseModel):
    """One change. Empty lists mean all of them. `id` is yours: a commit, a pipeline's run, a version."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Text
    kind: ChangeKind
    time: Moment
    summary: Text
    agents: Names = []
    workflows: Names = []
    tools: Names = []
    version: Flow = ""
    by: Flow = ""

    def value(self) -> PostedChange:
        """The value of the core."""
        lists = (tuple(self.agents), tuple(self.workflows), tuple(self.tools))
        return PostedChange(self.id, self.kind, self.time, self.summary, *lists, self.version, self.by)


_TIME = "ISO 8601 with an offset (2026-03-01T02:14:00Z) or seconds since 1970; at most 30 s ahead, 14 days old"
_YES_NO = "true or false"
_COUNT = "a whole number from 0 to 1000000"
TEXT = f"1 to {LONGEST} characters, {NO_CHARACTER}"
VERSION = f"at most {LONGEST} characters, {NO_CHARACTER}"
_FLOW = f"a workflow of the agent ({VERSION}), or empty for the agent as a whole"
ALLOWED = {
    "time": _TIME,
    "agent": "the key of an agent in the fleet file",
    "workflow": _FLOW,
    "task_class": _FLOW,
    "sli": "an SLI of the agent in the fleet file",
    "value": "a finite number",
    "n": "a finite number, 0 or more: the tasks behind the value",
    "task_id": f"{TEXT}, unique within the agent",
    "tool_calls": _COUNT,
    "required_escalation": _YES_NO,
    "pending_approval": _YES_NO,
    "completed": _YES_NO,
    "decision_confidence": "a number from 0 to 1",
    "decision_correct": _YES_NO,
    "success": _YES_NO,
    "cost": "a finite number, 0 or more",
    "tools": 'at most 100 of {"name": a tool, "calls": a whole number, "errors": a whole number}',
    "invalid_calls": _COUNT,
    "denied_calls": _COUNT,
    "repeated_calls": _COUNT,
    "replans": _COUNT,
    "flagged": _COUNT,
    "context_use": "a number from 0 to 1",
    "tokens": "a whole number from 0 to 1000000000",
    "seconds": "a finite number, 0 or more",
    "steps": _COUNT,
    "model": VERSION,
    "prompt": VERSION,
}
"""What each field of a sample or a task may hold."""
