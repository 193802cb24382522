"""Whether a host answers, without asking it anything: a connection, or a tunnel to it where a proxy is the way out."""

import socket
from base64 import b64encode
from typing import Final
from urllib.parse import unquote, urlsplit

from bot.http_client.proxy import DEFAULT_PORTS, Proxies
from bot.http_client.tls import system_tls

PATIENCE: Final = 5.0
"""Seconds for a connection to a host."""


class Reach:
    """Tries hosts and remembers what became of it."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._known: dict[tuple[str, int], str] = {}

    def trouble(self, url: str) -> str:
        """Why the host of an address cannot be connected to; empty where it can."""
        parts = urlsplit(url)
        where = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 80)
        if where not in self._known:
            self._known[where] = unreached(url, self._patience)
        return self._known[where]


def unreached(url: str, patience: float) -> str:
    """Why a host cannot be connected to within so many seconds; "" where it can.

    The host alone is said: a path may hold a secret, and so may the proxy's address.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 80)
    proxy = Proxies.of_environment().of(url)
    try:
        if not proxy:
            socket.create_connection((host, port), timeout=patience).close()
            return ""
        said = _tunnel(proxy, host, port, patience)
    except OSError as error:
        way = " through the proxy" if proxy else ""
        return f"{host}:{port} cannot be reached{way}: {error.strerror or error}"
    return "" if said == "200" else f"the proxy gives no way to {host}:{port}: it answered {said or 'nothing'}"


def _tunnel(proxy: str, host: str, port: int, patience: float) -> str:
    """The status with which a proxy answers to CONNECT; "" where it speaks no HTTP. The tunnel is closed again."""
    parts = urlsplit(proxy)
    name = parts.hostname or ""
    head = f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n"
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        head += f"Proxy-Authorization: Basic {b64encode(pair.encode()).decode()}\r\n"
    plain = socket.create_connection((name, parts.port or DEFAULT_PORTS[parts.scheme]), timeout=patience)
    with (
        plain,
        system_tls().wrap_socket(plain, server_hostname=name) if parts.scheme == "https" else plain as connection,
    ):
        connection.sendall(f"{head}\r\n".encode())
        words = connection.recv(256).split(b" ")
    return words[1][:3].decode("ascii", "replace") if len(words) > 1 and words[0].startswith(b"HTTP/") else ""
