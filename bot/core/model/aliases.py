"""What sources and reporters call our agents and workflows: a label value need not be a key of the fleet file."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Aliases:
    """`agents`: other name -> key. `workflows`: (key of the agent, other name) -> workflow. Keys name themselves.

    Other names are `composed`: é is one letter or two, as whoever wrote it likes.
    """

    agents: Mapping[str, str] = field(default_factory=dict)
    workflows: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def agent(self, name: str) -> str:
        """The key of an agent; a name that nobody has stays as it is."""
        return self.agents.get(composed(name), name)

    def named(self, agent: str, workflow: str) -> tuple[str, str]:
        """(agent, workflow) in the words of the fleet file; names that nobody has stay as they are."""
        key = self.agent(agent)
        return key, self.workflows.get((key, composed(workflow)), workflow)


def composed(name: str) -> str:
    """The one way to write a name that can be written in several (Unicode's form C)."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


NO_ALIASES = Aliases()
