"""The rung that is in force for a workflow of an agent, from what the fleet file says and what was committed.

A workflow inherits the agent-wide rung, and the lower of the two wins. A workflow that the agent does not have gets the
lowest rung of any of its workflows: a misspelt name must not lift a restriction (`product.md` section 7).
"""

from collections.abc import Sequence

from bot.core.model.fleet import Agent
from bot.core.model.rungs import Ladder, RungState


def scopes(agent: Agent, workflow: str) -> tuple[str, ...]:
    """The scopes whose rungs bear on a workflow: the agent as a whole, then it, or all where it is none."""
    if not workflow:
        return ("",)
    return ("", workflow) if workflow in agent.workflows else ("", *agent.workflows)


def bearing(agent: Agent, states: Sequence[RungState], workflow: str) -> list[RungState]:
    """The committed rungs that bear on a workflow, the agent-wide one first. At most one state a scope is expected."""
    own = {state.workflow: state for state in states if state.agent == agent.key}
    return [own[scope] for scope in scopes(agent, workflow) if scope in own]


def effective_rung(agent: Agent, ladder: Ladder, states: Sequence[RungState], workflow: str = "") -> str:
    """The rung in force for a workflow ("": the agent as a whole)."""
    level = ladder.or_bottom(agent.normal_rung)
    for state in bearing(agent, states, workflow):
        rung = ladder.or_bottom(state.rung)
        level = rung if not state.workflow else ladder.lower(level, rung)
    return level
