"""Whether a topic could be published to, without publishing: ntfy says whether these credentials may read it.

Nobody but the server knows whether they may write; a token that may only write is refused here and pages all the same,
so a refusal is a warning. (`GET /TOPIC/auth`, `server/server.go` of ntfy.)
"""

from http import HTTPStatus
from typing import Final

from bot.core.model.people import Person, Way
from bot.http_client.outbound import OutboundClient
from bot.pagers.kind import Outcome, PagerCheck
from bot.pagers.ntfy.topic import topic_of
from bot.ports.errors import DeliveryError

WITHIN: Final = 5.0
"""Seconds for the answer."""


def look(person: Person, way: Way, check: PagerCheck) -> Outcome:
    """Ask for the topic's rights. Raises DeliveryError for a target that is none."""
    topic = topic_of(person, way)
    trouble = check.reach.trouble(str(topic.server))
    if trouble:
        return "unreachable", trouble
    client = OutboundClient(WITHIN)
    try:
        status = client.send("GET", topic.server.join(f"/{topic.name}/auth"), b"", topic.headers).status
    except DeliveryError as error:
        return "unreachable", str(error)
    finally:
        client.close()
    return _judged(topic.server.host, status)


def _judged(host: str, status: int) -> Outcome:
    if status == HTTPStatus.OK:
        return "fine", f"{host} knows the topic and lets these credentials read it"
    if status == HTTPStatus.UNAUTHORIZED:
        return "problem", f"{host} answered 401: it does not know the token"
    if status == HTTPStatus.FORBIDDEN:
        return (
            "warning",
            f"{host} answered 403: it lets nobody read the topic so; only a page tells if it may be written",
        )
    return "warning", f"{host} answered {status} when asked for the topic; is it an ntfy server?"
