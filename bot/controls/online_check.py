"""Whether the agents that are pushed to can be reached; no rung is pushed. Each kind looks at its own."""

from collections.abc import Iterator, Mapping

from bot.controls import KINDS
from bot.controls.kind import ControlKind
from bot.core.health.finding import Finding
from bot.core.model.fleet import Agent, Fleet
from bot.http_client.reach import PATIENCE, Reach
from bot.ports.errors import DeliveryError


def inspect(fleet: Fleet, patience: float = PATIENCE, kinds: Mapping[str, ControlKind] = KINDS) -> Iterator[Finding]:
    """One finding an agent."""
    reach = Reach(patience)
    for agent in fleet.agents.values():
        yield _finding(agent, kinds[agent.control.kind], reach)


def _finding(agent: Agent, kind: ControlKind, reach: Reach) -> Finding:
    about = f"{kind.name} of {agent.key}"
    try:
        level, text = kind.online_check(agent, reach)
    except DeliveryError as error:
        return Finding("control", about, "problem", str(error))
    return Finding("control", about, level, text)
