"""A world that is reached only through a proxy: a small real one on loopback, and behind it a server with TLS."""

import os
import select
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.http_client import addresses
from bot.http_client.tls import system_tls
from tests.contracts.odd_server import OddServer, odd_server

WITHIN = 20.0
NAMES = (
    "events.pagerduty.com",
    "api.github.com",
    "slack.com",
    "files.slack.com",
    "cloud.langfuse.com",
    "api.smith.langchain.com",
    "hc-ping.com",
    "hooks.example.org",
    "prometheus.example.org",
)
USER, PASSWORD = "egress", "pr0xy-passw0rd"


class WayOut(ThreadingHTTPServer):
    """The proxy. Whoever wants to go anywhere comes to the server behind it; `asked` says where they wanted to."""

    daemon_threads = True

    def __init__(self, plain: OddServer, secure: OddServer) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.plain, self.secure = plain, secure
        self.asked: list[str] = []
        self.credentials: set[str] = set()
        self.refusal = 0
        """A status to refuse every request with; 0 for none."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hangs up does so on purpose."""

    @property
    def url(self) -> str:
        return f"http://{USER}:{PASSWORD}@127.0.0.1:{self.server_port}"


class _Passing(BaseHTTPRequestHandler):
    def do_CONNECT(self) -> None:
        proxy = self._noted(self.path)
        if proxy.refusal:
            self.send_error(proxy.refusal)
            return
        with socket.create_connection(("127.0.0.1", proxy.secure.server_port), timeout=WITHIN) as behind:
            self.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _relay(self.connection, behind)
        self.close_connection = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        proxy = self._noted(f"{self.command} {parts.scheme}://{parts.netloc}")
        if proxy.refusal:
            self.send_error(proxy.refusal)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with socket.create_connection(("127.0.0.1", proxy.plain.server_port), timeout=WITHIN) as behind:
            head = [f"{self.command} {parts.path or '/'} HTTP/1.1", f"Content-Length: {len(body)}", "Connection: close"]
            behind.sendall("\r\n".join([*head, "", ""]).encode() + body)
            while part := behind.recv(65_536):
                self.connection.sendall(part)
        self.close_connection = True

    do_POST = do_GET  # noqa: N815 - named by http.server

    def _noted(self, where: str) -> WayOut:
        proxy = self.server
        assert isinstance(proxy, WayOut)
        proxy.asked.append(where)
        proxy.credentials.add(self.headers.get("Proxy-Authorization", ""))
        return proxy

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one side has no more."""
    with suppress(OSError):
        while True:
            for ready in select.select([one, other], [], [], WITHIN)[0]:
                part = ready.recv(65_536)
                if not part:
                    return
                (other if ready is one else one).sendall(part)


def certificate(folder: Path) -> Path:
    """A key with a certificate of its own for every name, in one file."""
    made = folder / "way-out.pem"
    names = ",".join(f"DNS:{name}" for name in NAMES)
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=way out"]
    extensions = ["-addext", f"subjectAltName={names}"]
    subprocess.run([*command, *extensions, "-keyout", made, "-out", f"{made}.crt"], check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + Path(f"{made}.crt").read_bytes())
    return made


@contextmanager
def behind_proxy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WayOut]:
    """While inside, no name is known here, and the variables of the environment name the proxy."""
    pem = certificate(folder)
    with odd_server() as plain, odd_server() as secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        secure.socket = context.wrap_socket(secure.socket, server_side=True)
        proxy = WayOut(plain, secure)
        thread = threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", f"{pem}.crt")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{pem}.crt")
        monkeypatch.setattr(addresses, "getaddrinfo", _unknown_outside(socket.getaddrinfo))
        system_tls.cache_clear()
        try:
            yield proxy
        finally:
            system_tls.cache_clear()
            proxy.shutdown()
            proxy.server_close()
            thread.join(WITHIN)


def _unknown_outside(real: object) -> object:
    def look_up(host: str, *more: object, **named: object) -> object:
        if host in NAMES:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *more, **named)  # type: ignore[operator]

    return look_up
