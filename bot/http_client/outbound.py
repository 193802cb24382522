"""One POST out of the house: a total deadline, an allowed address, no redirect, no cookie, no log line.

A proxy of the environment is gone through (`bot/http_client/proxy.py`); the guards are the same. Otherwise it goes to
the transport directly, since `httpx.Client` writes each address into the log, and an address may hold a
secret. Nothing is repeated here: the outbox repeats, with its backoff and its count.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpcore
import httpx

from bot.core.formatting.one_line import one_line
from bot.http_client.addresses import allowed, insist_allowed_through_proxy
from bot.http_client.dates import http_date
from bot.http_client.deadline import BoundedTransport, Deadline
from bot.http_client.tls import system_tls
from bot.ports.errors import DeliveryError, insist_in_time

CONNECT: Final = 3.0
"""Seconds; a host that is up accepts at once."""
CONNECTIONS: Final = 8
REASON: Final = 16_384
"""Bytes of a refusal that are read for its reason."""
REASON_WITHIN: Final = 2.0
LONGEST_WAIT: Final = 3_600.0
FOREIGN_TEXT = 200
"""Characters that are kept of what another side said."""
_BEGUN = "http11.send_request_body.started"
_REFUSED = 400


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What came back. `retry_after` in seconds; `body` is the beginning of a refusal, or what was asked to be read."""

    status: int
    retry_after: float | None = None
    body: bytes = b""

    @property
    def good(self) -> bool:
        """Whether the status is HTTP's word for success."""
        return 200 <= self.status < 300  # noqa: PLR2004 - see above

    @property
    def moved(self) -> bool:
        """Whether the status points elsewhere."""
        return 300 <= self.status < 400  # noqa: PLR2004 - see above


class OutboundClient:
    """Carries one message at a time for each thread that asks. `deadline` in seconds, for the whole of it."""

    def __init__(self, deadline: float) -> None:
        self._within = deadline
        self._deadline = Deadline()
        self._transport = BoundedTransport(
            self._deadline, system_tls(), CONNECTIONS, allowed, vet=insist_allowed_through_proxy
        )

    def post(self, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> HttpReply:
        """Send and return the reply, whatever its status; of a good one the status alone.

        Raises DeliveryError: permanent where the address is refused; ambiguous where the other side may have taken the
        message although no answer came.
        """
        return self.send("POST", url, body, headers)

    def send(self, method: str, url: httpx.URL, body: bytes, headers: Mapping[str, str], *, read: int = 0) -> HttpReply:
        """The same with any method. `read`: so many bytes of a good answer are read; a longer one is refused."""
        insist_in_time(time.time())
        self._deadline.at = time.monotonic() + self._within
        begun: list[str] = []
        request = httpx.Request(
            method,
            url,
            content=body,
            headers={"user-agent": "stepdown", "accept-encoding": "identity", **headers, "connection": "close"},
            extensions={
                "timeout": {"connect": CONNECT, "pool": self._within},
                "trace": lambda event, _: begun.append(event) if event == _BEGUN else None,
            },
        )
        try:
            response = self._transport.handle_request(request)
        except _TROUBLE as error:
            sent = len(begun) > self._transport.tunnels(url)  # to ask for a tunnel is a request too
            raise self._missed(url.host, error, ambiguous=sent) from None
        wait = _seconds(response.headers.get("retry-after", ""))
        good = response.status_code < _REFUSED and read > 0
        return HttpReply(
            response.status_code, wait, self._whole(response, url.host, read) if good else self._reason(response)
        )

    def close(self) -> None:
        """Let go of connections."""
        self._transport.close()

    def _missed(self, host: str, error: Exception, *, ambiguous: bool) -> DeliveryError:
        """No answer: too late, never reached, or broken off. Of the address the words hold only the host."""
        if isinstance(error, httpcore.TimeoutException):
            what = "did not answer" if ambiguous else "accepted no connection"
            return DeliveryError(f"{host} {what} within {self._within:g} s", ambiguous=ambiguous)
        if isinstance(error, httpcore.ProxyError):
            return DeliveryError(f"the proxy gave no way to {host}: {one_line(str(error), FOREIGN_TEXT)}")
        what = "broke off before it answered" if ambiguous else "could not be reached"
        return DeliveryError(
            f"{host} {what}: {one_line(str(error), FOREIGN_TEXT) or type(error).__name__}", ambiguous=ambiguous
        )

    def _whole(self, response: httpx.Response, host: str, most: int) -> bytes:
        """A good answer, whole. The other side has taken the message, whatever becomes of its answer."""
        read = b""
        try:
            for part in response.iter_raw():
                read += part
                if len(read) > most:
                    raise DeliveryError(f"{host} answered with more than {most:,} bytes", ambiguous=True)
        except _TROUBLE as error:
            raise self._missed(host, error, ambiguous=True) from None
        finally:
            response.close()
        return read

    def _reason(self, response: httpx.Response) -> bytes:
        """The beginning of a refusal. The status is the answer; what fails while its reason is read changes nothing."""
        self._deadline.at = min(self._deadline.at, time.monotonic() + REASON_WITHIN)
        try:
            return _beginning(response.iter_raw()) if response.status_code >= _REFUSED else b""
        except _TROUBLE:
            return b""
        finally:
            response.close()


_TROUBLE = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, OSError)


def _beginning(parts: Iterable[bytes]) -> bytes:
    read = b""
    for part in parts:
        read += part
        if len(read) >= REASON:
            break
    return read[:REASON]


def address(text: str, whose: str) -> httpx.URL:
    """An http(s) address. Raises DeliveryError, without the address: it may hold a secret."""
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise DeliveryError(f"{whose} is not a URL: {error}", permanent=True) from None
    # httpx writes what cannot stand in a host as %XX
    if url.scheme not in {"http", "https"} or not url.host or "%" in url.host:
        raise DeliveryError(f"{whose} must begin with http:// or https:// and name a host", permanent=True)
    if "#" in text:
        raise DeliveryError(f"{whose} holds a #, and what follows it is never sent", permanent=True)
    return url


def _seconds(wait: str) -> float | None:
    """A Retry-After header in seconds, at most an hour; None where there is none or it says nothing."""
    if wait.isascii() and wait.isdigit():
        return min(float(wait[:9]), LONGEST_WAIT)
    until = http_date(wait)
    return None if until is None else min(max(0.0, (until - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)
