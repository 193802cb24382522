"""The shape of a question to a person, as a gateway or an agent posts it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.web.ingest.records import ALLOWED, TEXT, Amount, Flow, Text, storable

LONG = 2_100
"""Characters of arguments or of a link to evidence."""
Long = Annotated[str, BeforeValidator(storable), Field(max_length=LONG)]
ApprovalKey = Annotated[
    str, BeforeValidator(storable), Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")
]


class ApprovalIn(BaseModel):
    """A write that has to wait for a person. The same `id` again is the same question."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: ApprovalKey
    agent: Text
    tool: Text
    what: Flow = ""
    workflow: Flow = ""
    task: Flow = ""
    arguments: Long = ""
    amount: Amount | None = None
    reversible: Literal["yes", "no", "by hand", "unknown"] = "unknown"
    evidence: Long = ""
    requester: Flow = ""
    expires_in: Annotated[int, Field(ge=10, le=86_400)] | None = None


WORDS: Mapping[str, str] = {
    "id": "8 to 64 letters, digits, dots, dashes and underscores, one question each",
    "agent": "the key of an agent in the fleet file",
    "tool": TEXT,
    **dict.fromkeys(("what", "workflow", "task", "requester"), ALLOWED["model"]),
    **dict.fromkeys(("arguments", "evidence"), f"a text of at most {LONG} characters"),
    "amount": "a number from 0 to 1e15, or null",
    "reversible": "yes, no, by hand, unknown",
    "expires_in": "seconds, 10 to 86400; at most what the fleet file allows",
}
"""What each field may hold."""
