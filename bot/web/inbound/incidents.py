"""`POST /v1/incidents`: an incident declared by a program, or by a person while Slack is down."""

from collections.abc import Callable
from typing import Final

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from bot.core.cards.answer import Answer
from bot.core.formatting.unicode_text import is_storable
from bot.core.model.fleet import Fleet
from bot.core.model.people import Actor
from bot.web.authenticator import Authenticator
from bot.web.bodies import parse_json, read_body
from bot.web.errors import Refusal, answer, found, nearest
from bot.web.tokens import ApiCaller

WRITERS = ("alerts", "responder", "person", "admin")
FIELDS: Final = {"agent": "the key of an agent in the fleet file", "title": "what is wrong: 1 to 200 characters"}
LONGEST: Final = 200
Declare = Callable[[Actor, str, str], Answer]
"""Opens an incident on an agent (a key) with a title; the answer names the one that is open already."""


def routes(authenticator: Authenticator, fleet: Callable[[], Fleet], declare: Declare) -> APIRouter:
    """`POST /v1/incidents`."""
    router = APIRouter(tags=["inbound"])

    @router.post("/v1/incidents", summary="Declare an incident", status_code=201, openapi_extra=_SHAPE)
    async def incidents(request: Request) -> Response:
        """Open an incident on an agent; its owner is paged. 409 where one is open, with its number."""
        caller = authenticator.caller(request, WRITERS)
        agent, title = _asked(parse_json(await read_body(request)), fleet())
        told = await to_thread.run_sync(declare, _actor(caller, fleet()), agent, title)
        number = f"INC-{told.incident_id:04d}" if told.incident_id else ""
        if not told.ok:
            raise Refusal(409 if number else 403, told.text, more={"incident": number} if number else None)
        return answer({"incident": number, "text": told.text}, 201)

    return router


def _asked(body: object, fleet: Fleet) -> tuple[str, str]:
    """(agent, title). Raises Refusal 422 with every fault."""
    if not isinstance(body, dict):
        raise Refusal(422, f'an object is needed, such as {{"agent": "refunds", "title": "..."}}, not {found(body)}')
    faults = [(name, found(body[name]), f"only {', '.join(FIELDS)} are known") for name in body if name not in FIELDS]
    for name, allowed in FIELDS.items():
        given = body.get(name)
        if not isinstance(given, str) or not given.strip() or len(given) > LONGEST or not is_storable(given):
            faults.append((name, found(given), allowed))
    agent = body.get("agent")
    if not faults and fleet.aliases.agent(str(agent)) not in fleet.agents:
        faults.append(("agent", found(agent), f"{FIELDS['agent']}.{nearest(str(agent), list(fleet.agents))}"))
    if faults:
        told = [{"field": name, "found": given, "allowed": allowed} for name, given, allowed in faults]
        raise Refusal(422, f"{len(told)} faults found; nothing was opened", more={"faults": told})
    return fleet.aliases.agent(str(agent)), str(body["title"]).strip()


def _actor(caller: ApiCaller, fleet: Fleet) -> Actor:
    """The person whose token it is; else a program, by the role of its token."""
    if caller.role != "person":
        return Actor(f"token:{caller.role}", f"a program (token {caller.role})", responder=True, surface="web")
    person = fleet.person_by_slack(caller.slack)
    if person is None:
        raise Refusal(403, f"the token is that of Slack member {caller.slack}, who is not in the fleet file")
    return Actor(person.key, person.name, person.slack, responder=True, surface="web", proven_by="token")


_SHAPE: Final = {
    "security": [{"bearer": []}, {"apiKey": []}],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": list(FIELDS),
                    "properties": {name: {"type": "string", "description": text} for name, text in FIELDS.items()},
                },
                "example": {"agent": "refunds", "title": "Customers report refunds paid twice"},
            }
        },
    },
    "responses": {
        "201": {"description": "opened: its number"},
        "409": {"description": "the agent has one open: its number"},
        **{str(status): {"description": "refused; nothing was opened"} for status in (400, 401, 403, 413, 422)},
    },
}
