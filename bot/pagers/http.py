"""What an answer to a page means. What is refused for good is said at once: another way or person is tried then."""

import json
from collections.abc import Callable, Mapping

import httpx

from bot.http_client.outbound import HttpReply, OutboundClient
from bot.ports.errors import DeliveryError

DEADLINE = 10.0
"""Seconds for one page; well within the 15 that a claim leaves (`engine/delivery/delivery.py`)."""
BETTER_LATER = frozenset({408, 425, 429})
_MAYBE = frozenset({502, 504})
"""A gateway that lost the answer; what stands behind it may have taken the message."""

ANSWER = 65_536
"""Bytes of a good answer that are read where it has to be looked at."""

Explain = Callable[[bytes], str]
"""The sentence in a refusal's body, fit to be shown: a body may repeat what was sent."""
Doubt = Callable[[HttpReply], str]
"""Why a good status is no sign that the page was taken, in words; "" where it is one."""


def repeats(status: int) -> bool:
    """Whether a refusal would only repeat itself: our fault, and not one that time mends."""
    return 400 <= status < 500 and status not in BETTER_LATER  # noqa: PLR2004 - HTTP's word for our fault


class PagerHttp:
    """Sends a page and judges the answer. Safe for several threads."""

    def __init__(self, deadline: float = DEADLINE) -> None:
        self._outbound = OutboundClient(deadline)

    def send(
        self,
        url: httpx.URL,
        body: bytes,
        headers: Mapping[str, str],
        *,
        called: str = "",
        explain: Explain = lambda _: "",
        doubt: Doubt | None = None,
    ) -> None:
        """Post once. Raises DeliveryError, with `called` (else the host) as its subject.

        A login page and a proxy's notice come with a good status too, so whoever knows how its service answers says
        in `doubt` what is none of it.
        """
        reply = self._outbound.send("POST", url, body, headers, read=ANSWER if doubt is not None else 0)
        if not reply.good:
            raise _refused(called or url.host, reply, explain(reply.body))
        if why := doubt(reply) if doubt is not None else "":
            raise DeliveryError(f"{called or url.host} answered {reply.status}, but {why}", ambiguous=True)


def no_object(reply: HttpReply) -> str:
    """That the answer is no JSON object, as every answer of the service is."""
    try:
        found = json.loads(reply.body)
    except (ValueError, RecursionError):
        found = None
    return "" if isinstance(found, dict) else "with something else than JSON: is a login page or a proxy in between?"


def _refused(who: str, reply: HttpReply, why: str) -> DeliveryError:
    moved = " (redirects are not followed)" if reply.moved else ""
    return DeliveryError(
        f"{who} answered {reply.status}{moved}" + (f": {why}" if why else ""),
        permanent=repeats(reply.status),
        ambiguous=reply.status in _MAYBE,
        retry_after=reply.retry_after,
    )
