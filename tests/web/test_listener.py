"""Whoever is slow, many or ambiguous keeps nobody else out of the HTTP listener."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from resource import RLIM_INFINITY

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from bot.web.connections import FEWEST, MOST, RESERVE, ListenerLimits
from bot.web.framing import framing_fault
from bot.web.server import HttpServer
from tests.support.patience import PATIENCE

SHORT = ListenerLimits(most=8, of_one_address=6, head=0.3, body=0.3, answer=0.3)
LONG = ListenerLimits(most=8, of_one_address=6, head=PATIENCE * 2, body=PATIENCE * 2, answer=PATIENCE * 2)
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
LONG_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
SLOW_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"
LARGE = 64_000_000


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    body = await request.body()
    answer: Response = PlainTextResponse("x" * LARGE if scope["path"] == "/large" else f"{len(body)} bytes")
    await answer(scope, receive, send)


@contextmanager
def serving(limits: ListenerLimits) -> Iterator[HttpServer]:
    server = HttpServer(echo, "127.0.0.1", 0, limits)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def short() -> Iterator[HttpServer]:
    with serving(SHORT) as server:
        yield server


@pytest.fixture
def roomy() -> Iterator[HttpServer]:
    with serving(LONG) as server:
        yield server


def sent(server: HttpServer, data: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
    connection.sendall(data)
    return connection


def everything(connection: socket.socket) -> bytes:
    """What comes until the server ends the connection."""
    read = b""
    try:
        while part := connection.recv(65_536):
            read += part
    except ConnectionResetError:
        pass
    return read


def ask(server: HttpServer, head: bytes = HEAD) -> bytes:
    with closing(sent(server, head + b"Connection: close\r\n\r\n")) as connection:
        return everything(connection)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"G",
        HEAD,
        SLOW_BODY,
        CHUNKED + b"5\r\nab",
        CHUNKED + b"5;name=" + b"x" * 1_000,
        CHUNKED + b"0\r\nX-Trailer: " + b"x" * 1_000,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n",
    ],
    ids=["nothing", "a letter", "half a head", "half a body", "half a chunk", "an extension", "a trailer", "expected"],
)
def test_what_is_never_finished_is_ended(short: HttpServer, data: bytes) -> None:
    with closing(sent(short, data)) as connection:
        assert everything(connection).removeprefix(CONTINUE) == b""
    assert b"200 OK" in ask(short)


def drip(connection: socket.socket) -> None:
    """A byte, and another one, until the server ends it."""
    for _ in range(int(PATIENCE * 100)):
        connection.sendall(b"x")
        threading.Event().wait(0.01)


@pytest.mark.parametrize(
    "begun", [HEAD + b"X-Long: ", LONG_BODY, CHUNKED + b"ffffff\r\n"], ids=["a head", "a body", "a chunk"]
)
def test_what_drips_is_held_to_one_deadline(short: HttpServer, begun: bytes) -> None:
    """A byte now and then is no new beginning."""
    with closing(sent(short, begun)) as connection, pytest.raises(OSError):  # noqa: PT011 - reset, or a broken pipe
        drip(connection)
    assert b"200 OK" in ask(short)


def test_a_client_that_does_not_read_is_ended(short: HttpServer) -> None:
    with closing(sent(short, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")) as connection:
        while len(short.connections):  # nothing is read meanwhile
            assert b"0 bytes" in ask(short)
        assert len(everything(connection)) < LARGE


def test_a_new_connection_takes_the_place_of_the_one_that_waits_longest(roomy: HttpServer) -> None:
    held = [sent(roomy, HEAD) for _ in range(6)]
    assert b"0 bytes" in ask(roomy)
    assert everything(held[0]) == b""
    for connection in held:
        connection.close()


def test_slow_bodies_make_room_where_nobody_waits(roomy: HttpServer) -> None:
    held = [sent(roomy, SLOW_BODY) for _ in range(6)]
    assert b"0 bytes" in ask(roomy)
    for connection in held:
        connection.close()


def test_five_times_as_many_half_open_connections_as_there_are_places(roomy: HttpServer) -> None:
    held = [sent(roomy, HEAD) for _ in range(40)]
    assert b"0 bytes" in ask(roomy)
    assert roomy.connections.dropped >= 40 - LONG.of_one_address
    for connection in held:
        connection.close()


def test_an_upgrade_does_not_leave_the_register(roomy: HttpServer) -> None:
    upgrade = b"Upgrade: websocket\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13\r\nConnection: Upgrade\r\n"
    assert b"101" not in ask(roomy, HEAD + upgrade).partition(b"\r\n")[0]


def test_the_share_leaves_descriptors_for_the_rest() -> None:
    for limit in (256, 1_024, 4_096, 1_048_576, RLIM_INFINITY):
        limits = ListenerLimits.of_descriptors(limit)
        assert FEWEST <= limits.most <= MOST
        assert limits.of_one_address < limits.most
        assert limit in (256, RLIM_INFINITY) or limits.most <= limit - RESERVE


AMBIGUOUS = {
    "both lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked",
    "both, the other way round": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4",
    "a doubled length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 4",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5",
    "a list of lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4, 4",
    "a signed length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +4",
    "a hexadecimal length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x4",
    "a space before the colon": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 4",
    "a bare line feed": b"POST / HTTP/1.1\nHost: x\r\nContent-Length: 4",
    "a bare line feed in a value": b"POST / HTTP/1.1\r\nHost: x\r\nX: a\nContent-Length: 4",
    "a folded line": b"POST / HTTP/1.1\r\nHost: x\r\nX: a\r\n b: c\r\nContent-Length: 4",
    "a folded length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\t4",
    "two codings": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "an odd coding": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked",
    "a coding in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked",
}


@pytest.mark.parametrize("head", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_a_request_that_can_be_read_in_two_ways_is_refused(roomy: HttpServer, head: bytes) -> None:
    with closing(sent(roomy, head + b"\r\n\r\n0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: x\r\n\r\n")) as connection:
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 400")
    assert answer.count(b"HTTP/1.1") == 1


def test_the_second_request_of_a_connection_is_held_to_the_same_rules(roomy: HttpServer) -> None:
    second = AMBIGUOUS["both lengths"] + b"\r\n\r\n"
    with closing(sent(roomy, HEAD + b"\r\n" + second)) as connection:
        answer = everything(connection)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert answer.count(b"HTTP/1.1 400") == 1


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\t4 ",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked",
    ],
)
def test_plain_requests_are_not(head: bytes) -> None:
    assert framing_fault(head) == ""
