"""How one gateway runs: for which agent, in front of which tools, by which Stepdown."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


class GatewayError(ValueError):
    """A gateway that cannot run like this; the sentence says what is wrong and what is allowed."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """`url`, `token`: Stepdown's address and the agent's own token (`agent:KEY`); times in seconds.

    `caller_token`: what the agent shows to the gateway. `upstream_authorization`: the header with which the gateway
    goes to the tools, so that the agent needs none that would let it go there alone.
    """

    agent: str
    url: str
    token: str = field(repr=False)
    data_dir: Path
    instance: str
    caller_token: str = field(default="", repr=False)
    upstream_authorization: str = field(default="", repr=False)
    poll_every: float = 0.5
    hold: float = 45.0
    """How long a call is held for a person; then it is answered as waiting. Clients give up after a minute, mostly."""
    drain: float = 5.0
    """How long a lower rung waits for writes that were cut off, before it is read back as applied."""

    def __post_init__(self) -> None:
        for name, value in (("--agent", self.agent), ("STEPDOWN_TOKEN", self.token)):
            if not value:
                raise GatewayError(f"{name} is missing")
        insist_on_url("STEPDOWN_URL", self.url)


def insist_on_url(name: str, url: str) -> None:
    """Raises GatewayError where it is no address to call."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise GatewayError(f"{name} has to be an http or https address, found {url!r}")


def listening_place(text: str, caller_token: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`. Beyond this machine a gateway listens only where callers show a token."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit():
        raise GatewayError(f"--listen has to be HOST:PORT, found {text!r}")
    if not caller_token and not _is_loopback(host):
        raise GatewayError(
            f"{host} can be reached from other machines, so callers have to show a token: set STEPDOWN_GATEWAY_TOKEN, "
            "or listen on 127.0.0.1"
        )
    return host, int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
