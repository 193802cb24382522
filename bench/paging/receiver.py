"""A webhook receiver that notes when it first heard of each agent: the end of the way for both systems."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

AgentsOf = Callable[[Mapping[str, Any]], list[str]]


class Receiver:
    """Listens on a free port of this machine until closed. `heard`: agent -> epoch seconds of its first message."""

    def __init__(self, agents_of: AgentsOf) -> None:
        self.heard: dict[str, float] = {}
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                now = time.time()
                for agent in agents_of(json.loads(body)):
                    heard.setdefault(agent, now)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/page"
        threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def of_stepdown(message: Mapping[str, Any]) -> list[str]:
    """The agent of a page of ours; pages that are answered or over tell nothing new."""
    return [message["data"]["agent"]] if message["type"] == "page.opened" else []


def of_alertmanager(message: Mapping[str, Any]) -> list[str]:
    """The agents of the alerts of a group."""
    return [alert["labels"]["agent"] for alert in message["alerts"]]
