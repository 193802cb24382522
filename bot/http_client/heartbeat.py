"""The heartbeat: a POST to an address outside, as long as all is well. Somebody there notices when it stops."""

import re
from collections.abc import Callable

import httpx

from bot.http_client.outbound import HttpReply, OutboundClient, address
from bot.ports.errors import DeliveryError

EVERY = 60.0
"""Seconds between two beats."""
WITHIN = 10.0
ANSWER = 65_536
"""Bytes of an answer that are read."""
_NOT_COUNTED = re.compile(r"^OK \((not found|rate limited)[^)]*\)")


def _refusal(reply: HttpReply) -> str:
    """What was answered where it is no sign that the beat counts; "" where it is one.

    Healthchecks answers 200 to a check that it does not know, and says so: `OK (not found)`.
    """
    if not reply.good:
        return str(reply.status)
    said = _NOT_COUNTED.search(reply.body.decode(errors="replace"))
    return f"{reply.status} ({said[1]})" if said else ""


class Heartbeat:
    """Beats at most once in EVERY seconds. The address may hold a secret and is never shown."""

    def __init__(self, url: str, monotonic: Callable[[], float], log: Callable[[str], None]) -> None:
        self._url: httpx.URL | None = address(url, "the heartbeat address") if url else None
        self._outbound = OutboundClient(WITHIN)
        self._monotonic = monotonic
        self._log = log
        self._next = 0.0
        self._failing = False
        self.beats = 0
        self.missed = 0

    def beat(self, *, well: bool) -> None:
        """Beat, if it is time and all is well. One that fails is logged once, and tried again at the next time."""
        if self._url is None or not well or self._monotonic() < self._next:
            return
        self._next = self._monotonic() + EVERY
        try:
            reply = self._outbound.send("POST", self._url, b"", {"content-length": "0"}, read=ANSWER)
            failed = f"{self._url.host} answered {_refusal(reply)}" if _refusal(reply) else ""
        except DeliveryError as error:
            failed = str(error)
        self.beats += not failed
        self.missed += bool(failed)
        if failed and not self._failing:
            self._log(f"the heartbeat was not taken: {failed}")
        self._failing = bool(failed)

    def close(self) -> None:
        """Let go of connections."""
        self._outbound.close()
