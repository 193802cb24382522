"""A transport whose every read and write ends by a deadline.

A timeout bounds one read. A server that drips a byte every few seconds, in its headers too, keeps each read short and
the whole endless. Here the deadline of the request bounds each of them, down to the socket, so none can outlast it.
"""

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, LifoQueue
from typing import Any

import httpcore
import httpx

Options = Iterable[httpcore.SOCKET_OPTION]
Resolve = Callable[[str, int, float], str]
"""The address to connect to for a host and a port, found within some seconds."""


def as_named(host: str, port: int, within: float) -> str:  # noqa: ARG001 - the shape of `Resolve`
    """Leave the looking up to the connection."""
    return host


class Deadline(threading.local):
    """Until when the calling thread may be busy, by the monotonic clock. A synchronous request stays on its thread."""

    at: float = float("inf")

    def left(self) -> float:
        """Seconds that are left; raises ReadTimeout where none are."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left

    def bound(self, timeout: float | None) -> float:
        """A timeout that ends no later than the deadline."""
        left = self.left()
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A connection whose reads and writes heed the deadline."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.bound(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.bound(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._deadline.bound(timeout))
        return _Stream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore declares it
        return self._inner.get_extra_info(info)


class _Network(httpcore.NetworkBackend):
    """Opens connections that heed the deadline."""

    def __init__(self, deadline: Deadline, resolve: Resolve) -> None:
        self._inner = httpcore.SyncBackend()
        self._deadline = deadline
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Options | None = None,
    ) -> httpcore.NetworkStream:
        address = self._resolve(host, port, self._deadline.bound(timeout))
        inner = self._inner.connect_tcp(address, port, self._deadline.bound(timeout), local_address, socket_options)
        return _Stream(inner, self._deadline)


class _Body(httpx.SyncByteStream):
    """httpcore's body as httpx wants it. Closing it gives the connection back."""

    def __init__(self, inner: Iterable[bytes], give_back: Callable[[], None]) -> None:
        self._inner = inner
        self._give_back = give_back
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._inner

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        close = getattr(self._inner, "close", None)
        try:
            if close is not None:
                close()
        finally:
            self._give_back()


class BoundedTransport(httpx.BaseTransport):
    """httpx over a few such connections. httpcore's errors pass through as they are.

    Each connection stands in a pool of its own, and one request has it from its first byte until its answer is closed.
    In one pool that threads share, httpcore may take a connection for idle or stale while another thread begins to use
    it, and close it: on a busy machine that request then waits for an answer until its deadline.
    """

    def __init__(
        self, deadline: Deadline, context: ssl.SSLContext | None, connections: int, resolve: Resolve = as_named
    ) -> None:
        network = _Network(deadline, resolve)
        self._deadline = deadline
        self._pools = [
            httpcore.ConnectionPool(ssl_context=context, max_connections=1, network_backend=network)
            for _ in range(connections)
        ]
        self._free: LifoQueue[httpcore.ConnectionPool] = LifoQueue()  # the one used last is the likeliest to be open
        for pool in self._pools:
            self._free.put(pool)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, when a connection is free for it."""
        pool = self._taken()
        try:
            answer = pool.handle_request(_as_httpcore(request))
        except BaseException:
            self._free.put(pool)
            raise
        inner = answer.stream if isinstance(answer.stream, Iterable) else ()
        body = _Body(inner, lambda: self._free.put(pool))
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    def close(self) -> None:
        """Close every connection."""
        for pool in self._pools:
            pool.close()

    def _taken(self) -> httpcore.ConnectionPool:
        try:
            return self._free.get(timeout=min(self._deadline.left(), threading.TIMEOUT_MAX))
        except Empty:
            raise httpcore.PoolTimeout from None


def _as_httpcore(request: httpx.Request) -> httpcore.Request:
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )
