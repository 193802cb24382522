"""`aka`: what sources and pushed records call an agent or a workflow, where that is not its key."""

from collections import Counter

from bot.config.fleet import AgentEntry, FleetFile
from bot.config.yaml_document import Path, YamlDocument
from bot.core.model.aliases import Aliases, composed


def aliases_of(file: FleetFile) -> Aliases:
    """Every other name, by whose it is."""
    return Aliases(
        {composed(name): key for key, agent in file.agents.items() for name in agent.aka},
        {
            (key, composed(name)): flow
            for key, agent in file.agents.items()
            for flow, entry in agent.workflows.items()
            for name in entry.aka
        },
    )


def check_aliases(document: YamlDocument, file: FleetFile) -> None:
    """Blame a name that would be two agents, or two workflows of one."""
    agents = {key: [*map(composed, agent.aka)] for key, agent in file.agents.items()}
    _check(document, agents, {key: ("agents", key) for key in agents}, "agent")
    for key, agent in file.agents.items():
        _check_workflows(document, key, agent)


def _check_workflows(document: YamlDocument, key: str, agent: AgentEntry) -> None:
    flows = {flow: [*map(composed, entry.aka)] for flow, entry in agent.workflows.items()}
    _check(document, flows, {flow: ("agents", key, "workflows", flow) for flow in flows}, "workflow")


def _check(document: YamlDocument, named: dict[str, list[str]], paths: dict[str, Path], what: str) -> None:
    taken = Counter(name for names in named.values() for name in names)
    for key, names in named.items():
        for index, name in enumerate(names):
            where: Path = (*paths[key], "aka", index)
            others = [other for other, theirs in named.items() if name in theirs and other != key]
            if name in named:
                whose = "its own key; leave it out" if name == key else f"the key of another {what}"
                document.blame(where, f"{name!r} is {whose}")
            elif others:
                document.blame(where, f"{name!r} is also the name of {', '.join(others)}; a name means one {what}")
            elif taken[name] > 1:
                document.blame(where, f"{name!r} stands twice")
