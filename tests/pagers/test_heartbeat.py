"""The heartbeat: it beats outside while all is well, and stops when it is not."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bot.http_client.heartbeat import EVERY, Heartbeat


class Outside:
    """Somebody who counts beats. `status` is what they answer."""

    def __init__(self) -> None:
        self.beats: list[str] = []
        self.status = 200
        self.says = b""
        outside = self

        class Listener(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outside.beats.append(self.path)
                self.send_response(outside.status)
                self.send_header("content-length", str(len(outside.says)))
                self.end_headers()
                self.wfile.write(outside.says)

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/ping/s3cret"


@pytest.fixture
def outside() -> Iterator[Outside]:
    made = Outside()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join()


@pytest.fixture
def logged() -> list[str]:
    return []


def test_it_beats_once_a_minute_while_all_is_well(outside: Outside, logged: list[str]) -> None:
    now = [1000.0]
    heart = Heartbeat(outside.url, lambda: now[0], logged.append)
    heart.beat(well=True)
    heart.beat(well=True)
    assert outside.beats == ["/ping/s3cret"]
    now[0] += EVERY
    heart.beat(well=False)
    assert len(outside.beats) == 1, "silence is the message"
    heart.beat(well=True)
    assert len(outside.beats) == 2
    assert (heart.beats, heart.missed) == (2, 0)
    heart.close()


def test_one_that_is_not_taken_is_logged_once_without_its_secret(outside: Outside, logged: list[str]) -> None:
    now = [1000.0]
    outside.status = 500
    heart = Heartbeat(outside.url, lambda: now[0], logged.append)
    for _ in range(3):
        heart.beat(well=True)
        now[0] += EVERY
    assert logged == ["the heartbeat was not taken: 127.0.0.1 answered 500"]
    assert heart.missed == 3
    outside.status = 200
    heart.beat(well=True)
    assert heart.beats == 1
    heart.close()


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (b"OK (not found)", "200 (not found)"),
        (b"OK (rate limited)", "200 (rate limited)"),
        (b"OK", ""),
        (b"OK\n", ""),
        (b"", ""),
        (b'{"ok": true}', ""),
        (b"<html>OK (not found)</html>", ""),
        (b"\xff\xfe", ""),
    ],
)
def test_a_good_status_that_counts_nothing_is_missed(
    outside: Outside, logged: list[str], says: bytes, why: str
) -> None:
    """Healthchecks knows no such check, or has heard enough of it, and answers 200: nobody would notice our silence."""
    outside.says = says
    heart = Heartbeat(outside.url, lambda: 1000.0, logged.append)
    heart.beat(well=True)
    assert (heart.beats, heart.missed) == ((0, 1) if why else (1, 0))
    assert logged == ([f"the heartbeat was not taken: 127.0.0.1 answered {why}"] if why else [])
    heart.close()


def test_nobody_there_is_no_reason_to_stop(logged: list[str]) -> None:
    heart = Heartbeat("http://127.0.0.1:9/ping/s3cret", lambda: 1000.0, logged.append)
    heart.beat(well=True)
    assert heart.missed == 1
    assert "s3cret" not in str(logged)
    heart.close()


def test_without_an_address_there_is_no_heartbeat(logged: list[str]) -> None:
    heart = Heartbeat("", lambda: 1000.0, logged.append)
    heart.beat(well=True)
    assert (heart.beats, heart.missed, logged) == (0, 0, [])
    heart.close()
