"""A signed push of the rung (Standard Webhooks 1.0): quicker than the agent's next poll, and never instead of it.

The message says the rung in force: where an agent-wide and a workflow's rung differ, the lower one. Its `webhook-id`
is the effect's key, so that a repeat is recognised; the receiver ignores an epoch lower than the one it applies.

The address comes from the fleet file, and what it resolves to is looked up once, checked and then used: link-local
and cloud metadata addresses are refused. Redirects are not followed and no proxy is taken from the environment. One
deadline bounds the whole push, since a timeout alone does not bound an answer that drips; of the answer only the status
is read.
"""

import asyncio
import json
import ssl
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import SOCK_STREAM, gaierror
from typing import Final

import httpx
from standardwebhooks import Webhook

from bot.core.model import Agent, Fleet, RungState
from bot.ports import Clock, DeliveryError

DEADLINE: Final = 15.0
"""Seconds for a whole push; Standard Webhooks advises 15 to 30."""
SECRET_BYTES: Final = (24, 64)
LONGEST_WAIT: Final = 3_600.0
_METADATA = tuple(ip_network(net) for net in ("100.100.100.200/32", "192.0.0.192/32", "fd00:ec2::254/128"))
_GONE = 410

Level = Callable[[str, str], str]
"""The rung in force for (agent, workflow)."""


class WebhookControl:
    """Implements `ports.Control` for agents whose control kind is `webhook`."""

    kind: str = "webhook"

    def __init__(
        self,
        fleet: Callable[[], Fleet],
        clock: Clock,
        level: Level,
        *,
        deadline: float = DEADLINE,
        allow_link_local: bool = False,
    ) -> None:
        self._fleet = fleet
        self._clock = clock
        self._level = level
        self._deadline = deadline
        self._allow_link_local = allow_link_local
        self._tls = ssl.create_default_context()

    def push(self, state: RungState, key: str) -> None:
        """Send the rung once. Raises DeliveryError: permanent where repeating cannot help, else to be repeated."""
        agent = self._fleet().agents.get(state.agent)
        if agent is None:
            raise DeliveryError(f"agent {state.agent!r} is not in the fleet any more", permanent=True)
        url = _address(agent)
        body = json.dumps(self._message(agent, state), separators=(",", ":"))
        headers = _signed(agent, key, body)
        asyncio.run(self._send(url, body, headers))

    def _message(self, agent: Agent, state: RungState) -> dict[str, object]:
        """What is sent: the lower of what was committed and what is in force, with the lease."""
        ladder = self._fleet().ladder
        level = ladder.lower(state.rung, self._level(agent.key, state.workflow))
        until = self._clock.now() + timedelta(seconds=agent.control.not_after)
        return {
            "type": "autonomy.changed",
            "agent": agent.key,
            "workflow": state.workflow,
            "level": level,
            "epoch": state.epoch,
            "not_after": until.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "grants": dict(ladder.rung(level).grants),
        }

    async def _send(self, url: httpx.URL, body: str, headers: Mapping[str, str]) -> None:
        """Post within the deadline and judge the answer."""
        try:
            async with asyncio.timeout(self._deadline):
                target, host = await self._pinned(url)
                status, wait = await self._post(target, body, {**headers, "host": host}, url.host)
        except TimeoutError:
            raise DeliveryError(f"{url.host} did not answer within {self._deadline:g} s") from None
        except httpx.HTTPError as error:
            raise DeliveryError(f"{url.host} could not be reached: {error or type(error).__name__}") from None
        _judge(url.host, status, wait)

    async def _post(self, target: httpx.URL, body: str, headers: Mapping[str, str], name: str) -> tuple[int, str]:
        """The answer's status and its Retry-After; the rest of the answer is not read."""
        client = httpx.AsyncClient(
            verify=self._tls, timeout=self._deadline, follow_redirects=False, trust_env=False, http2=False
        )
        async with (
            client,
            client.stream(
                "POST", target, content=body.encode(), headers=headers, extensions={"sni_hostname": name}
            ) as response,
        ):
            return response.status_code, response.headers.get("retry-after", "")

    async def _pinned(self, url: httpx.URL) -> tuple[httpx.URL, str]:
        """The URL with the checked address in place of the name, and the Host header that goes with it."""
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=SOCK_STREAM)
        except (gaierror, UnicodeError) as error:
            raise DeliveryError(f"{url.host} cannot be resolved: {error}") from None
        address = str(found[0][4][0])
        for one in found:
            self._insist_allowed(url.host, str(one[4][0]))
        return url.copy_with(host=address), url.netloc.decode("ascii")

    def _insist_allowed(self, host: str, address: str) -> None:
        """Refuse an address where credentials of the machine lie, unless a setting allows it."""
        if not self._allow_link_local and is_forbidden(address):
            raise DeliveryError(f"{host} is {address}, a link-local or metadata address; refused", permanent=True)


def is_forbidden(address: str) -> bool:
    """Whether an address is link-local, a cloud's metadata service, multicast or unspecified."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return ip.is_link_local or ip.is_multicast or ip.is_unspecified or any(ip in net for net in _METADATA)


def _address(agent: Agent) -> httpx.URL:
    """The agent's push address. Raises DeliveryError, without the address: it may hold a secret."""
    try:
        url = httpx.URL(agent.control.url)
    except httpx.InvalidURL as error:
        raise DeliveryError(f"the webhook url of {agent.key} is not a URL: {error}", permanent=True) from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise DeliveryError(
            f"the webhook url of {agent.key} must begin with http:// or https:// and name a host", permanent=True
        )
    return url


def _signed(agent: Agent, key: str, body: str) -> dict[str, str]:
    """The headers with one signature per secret: two secrets, apart by a space, while one is being exchanged.

    The time is the real one, whatever clock the scenario runs on: receivers refuse what is off by five minutes.
    """
    now = datetime.now(UTC)
    secrets = agent.control.secret.split()
    if not secrets:
        raise DeliveryError(f"the webhook of {agent.key} has no secret to sign with", permanent=True)
    signatures = [Webhook(_key(agent, secret)).sign(key, now, body) for secret in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _key(agent: Agent, secret: str) -> bytes:
    """The bytes of a `whsec_` secret. Raises DeliveryError, without the secret."""
    shortest, longest = SECRET_BYTES
    try:
        key = b64decode(secret.removeprefix("whsec_") + "==")
    except (Base64Error, ValueError):
        key = b""
    if not secret.startswith("whsec_") or not shortest <= len(key) <= longest:
        raise DeliveryError(
            f"the webhook secret of {agent.key} must be whsec_ and {shortest} to {longest} bytes in base64",
            permanent=True,
        )
    return key


def _judge(host: str, status: int, wait: str) -> None:
    """2xx is done; 410 means never again; anything else may be better later."""
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP's word for success
        return
    if status == _GONE:
        raise DeliveryError(f"{host} answered 410: it does not want these messages any more", permanent=True)
    moved = " (redirects are not followed)" if 300 <= status < 400 else ""  # noqa: PLR2004 - HTTP's word for elsewhere
    raise DeliveryError(f"{host} answered {status}{moved}", retry_after=_seconds(wait))


def _seconds(wait: str) -> float | None:
    """A Retry-After header in seconds, at most an hour; None where there is none or it says nothing."""
    if wait.isascii() and wait.isdigit():
        return min(float(wait[:9]), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(wait)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return min(max(0.0, (until - datetime.now(UTC)).total_seconds()), LONGEST_WAIT)
