"""The shape of an action as a gateway reports it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.core.enforcement.actions import ActionOutcome, AgentAction
from bot.web.ingest.records import ALLOWED, TEXT, Amount, Flow, Moment, Text, storable

LONG = 2_100
"""Characters of recorded arguments."""
OUTCOMES = tuple(str(outcome) for outcome in ActionOutcome)
Long = Annotated[str, BeforeValidator(storable), Field(max_length=LONG)]


class ActionIn(BaseModel):
    """One call of a tool that an agent made or wanted to make, as a gateway writes it down."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Text
    agent: Text
    tool: Text
    writes: bool
    began: Moment
    outcome: Literal["running", "passed", "failed", "denied", "waiting", "expired", "cancelled", "unknown"]
    workflow: Flow = ""
    task: Flow = ""
    reversible: Literal["yes", "no", "by hand", "unknown"] = "unknown"
    amount: Amount | None = None
    ended: Moment | None = None
    level: Flow = ""
    epoch: Annotated[int, Field(ge=0, le=2_000_000_000)] = 0
    reason: Long = ""
    instance: Flow = ""
    arguments: Long = ""
    times: Annotated[int, Field(ge=1, le=1_000_000_000)] = 1
    approval: Flow = ""

    def value(self) -> AgentAction:
        """The same in the words of the core."""
        return AgentAction(outcome=ActionOutcome(self.outcome), **self.model_dump(exclude={"outcome"}))


WORDS: Mapping[str, str] = {
    **dict.fromkeys(("id", "agent", "tool"), TEXT),
    **dict.fromkeys(("workflow", "task", "level", "instance", "approval"), ALLOWED["model"]),
    "writes": "true or false",
    "began": ALLOWED["time"],
    "ended": ALLOWED["time"],
    "outcome": ", ".join(OUTCOMES),
    "reversible": "yes, no, by hand, unknown",
    "amount": "a number from 0 to 1e15, or null",
    "epoch": "a whole number from 0",
    "times": "a whole number from 1",
    "reason": f"a text of at most {LONG} characters",
    "arguments": f"a text of at most {LONG} characters",
}
"""What each field may hold."""
