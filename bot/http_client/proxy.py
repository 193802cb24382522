"""The way out where machines reach the world only through a proxy: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY.

They are read here for sources, pagers, webhooks, GitHub, the heartbeat and Slack alike: a page must not fail just when
Slack still works. This machine is always reached directly.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from bot.ports.errors import DeliveryError

DEFAULT_PORTS: Mapping[str, int] = {"http": 80, "ws": 80, "https": 443, "wss": 443}


@dataclass(frozen=True, slots=True)
class Proxies:
    """A proxy's address for each scheme, "" for none, and the hosts that are reached without."""

    http: str = field(default="", repr=False)
    https: str = field(default="", repr=False)
    direct: tuple[str, ...] = ()

    @classmethod
    def of_environment(cls, env: Mapping[str, str] | None = None) -> "Proxies":
        """What the usual variables say; small letters win, as everywhere. Raises DeliveryError for another kind."""
        known = os.environ if env is None else env

        def value(name: str) -> str:
            return (known.get(name.lower()) or known.get(name.upper()) or "").strip()

        every = value("ALL_PROXY")
        direct = tuple(entry.lower() for entry in re.split(r"[,\s]+", value("NO_PROXY")) if entry)
        http, https = value("HTTP_PROXY") or every, value("HTTPS_PROXY") or every
        return cls(_checked(http, "HTTP_PROXY"), _checked(https, "HTTPS_PROXY"), direct)

    def of(self, url: str) -> str:
        """The proxy to go through for an address; "" where it is reached directly."""
        parts = urlsplit(url)
        scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".").lower()
        proxy = self.https if scheme in ("https", "wss") else self.http
        if not proxy or _is_here(host):
            return ""
        port = parts.port or DEFAULT_PORTS.get(scheme, 0)
        return "" if any(_matches(entry, host, port) for entry in self.direct) else proxy


INNER = (".local", ".internal", ".intranet", ".lan", ".corp", ".home.arpa", ".svc", ".cluster.local")
"""How names inside a network end (RFC 6762, RFC 8375, ICANN's `.internal`, Kubernetes)."""


def is_inner(host: str) -> bool:
    """Whether a host looks like one inside a network, which a proxy to the world seldom reaches."""
    name = host.rstrip(".").lower()
    try:
        return ip_address(name).is_private
    except ValueError:
        return bool(name) and ("." not in name or name.endswith(INNER))


def inner_by_proxy(addresses: Mapping[str, str], proxies: Proxies) -> Iterator[str]:
    """Sentences on addresses (by what they are the address of) that look inner and would go through the proxy."""
    for what, url in addresses.items():
        host = urlsplit(url).hostname or ""
        if is_inner(host) and proxies.of(url):
            inside = f"{what}: {host} looks like a host inside your network"
            yield f"{inside} and is asked through the proxy; put it into NO_PROXY"


def _checked(proxy: str, name: str) -> str:
    """`http://` may be left out, as everywhere. Of the address nothing is said: it may hold a password."""
    whole = proxy if "://" in proxy or not proxy else f"http://{proxy}"
    if whole and not re.match(r"https?://[^/\s]+/?$", whole):
        raise DeliveryError(f"{name} must be http://HOST:PORT or https://HOST:PORT", permanent=True)
    return whole.rstrip("/")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _matches(entry: str, host: str, port: int) -> bool:
    """One entry of NO_PROXY: `*`, a host with all below it, an address, a network; each with or without a port."""
    named = re.fullmatch(r"(\[[^\]]+\]|[^:]+):(\d+)", entry)
    if named is not None and int(named[2]) != port:
        return False
    name = (named[1] if named is not None else entry).strip("[]")
    try:
        return ip_address(host) in ip_network(name, strict=False)
    except ValueError:
        bare = name.removeprefix("*").lstrip(".")
        return name == "*" or host == bare or (bool(bare) and host.endswith(f".{bare}"))
