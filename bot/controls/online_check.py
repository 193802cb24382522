"""Whether the agents that are pushed to can be reached; no rung is pushed. Each kind looks at its own."""

from collections.abc import Callable, Iterator, Mapping

from bot.controls import KINDS
from bot.controls.kind import ControlKind
from bot.core.health.finding import Finding, Level
from bot.core.model.fleet import Agent, Fleet
from bot.http_client.reach import PATIENCE, Reach
from bot.ports.errors import DeliveryError


def inspect(fleet: Fleet, patience: float = PATIENCE, kinds: Mapping[str, ControlKind] = KINDS) -> Iterator[Finding]:
    """One finding for each agent that is pushed to."""
    reach = Reach(patience)
    for agent in fleet.agents.values():
        look = kinds[agent.control.kind].online_check
        if look is not None:
            yield _finding(agent, look, reach)


def _finding(agent: Agent, look: Callable[[Agent, Reach], tuple[Level, str]], reach: Reach) -> Finding:
    about = f"{agent.control.kind} of {agent.key}"
    try:
        level, text = look(agent, reach)
    except DeliveryError as error:
        return Finding("control", about, "problem", str(error))
    return Finding("control", about, level, text)
