"""`LocalSlack`: the workspace behind one port on loopback, served by a thread of its own."""

import asyncio
import contextlib
import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.localslack.state.clock import Clock
from bot.localslack.state.slack import Slack
from bot.localslack.state.workspace import Workspace
from bot.localslack.transport.routes import Routes
from bot.localslack.transport.wire import FaultyWebSocket

__all__ = ["LocalSlack", "Workspace"]

START_SECONDS = 10.0
STOP_SECONDS = 5
REQUEST_SECONDS = 30.0
"""How long a connection may take to send a request; what never finishes holds a descriptor."""
KEPT_IDLE = 25
"""Seconds before an idle connection is ended: shorter than REQUEST_SECONDS, longer than a careful client keeps one."""
MOST_CONNECTIONS = 2_000
MOST_HEAD = 32_768


class _Server(uvicorn.Server):
    """uvicorn, telling when it accepts connections, and ending those that never send their request."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._unsent: dict[H11Protocol, float] = {}

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def on_tick(self, counter: int) -> bool:
        now = time.monotonic()
        found = [one for one in self.server_state.connections if isinstance(one, H11Protocol) and _unsent(one)]
        self._unsent = {one: self._unsent.get(one, now) for one in found}
        for one, since in self._unsent.items():
            if now - since > REQUEST_SECONDS:
                one.transport.abort()
        return await super().on_tick(counter)


def _unsent(one: H11Protocol) -> bool:
    """Whether a request has not come, or not as a whole. Kept-alive connections end by themselves before."""
    return one.conn.their_state in (h11.IDLE, h11.SEND_BODY)


class LocalSlack:
    """A local Slack. `start` returns once it accepts connections; usable as a context manager.

    `port` 0 takes a free one. Only loopback addresses are taken; a taken port is an `OSError`. `clock` is
    a function giving seconds since 1970 for timestamps and redelivery (the system clock by default).
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        clock: Callable[[], float] | None = None,
    ) -> None:
        if not ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback:
            raise ValueError(f"the local Slack binds loopback only (127.0.0.1), not {host!r}")
        self.workspace = workspace
        self.slack = Slack(workspace, Clock(clock))
        self._address = (host, port)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._server: _Server | None = None
        self._rooms: Routes | None = None
        self._failure: BaseException | None = None

    # -- where it is -------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, without a slash at the end."""
        return self.slack.url

    @property
    def api_url(self) -> str:
        """What slack_sdk takes as `base_url`."""
        return f"{self.url}/api/"

    @property
    def bot_token(self) -> str:
        """The token for the Web API."""
        return self.workspace.app.bot_token

    @property
    def app_token(self) -> str:
        """The token for Socket Mode."""
        return self.workspace.app.app_token

    @property
    def signing_secret(self) -> str:
        """What signs requests in HTTP mode."""
        return self.workspace.app.signing_secret

    # -- from start to stop --------------------------------------------------------------------------

    def start(self) -> Self:
        """Bind, serve in the background, and return when connections are accepted."""
        if self._thread is not None:
            raise RuntimeError("this local Slack is running")
        bound = self._bind()
        host, port = bound.getsockname()[:2]
        self.slack.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._ready.clear()
        self._failure = None
        self._thread = threading.Thread(target=self._run, args=(bound,), name="local-slack", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_SECONDS) or self._failure is not None:
            failure = self._failure
            self.stop()
            raise RuntimeError("the local Slack did not start") from failure
        return self

    def _bind(self) -> socket.socket:
        host, port = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # asyncio turns Nagle off only where the protocol is named; else kept-alive answers take 40 ms
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((host, port))
            bound.listen(128)
        except OSError:
            bound.close()
            raise
        bound.setblocking(False)
        return bound

    def stop(self) -> None:
        """End every connection and the thread; stopping twice is no error."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._loop is not None and self._server is not None:
            with contextlib.suppress(RuntimeError):  # the loop ended by itself a moment ago
                self._loop.call_soon_threadsafe(self._end)
        thread.join(START_SECONDS)

    def _end(self) -> None:
        if self._rooms is not None:
            self._rooms.watching.close()
            self._rooms.sockets.clear()
        if self._server is not None:
            self._server.should_exit = True

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- the thread ------------------------------------------------------------------------------------

    def _run(self, bound: socket.socket) -> None:
        try:
            asyncio.run(self._serve(bound))
        except BaseException as failure:  # noqa: BLE001  the thread's outer edge: `start` raises it in the caller
            self._failure = failure
        finally:
            bound.close()
            self._ready.set()

    async def _serve(self, bound: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        rooms = self._rooms = Routes(self.slack)
        config = uvicorn.Config(
            rooms.application(),
            log_config=None,
            log_level="error",
            access_log=False,
            lifespan="off",
            http="h11",
            h11_max_incomplete_event_size=MOST_HEAD,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=KEPT_IDLE,
            ws=FaultyWebSocket,
            ws_ping_interval=None,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        self._server = _Server(config, self._ready.set)
        rooms.connections = self._server.server_state.connections
        rooms.deliveries.start(rooms.keep_time())
        try:
            await self._server.serve(sockets=[bound])
        finally:
            await rooms.close()
