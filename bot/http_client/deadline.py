"""A transport whose every read and write ends by a deadline.

A timeout bounds one read. A server that drips a byte every few seconds, in its headers too, keeps each read short and
the whole endless. Here the deadline of the request bounds each of them, down to the socket, so none can outlast it.
"""

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, LifoQueue
from typing import Any, Final

import httpcore
import httpx

from bot.http_client.proxy import DEFAULT_PORTS, Proxies
from bot.http_client.tls import system_tls

KEPT: Final = 20.0
"""Seconds for which an idle connection is kept: less than most servers and proxies keep theirs, for what is sent while
the other side hangs up is lost, and nobody can tell whether it arrived."""
Options = Iterable[httpcore.SOCKET_OPTION]
Resolve = Callable[[str, int, float], str]
"""The address to connect to for a host and a port, found within some seconds."""


Vet = Callable[[str, int, float], None]
"""Raises where a host that a proxy would connect to is not allowed."""


def let_through(host: str, port: int, within: float) -> None:
    """Allow every host."""


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
        self,
        deadline: Deadline,
        context: ssl.SSLContext | None,
        connections: int,
        resolve: Resolve = as_named,
        *,
        proxies: Proxies | None = None,
        vet: Vet = let_through,
    ) -> None:
        """`resolve` finds what is connected to, a proxy too; `vet` looks at the host that a proxy would connect to."""
        self._network = _Network(deadline, resolve)
        self._deadline = deadline
        self._context = context
        self._proxies = Proxies.of_environment() if proxies is None else proxies
        self._vet = vet
        self._places = [_Place(self._pool) for _ in range(connections)]
        self._free: LifoQueue[_Place] = LifoQueue()  # the one used last is the likeliest to be open
        for place in self._places:
            self._free.put(place)

    def tunnels(self, url: httpx.URL) -> bool:
        """Whether a request to this address begins with another one, which asks a proxy for a tunnel."""
        return url.scheme == "https" and bool(self._proxies.of(str(url)))

    def _pool(self, proxy: str) -> httpcore.ConnectionPool:
        """One connection, direct or through a proxy."""
        if not proxy:
            return httpcore.ConnectionPool(
                ssl_context=self._context,
                max_connections=1,
                keepalive_expiry=KEPT,
                network_backend=self._network,
            )
        url = httpx.URL(proxy)
        place = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/")
        return httpcore.HTTPProxy(
            proxy_url=place,
            proxy_auth=(url.username, url.password) if url.username else None,
            ssl_context=self._context,
            proxy_ssl_context=system_tls() if url.scheme == "https" else None,
            max_connections=1,
            keepalive_expiry=KEPT,
            network_backend=self._network,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request, when a connection is free for it."""
        proxy = self._proxies.of(str(request.url))
        if proxy:
            port = request.url.port or DEFAULT_PORTS[request.url.scheme]
            self._vet(request.url.host, port, self._deadline.left())
        place = self._taken()
        try:
            answer = place.pool(proxy).handle_request(_as_httpcore(request))
        except BaseException:
            self._free.put(place)
            raise
        inner = answer.stream if isinstance(answer.stream, Iterable) else ()
        body = _Body(inner, lambda: self._free.put(place))
        return httpx.Response(answer.status, headers=answer.headers, stream=body, extensions=answer.extensions)

    def close(self) -> None:
        """Close every connection."""
        for place in self._places:
            place.close()

    def _taken(self) -> "_Place":
        try:
            return self._free.get(timeout=min(self._deadline.left(), threading.TIMEOUT_MAX))
        except Empty:
            raise httpcore.PoolTimeout from None


class _Place:
    """Room for one request at a time: a connection for each way out that it was used for."""

    def __init__(self, made: Callable[[str], httpcore.ConnectionPool]) -> None:
        self._made = made
        self._pools: dict[str, httpcore.ConnectionPool] = {}

    def pool(self, proxy: str) -> httpcore.ConnectionPool:
        """The connection for a proxy; "" for none."""
        if proxy not in self._pools:
            self._pools[proxy] = self._made(proxy)
        return self._pools[proxy]

    def close(self) -> None:
        """Close all of them."""
        for pool in self._pools.values():
            pool.close()


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
