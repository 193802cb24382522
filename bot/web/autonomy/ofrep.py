"""OpenFeature Remote Evaluation Protocol 0.3: any agent with an OpenFeature SDK reads its rung as a flag.

Two flags: `autonomy-level` (string) and `autonomy` (object). The agent is the targeting key, or the context's `agent`
where the targeting key means something else there. Every answer carries key, value, reason, variant and metadata, and
every error its details: the Python provider falls back to the caller's default where one is missing. Agents are never
answered 429, which would make that provider stop asking.
"""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from bot.web.authenticator import READERS, Authenticator
from bot.web.autonomy.poll import Poll, PollAnswer, tagged
from bot.web.bodies import parse_json, read_body
from bot.web.errors import Refusal, answer, found, nearest
from bot.web.openapi import schemas
from bot.web.tokens import ApiCaller

LEVEL = "autonomy-level"
RUNG = "autonomy"
FLAGS = (LEVEL, RUNG)


def routes(authenticator: Authenticator, poll: Poll) -> APIRouter:
    """The two OFREP endpoints."""
    router = APIRouter(prefix="/ofrep/v1", tags=["autonomy"])

    @router.post("/evaluate/flags/{key}", summary="Read one flag", openapi_extra=schemas.OFREP_ONE)
    async def evaluate(request: Request, key: str) -> Response:
        """Evaluate `autonomy-level` or `autonomy` for the agent in the context; its poll is its read-back."""
        caller = authenticator.caller(request, READERS)
        if key not in FLAGS:
            raise Refusal(404, f"no flag {found(key)}.{nearest(key, list(FLAGS))}", code="FLAG_NOT_FOUND")
        told = _tell(poll, caller, await read_body(request))
        return answer(_flag(key, told))

    @router.post("/evaluate/flags", summary="Read both flags", openapi_extra=schemas.OFREP_BULK)
    async def evaluate_all(request: Request) -> Response:
        """Evaluate both flags; 304 where the client's copy is the same and half its lease is left."""
        caller = authenticator.caller(request, READERS)
        told = _tell(poll, caller, await read_body(request))
        body = {"flags": [_flag(key, told) for key in FLAGS], "metadata": told.notes()}
        return tagged(body, told.answer, request.headers.get("if-none-match", ""))

    return router


def _tell(poll: Poll, caller: ApiCaller, body: bytes) -> PollAnswer:
    """Answer from the request's context. Raises Refusal."""
    context = _context(body)
    agent = context.get("agent", context.get("targetingKey"))
    if agent is None or agent == "":
        raise Refusal(
            400,
            "context.targetingKey is missing: it is the agent's key in the fleet file",
            code="TARGETING_KEY_MISSING",
        )
    if not isinstance(agent, str):
        raise Refusal(400, f"the agent's key must be a string, found {found(agent)}", code="INVALID_CONTEXT")
    try:
        return poll.tell(caller, agent, context)
    except Refusal as refusal:
        if refusal.status == 404:  # noqa: PLR2004 - in OFREP, 404 means the flag; a wrong agent is a wrong context
            refusal.status = 400
        raise


def _context(body: bytes) -> Mapping[str, object]:
    """The evaluation context of a request body. Raises Refusal."""
    parsed = parse_json(body)
    if not isinstance(parsed, dict):
        raise Refusal(400, f"the body must be an object with a context, found {found(parsed)}", code="INVALID_CONTEXT")
    context = parsed.get("context")
    if context is None:
        raise Refusal(
            400,
            "context is missing; its targetingKey is the agent's key in the fleet file",
            code="TARGETING_KEY_MISSING",
        )
    if not isinstance(context, dict):
        raise Refusal(400, f"context must be an object, found {found(context)}", code="INVALID_CONTEXT")
    return context


def _flag(key: str, told: PollAnswer) -> dict[str, object]:
    """One evaluated flag. STATIC: never changed; TARGETING_MATCH: somebody or a rule set this rung."""
    return {
        "key": key,
        "value": told.answer.level if key == LEVEL else told.value(),
        "reason": "TARGETING_MATCH" if told.answer.epoch else "STATIC",
        "variant": told.answer.level,
        "metadata": told.notes(),
    }
