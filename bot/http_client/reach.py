"""Whether a host takes connections, for `stepdown check --online`: each is tried once, and nothing is sent."""

import socket
from typing import Final
from urllib.parse import urlsplit

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
        where = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        if where not in self._known:
            self._known[where] = _unreached(*where, self._patience)
        return self._known[where]


def _unreached(host: str, port: int, patience: float) -> str:
    """The host alone is said: a path may hold a secret."""
    try:
        socket.create_connection((host, port), timeout=patience).close()
    except OSError as error:
        return f"{host}:{port} cannot be reached: {error.strerror or error}"
    return ""
