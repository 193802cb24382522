"""A small real HTTP server on loopback that answers as told, or as badly as told."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs

Answer = Callable[["Asked"], None]


@dataclass
class Asked:
    """One request, and the means to answer it."""

    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]
    server: "OddServer"
    _handler: BaseHTTPRequestHandler = field(repr=False)
    body: str = ""

    def say(self, body: bytes | str, status: int = 200, **headers: str) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.head(status, Content_Length=str(len(content)), **headers)
        self._handler.wfile.write(content)

    def json(self, data: object, status: int = 200, **headers: str) -> None:
        self.say(json.dumps(data), status, Content_Type="application/json", **headers)

    def head(self, status: int = 200, **headers: str) -> None:
        if "Date" in headers:
            self._handler.send_response_only(status)
        else:
            self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()

    def raw(self, content: bytes) -> None:
        self._handler.wfile.write(content)
        self._handler.wfile.flush()

    def hang_up(self) -> None:
        self._handler.close_connection = True

    def drip(self, content: bytes, pause: float = 0.1) -> None:
        """A byte at a time, until all is said or the other side or the test has had enough."""
        for index in range(len(content)):
            if self.server.over.wait(pause):
                return
            try:
                self.raw(content[index : index + 1])
            except OSError:
                return


class OddServer(ThreadingHTTPServer):
    """Answers every request with `answer` and remembers it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Authenticator)
        self.answer: Answer = lambda asked: asked.json({})
        self.asked: list[Asked] = []
        self.over = threading.Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """The other side hung up: that is what many of these tests are about."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Authenticator(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def do_PATCH(self) -> None:
        self._take()

    def _take(self) -> None:
        server = self.server
        assert isinstance(server, OddServer)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        asked = Asked(self.command, self.path, dict(self.headers), form, server, self, body)
        server.asked.append(asked)
        try:
            server.answer(asked)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Quiet: the tests say what they need."""


@contextmanager
def odd_server() -> Iterator[OddServer]:
    server = OddServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


class Stopwatch:
    """How long a block took, in seconds of the monotonic clock."""

    took = 0.0

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.took = time.monotonic() - self._began
