"""The Socket Mode connection, and a watchdog of our own.

The SDK's client reconnects by itself, and has been seen to stay dead while it looks alive. So the watchdog asks every
second, and where the connection has been unhealthy for 20 s it builds a *new* one and lets the old one close on the
side: closing may block for as long as a listener runs.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from socket import SHUT_RDWR
from threading import Event, Thread
from typing import Any, Final

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler as Link
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.builtin.connection import ConnectionState
from slack_sdk.socket_mode.client import BaseSocketModeClient

from bot.ports.errors import DeliveryError
from bot.slack.client.web_api import SlackClient, is_loopback

PATIENCE: Final = 20.0
"""Seconds a connection may be unhealthy before it is replaced."""
PING_EVERY: Final = 4.0
"""Seconds between pings: a half-open connection is noticed after about this, not after the default's 13 s."""
LOOK_EVERY: Final = 1.0
SOCKET_HOST: Final = "wss://wss-primary.slack.com"
"""Where sockets lead, as far as a proxy is chosen for it; the address itself is new each time."""
RETRY_EVERY: Final = 5.0
MOST_SOCKETS: Final = 10
"""Connections Slack allows an app; ghosts count too."""

log = structlog.get_logger("stepdown.slack")


class SlackConnection:
    """Starts, watches, replaces and stops the connection. `before` must have happened before the first dispatch."""

    def __init__(
        self,
        app: App,
        app_token: str,
        client: SlackClient,
        *,
        before: Callable[[], None] = lambda: None,
        patience: float = PATIENCE,
        ping_every: float = PING_EVERY,
        look_every: float = LOOK_EVERY,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._app_token = app_token
        self._client = client
        self._before = before
        self._patience = patience
        self._ping_every = ping_every
        self._look_every = look_every
        self._monotonic = monotonic
        self._link: Link | None = None
        self._ready = False
        self._well_at = 0.0
        self._stopping = Event()
        self._watch: Thread | None = None
        self._closing: list[Thread] = []
        self.connections = 0
        """How many connections of this app Slack counts, from the newest hello: more than we run means ghosts."""
        self.replaced = 0
        """How often the watchdog has built a new connection."""
        self.problem = ""
        """Why there is no connection, in words; empty while there is one."""

    def start(self) -> None:
        """Connect, and watch from now on. Where that fails it is tried again in the background; `problem` says why."""
        self._stopping.clear()
        self._connect()
        self._watch = Thread(target=self._watching, name="slack-watchdog", daemon=True)
        self._watch.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Stop watching and close. Returns after `timeout` seconds at the latest."""
        self._stopping.set()
        if self._watch is not None:
            self._watch.join(timeout)
        if self._link is not None:
            self._retire(self._link)
            self._link = None
        for thread in self._closing:
            thread.join(timeout)

    def healthy(self) -> bool:
        """Whether Slack can reach us: the socket is open and its last ping was answered in time."""
        session = self._link.client.current_session if self._link is not None else None
        if session is None or not session.is_active():
            return False
        answered = session.last_ping_pong_time
        # The SDK writes it with the wall clock. One that was set back must not make a dead connection look alive.
        return answered is None or abs(time.time() - answered) < 3 * self._ping_every + self._look_every

    def _watching(self) -> None:
        while not self._stopping.wait(self._look_every):
            try:
                self._look()
            except Exception:  # the watchdog itself must outlive anything the SDK raises
                log.exception("a look at the Slack connection failed; the next one follows")

    def _look(self) -> None:
        now = self._monotonic()
        if self.healthy():
            self._well_at, self.problem = now, ""
            return
        wait = self._patience if self._link is not None else min(RETRY_EVERY, self._patience)
        if now - self._well_at < wait:
            return
        log.warning("the Slack connection is unhealthy; a new one is built", seconds=round(now - self._well_at))
        old, self._link = self._link, None
        if old is not None:
            self.replaced += 1
            self._retire(old)
        self._connect()

    def _connect(self) -> None:
        """Build a connection. Never raises for what Slack or the network does."""
        self._well_at = self._monotonic()
        link: Link | None = None
        try:
            if not self._ready:
                self._before()
                self._ready = True
            link = self._built()
            link.client.connect()
            self._link, self.problem = link, ""
        except (OSError, DeliveryError, SlackApiError, SlackClientError) as error:
            self.problem = _why(error)
            log.warning("there is no connection to Slack; it is tried again", why=self.problem)
            if link is not None:
                self._retire(link)

    def _built(self) -> Link:
        link = Link(
            self._app,
            self._app_token,
            logger=logging.getLogger("stepdown.slack.socket"),
            web_client=self._client,
            ping_interval=self._ping_every,
        )
        here = is_loopback(self._client.base_url)
        link.client.proxy = None if here else self._client.proxies.of(SOCKET_HOST) or None
        link.client.message_listeners.append(self._on_message)
        return link

    def _on_message(self, _: BaseSocketModeClient, message: dict[Any, Any], raw: str | None = None) -> None:
        """Read each hello: it says how many connections Slack counts."""
        del raw
        if message.get("type") != "hello":
            return
        self.connections = int(message.get("num_connections") or 0)
        if self.connections >= MOST_SOCKETS - 1:
            log.warning(
                "Slack counts nearly as many connections of this app as it allows; clicks may go to dead ones",
                connections=self.connections,
                most=MOST_SOCKETS,
            )
        log.info("connected to Slack", connections=self.connections)

    def _retire(self, link: Link) -> None:
        """Close on the side: it waits for listeners that still run."""
        link.client.auto_reconnect_enabled = False
        link.client.default_auto_reconnect_enabled = False
        thread = Thread(target=_close, args=(link,), name="slack-closing", daemon=True)
        thread.start()
        self._closing = [one for one in self._closing if one.is_alive()] + [thread]


class _Ended(ConnectionState):
    """A state that stays ended: a reader that begins just now writes False into it, and would wait for ever."""

    def __init__(self) -> None:
        self.terminated = True

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, True if name == "terminated" else value)


def _close(link: Link) -> None:
    """Close for good. The shutdown first wakes the reader, which else holds its lock for three seconds."""
    began, link.client.current_session_state = link.client.current_session_state, _Ended()
    began.terminated = True
    session = link.client.current_session
    sock = session.sock if session is not None else None
    try:
        if sock is not None:
            with suppress(OSError):  # the other side cut it; the client's threads end with its own close alone
                sock.shutdown(SHUT_RDWR)
        link.client.close()
    except (OSError, SlackClientError) as error:
        log.info("an old Slack connection did not close by itself", why=str(error))


def _why(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        return f"Slack refused: {error.response.get('error', 'without a reason')}"
    return str(error) or type(error).__name__
