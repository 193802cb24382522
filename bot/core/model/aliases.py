"""What sources and reporters call our agents and workflows: a label value need not be a key of the fleet file."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Aliases:
    """`agents`: other name -> key. `workflows`: (key of the agent, other name) -> workflow. Keys name themselves."""

    agents: Mapping[str, str] = field(default_factory=dict)
    workflows: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def agent(self, name: str) -> str:
        """The key of an agent; a name that nobody has stays as it is."""
        return self.agents.get(name, name)

    def named(self, agent: str, workflow: str) -> tuple[str, str]:
        """(agent, workflow) in the words of the fleet file; names that nobody has stay as they are."""
        key = self.agent(agent)
        return key, self.workflows.get((key, workflow), workflow)


NO_ALIASES = Aliases()
