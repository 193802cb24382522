"""JSON in and out of one service's API: every refusal in words, none with a secret."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from bot.core.formatting.one_line import one_line
from bot.http_client.outbound import FOREIGN_TEXT, HttpReply, OutboundClient, address
from bot.ports.errors import DeliveryError

DEADLINE: Final = 20.0
LARGEST_ANSWER: Final = 4_000_000
_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class JsonApi:
    """One service. `close` it in the end."""

    def __init__(self, url: str, name: str, headers: Mapping[str, str]) -> None:
        self._url = address(url if url.endswith("/") else f"{url}/", f"the address of {name}")
        self._name = name
        self._headers = {"content-type": "application/json", **headers}
        self._outbound = OutboundClient(DEADLINE)

    def call(self, method: str, path: str, body: object = None, *, may: int = 0) -> HttpReply:
        """Call; a status that is neither good nor `may` raises DeliveryError, permanent where it is our fault."""
        content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        reply = self._outbound.send(method, self._url.join(path), content, self._headers, read=LARGEST_ANSWER)
        if not reply.good and reply.status != may:
            said = one_line(reply.body.decode("utf-8", "replace"), FOREIGN_TEXT)
            raise DeliveryError(
                f"{self._name} answered {reply.status} to {method} {path.partition('?')[0]}: {said}",
                permanent=reply.status < HTTPStatus.INTERNAL_SERVER_ERROR and reply.status not in _LATER,
                retry_after=reply.retry_after,
            )
        return reply

    def json(self, method: str, path: str, body: object = None) -> object:
        """Call, and read the answer."""
        return self.read(self.call(method, path, body))

    def read(self, reply: HttpReply) -> object:
        """The answer's JSON. Raises DeliveryError."""
        try:
            return json.loads(reply.body)
        except ValueError as error:
            raise DeliveryError(f"{self._name} answered what is not JSON: {error}") from error

    def text(self, found: object, key: str) -> str:
        """A text of an answer. Raises DeliveryError."""
        value = found.get(key) if isinstance(found, dict) else None
        if not isinstance(value, str) or not value:
            raise DeliveryError(f"{self._name} answered without {key!r}", ambiguous=True)
        return value

    def close(self) -> None:
        """Let go of connections."""
        self._outbound.close()
