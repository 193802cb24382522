"""Socket Mode: connections, who gets which payload, acknowledgements, and the faults of connections."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.localslack.state.faults import Armed
from bot.localslack.state.refusal import Json
from bot.localslack.state.slack import Slack
from bot.localslack.transport.delivery import ACK_SECONDS, Outcome, Parcel

MOST_CONNECTIONS = 10
CONNECTION_SECONDS = 18_060  # what Slack was seen to announce
State = Literal["open", "closing", "black", "ghost"]


class Wire(Protocol):
    """The transport under a WebSocket, as far as a fault needs it."""

    muted: bool

    def cut(self) -> None:
        """Drop the connection without a word."""
        ...


@dataclass(eq=False)
class Link:
    """One registered connection. A black or ghost one gets payloads and nobody reads them."""

    id: str
    socket: WebSocket | None = None
    wire: Wire | None = None
    state: State = "open"
    waiting: set[str] = field(default_factory=set)


class Sockets:
    """All connections of the app; a `Route`."""

    def __init__(self, slack: Slack) -> None:
        self.slack = slack
        self.links: list[Link] = []
        self._turn = 0
        self._acks: dict[str, asyncio.Future[Json]] = {}

    # -- a connection's life -----------------------------------------------------------------------

    async def serve(self, socket: WebSocket, wire: Wire | None) -> None:
        """Handle one WebSocket from handshake to end."""
        if self.slack.faults.take("refuse_socket"):
            await socket.send_denial_response(PlainTextResponse("service unavailable", status_code=503))
            return
        due = self.slack.tickets.pop(socket.query_params.get("ticket", ""), None)
        if due is None or self.slack.clock.patience() > due:
            await socket.send_denial_response(PlainTextResponse("ticket used or expired", status_code=403))
            return
        await socket.accept()
        link = Link(self.slack.next_id("socket-"), socket, wire)
        self.links.append(link)
        try:
            if await self._welcome(link):
                await self._read(socket)
        finally:
            if link.state != "black" and link in self.links:
                self.links.remove(link)
            self.slack.touch()

    async def _welcome(self, link: Link) -> bool:
        if len(self.links) > MOST_CONNECTIONS:
            await self._disconnect(link, "too_many_websockets")
            return False
        hello = {
            "type": "hello",
            "num_connections": len(self.links),
            "connection_info": {"app_id": self.slack.workspace.app.app_id},
            "debug_info": {
                "host": "local-slack",
                "started": self.slack.now(),
                "build_number": 1,
                "approximate_connection_time": CONNECTION_SECONDS,
            },
        }
        await self._write(link, hello)
        self.slack.touch()
        return True

    async def _read(self, socket: WebSocket) -> None:
        while True:
            try:
                text = await socket.receive_text()
            except (WebSocketDisconnect, KeyError):  # KeyError: a binary frame, which Slack does not read either
                return
            self._acknowledged(text)

    def _acknowledged(self, text: str) -> None:
        try:
            message = json.loads(text)
        except json.JSONDecodeError:
            return
        if not isinstance(message, dict) or not isinstance(message.get("envelope_id"), str):
            return
        if self.slack.faults.take("swallow_ack"):
            return
        payload = message.get("payload")
        answer = payload if isinstance(payload, dict) else {}
        if armed := self.slack.faults.take("delay_ack"):
            loop = asyncio.get_running_loop()
            seconds = float(armed.settings.get("seconds", 1))
            loop.call_later(seconds, self._settle, message["envelope_id"], answer)
            return
        self._settle(message["envelope_id"], answer)

    def _settle(self, envelope_id: str, answer: Json) -> None:
        future = self._acks.get(envelope_id)
        if future is not None and not future.done():
            future.set_result(answer)

    # -- payloads ------------------------------------------------------------------------------------

    def _next(self) -> Link | None:
        """The connection whose turn it is."""
        usable = [link for link in self.links if link.state != "closing"]
        if not usable:
            return None
        self._turn += 1
        return usable[self._turn % len(usable)]

    async def send(self, parcel: Parcel) -> Outcome:
        """Give the parcel to exactly one connection and wait for its acknowledgement."""
        link = self._next()
        if link is None:
            return Outcome(acked=False, error="no_connection")
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._acks[parcel.envelope_id] = future
        try:
            await self._write(link, envelope(parcel))
            return await self._wait(future, link.id)
        finally:
            del self._acks[parcel.envelope_id]

    async def _wait(self, future: asyncio.Future[Json], link_id: str) -> Outcome:
        clock = self.slack.clock
        limit: asyncio.Future[None] = asyncio.ensure_future(clock.patient_until(clock.patience() + ACK_SECONDS))
        try:
            waiting: set[asyncio.Future[Any]] = {future, limit}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            limit.cancel()
        if future.done():
            return Outcome(acked=True, answer=future.result(), connection=link_id)
        return Outcome(acked=False, error="timeout", connection=link_id)

    @staticmethod
    async def _write(link: Link, message: Json) -> None:
        if link.socket is None or link.state in {"black", "ghost"}:
            return
        try:
            await link.socket.send_text(json.dumps(message))
        except (RuntimeError, WebSocketDisconnect):  # it closed a moment ago: the payload is lost, as in life
            return

    # -- faults --------------------------------------------------------------------------------------

    async def strike(self, armed: Armed) -> int:
        """Do a connection fault now; the number of connections it struck."""
        if armed.fault == "ghost":
            ghosts = [Link(self.slack.next_id("ghost-"), state="ghost") for _ in range(armed.left)]
            self.links += ghosts
            return len(ghosts)
        struck = [link for link in self.links if link.state == "open"]
        for link in struck:
            if armed.fault == "refresh":
                await self._disconnect(link, str(armed.settings.get("reason", "refresh_requested")))
            elif link.wire is not None and armed.fault == "black_hole":
                link.state, link.wire.muted = "black", True
            elif link.wire is not None:
                link.wire.cut()
        return len(struck)

    async def _disconnect(self, link: Link, reason: str) -> None:
        await self._write(link, {"type": "disconnect", "reason": reason, "debug_info": {"host": "local-slack"}})
        link.state = "closing"
        if link.socket is not None:
            try:
                await link.socket.close()
            except RuntimeError:  # the other side was faster
                return

    def clear(self) -> None:
        """Forget ghosts; cut black holes, so that nothing hangs on."""
        for link in self.links:
            if link.state == "black" and link.wire is not None:
                link.wire.cut()
        self.links = [link for link in self.links if link.state in {"open", "closing"}]


def envelope(parcel: Parcel) -> Json:
    """The message on the socket."""
    return {
        "envelope_id": parcel.envelope_id,
        "type": parcel.kind,
        "payload": parcel.payload,
        "accepts_response_payload": parcel.kind != "events_api",
        "retry_attempt": parcel.retry,
        "retry_reason": parcel.reason,
    }
