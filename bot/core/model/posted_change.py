"""Changes that were posted: deploys, prompts, models, tool schemas and policies (`product.md` section 11).

A change is a fact with an id of its poster's: the same one posted again changes nothing, another one under the same id
is refused, for a feed that rewrites its past cannot be lined up with anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from bot.core.model.cause import CauseKind

ChangeKind = Literal["deploy", "prompt", "model", "tool-schema", "policy"]
CHANGE_KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)
CAUSE_OF: Mapping[ChangeKind, CauseKind] = {
    "deploy": "code",
    "prompt": "prompt",
    "model": "model",
    "tool-schema": "schema",
    "policy": "policy",
}
"""What kind of cause a change would be."""


@dataclass(frozen=True, slots=True)
class PostedChange:
    """One change. Empty `agents` and `workflows` mean all; `tools` are those whose schema or code it touches."""

    id: str
    kind: ChangeKind
    at: datetime
    summary: str
    agents: tuple[str, ...] = ()
    workflows: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    version: str = ""
    """What is in force since: a model's name, a prompt's version, a commit."""
    by: str = ""

    def touches(self, agent: str) -> bool:
        """Whether it is about this agent (or about all of them)."""
        return not self.agents or agent in self.agents

    @property
    def words(self) -> str:
        """`prompt refunds-v14: shorter refusals`."""
        version = f" {self.version}" if self.version else ""
        return f"{self.kind}{version}: {self.summary}"


class IdTaken(Exception):  # noqa: N818 - an answer for whoever posts
    """Another change has one of these ids already. Nothing was stored. `ids` names them."""

    def __init__(self, ids: Iterable[str]) -> None:
        self.ids = tuple(ids)
        super().__init__(f"another change was posted under {', '.join(self.ids)}")
