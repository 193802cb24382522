"""The rung by plain GET, for agents without an OpenFeature SDK."""

from fastapi import APIRouter, Request, Response

from bot.web.authenticator import READERS, Authenticator
from bot.web.autonomy.poll import Poll, tagged
from bot.web.openapi import schemas


def routes(authenticator: Authenticator, poll: Poll) -> APIRouter:
    """`GET /v1/agents/{agent}/autonomy`."""
    router = APIRouter(prefix="/v1/agents", tags=["autonomy"])

    @router.get("/{agent}/autonomy", summary="Read an agent's rung", openapi_extra=schemas.AUTONOMY)
    async def autonomy(request: Request, agent: str) -> Response:
        """Read the rung the agent may act on, until when, and what to fall back to; the query is the read-back."""
        caller = authenticator.caller(request, READERS)
        told = poll.tell(caller, agent, request.query_params)
        body = {"agent": told.answer.agent, "workflow": told.answer.workflow, **told.value(), "readback": told.readback}
        return tagged(body, told.answer, request.headers.get("if-none-match", ""))

    return router
