"""uvicorn in a thread of ours: started when it listens, stopped when the last answer is out."""

import socket
import threading
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp

from bot.web.connections import LimitedProtocol, ListenerLimits, OpenConnections

BACKLOG = 2_048
"""Connections that the system holds until they are accepted."""
AT_ONCE = 32
"""Connections accepted in one go. asyncio accepts as many as its backlog says before any is looked at."""
SWEEP_EVERY = 5
"""Ticks of uvicorn, of a tenth of a second each, between two looks at the deadlines of connections."""
STOP_WITHIN = 10.0
"""Seconds for answers under way when the server is told to stop."""
_START_WITHIN = 20.0


class ServerError(Exception):
    """The server could not listen, and why."""


class _Announcing(uvicorn.Server):
    """A uvicorn server that says when it listens, and ends connections that are past their deadlines."""

    def __init__(self, config: uvicorn.Config, register: OpenConnections) -> None:
        super().__init__(config)
        self.listening = threading.Event()
        self._register = register

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so. asyncio shrank the queue of the system to its own backlog; that is undone."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(BACKLOG)
        self.listening.set()

    async def on_tick(self, counter: int) -> bool:
        """Sweep now and then."""
        if counter % SWEEP_EVERY == 0:
            self._register.sweep()
        return await super().on_tick(counter)


class HttpServer:
    """Serves an app on host and port; port 0 takes a free one. Start and stop once.

    `limits`: of its connections; by default a share of the descriptors of the process.
    """

    def __init__(self, app: ASGIApp, host: str, port: int, limits: ListenerLimits | None = None) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self.connections = OpenConnections(limits or ListenerLimits.of_process())
        protocol = cast("type[Any]", partial(LimitedProtocol, self.connections))  # uvicorn only calls it
        self._server = _Announcing(
            uvicorn.Config(
                app,
                http=protocol,
                loop="asyncio",
                ws="none",
                backlog=AT_ONCE,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=int(STOP_WITHIN),
            ),
            self.connections,
        )
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self.port = port

    def start(self) -> int:
        """Listen; returns the real port. Raises ServerError where the address cannot be had."""
        try:
            self._socket = _listen(*self._address)
        except OSError as error:
            host, port = self._address
            raise ServerError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        self.port = self._socket.getsockname()[1]
        self._thread.start()
        if not self._server.listening.wait(_START_WITHIN):
            raise ServerError(f"the server did not come up within {_START_WITHIN:.0f} s")
        return self.port

    def stop(self) -> None:
        """Take no new requests, finish those under way, let go of the port. Stopping twice is stopping once."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(STOP_WITHIN + 5)
        if self._socket is not None:
            self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket] if self._socket else None)


def _listen(host: str, port: int) -> socket.socket:
    """Bind here and not in uvicorn, so that a taken port is an error of ours and port 0 is known before it serves."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
