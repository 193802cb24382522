"""`GET /v1/agents/{agent}/tools`: what the fleet file says of an agent's tools, for its gateways."""

from collections.abc import Callable

from fastapi import APIRouter, Request, Response

from bot.core.model.fleet import Agent, Fleet
from bot.core.model.tools import ToolRule
from bot.web.authenticator import READERS, Authenticator
from bot.web.errors import Refusal, answer, found
from bot.web.openapi import enforcement


def routes(authenticator: Authenticator, fleet: Callable[[], Fleet]) -> APIRouter:
    """The route; an agent reads its own only."""
    router = APIRouter(prefix="/v1/agents", tags=["gateway"])

    @router.get("/{agent}/tools", summary="Read what the tools do", openapi_extra=enforcement.TOOLS)
    def tools(request: Request, agent: str) -> Response:
        """Which tools write, whether that can be undone, how far a task may go, and whom to ask."""
        caller = authenticator.caller(request, READERS)
        if caller.role == "agent" and caller.agent != agent:
            raise Refusal(403, f"this token speaks for agent {caller.agent!r} and cannot ask for {found(agent)}")
        known = fleet()
        if agent not in known.agents:
            raise Refusal(404, f"no agent {found(agent)} in the fleet")
        return answer(_shown(known.agents[agent], known))

    return router


def _shown(agent: Agent, fleet: Fleet) -> dict[str, object]:
    bounds = agent.bounds
    owner = fleet.people.get(agent.owner)
    return {
        "agent": agent.key,
        "workflows": list(agent.workflows),
        "tools": [_tool(rule) for rule in agent.tool_rules],
        "bounds": {
            "tools": None if bounds.tools is None else list(bounds.tools),
            "calls": bounds.calls,
            "amount": bounds.amount,
        },
        "redact_arguments": list(agent.redact_arguments),
        "ask": owner.name if owner is not None else agent.owner,
    }


def _tool(rule: ToolRule) -> dict[str, object]:
    return {"name": rule.name, "writes": rule.writes, "reversible": rule.reversible, "amount": rule.amount}
