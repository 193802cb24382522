"""uvicorn's protocols with what faults need: falling silent, and being cut off."""

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class FaultyWebSocket(WebSocketsSansIOProtocol):
    """A WebSocket that can become a black hole: it stays open, reads nothing and answers nothing."""

    muted = False

    def data_received(self, data: bytes) -> None:
        """Pings are answered here, so a muted connection does not even look."""
        if not self.muted:
            super().data_received(data)

    def eof_received(self) -> Any:  # noqa: ANN401  asyncio's own signature
        """A muted connection stays open although the other side has gone: that is what a NAT does."""
        return True if self.muted else super().eof_received()

    def cut(self) -> None:
        """Drop the connection without a close frame."""
        self.transport.abort()


def protocol_of(connections: set[Any], client: tuple[str, int] | None) -> asyncio.Protocol | None:
    """The connection that a request came over."""
    return next((found for found in connections if found.client == client), None)
