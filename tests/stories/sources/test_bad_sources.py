"""A source that answers nonsense, or nothing, makes UNKNOWN and a `blind` incident: never a crash, never a zero."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.core.model.fleet import Fleet
from bot.core.model.samples import Series, minute_of
from bot.core.model.slis import PollQuery, SourceSpec
from bot.engine.detection.poller import Poller
from bot.sources import build
from tests.support.wired import HER, WiredEngine, fleet


def _vector(value: str) -> bytes:
    series = [{"metric": {"agent": "refunds"}, "value": [1, value]}]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": series}}).encode()


EMPTY = json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}}).encode()
ANSWERS: dict[str, tuple[int, str, bytes] | None] = {
    "HTML": (200, "text/html", b"<html><title>Log in</title></html>"),
    "NaN": (200, "application/json", _vector("NaN")),
    "an empty vector": (200, "application/json", EMPTY),
    "500": (500, "text/plain", b"out of memory"),
    "nothing at all": None,
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WiredEngine]:
    made = WiredEngine(tmp_path)
    yield made
    made.close()


@pytest.fixture(params=list(ANSWERS))
def answer(request: pytest.FixtureRequest) -> tuple[int, str, bytes] | None:
    return ANSWERS[str(request.param)]


@pytest.fixture
def server(answer: tuple[int, str, bytes] | None) -> Iterator[str]:
    class Odd(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if answer is None:
                self.close_connection = True
                return
            status, kind, body = answer
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    odd = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    threading.Thread(target=odd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{odd.server_port}"
    odd.shutdown()
    odd.server_close()


class _AtOnce:
    """Polls run where they are asked for."""

    def submit(self, work: Callable[[], None], /) -> None:
        work()


def _watched(url: str) -> Fleet:
    spec = SourceSpec("prom", "prometheus", {"url": url})
    parts = {"bad": "agent_escalations_total", "total": "agent_tasks_total"}
    query = PollQuery("her", "prom", "her", "ratio", parts, {"agent": "agent"}, serves=frozenset({("refunds", "")}))
    agent = replace(fleet().agents["refunds"], slis=(("", HER),))
    return fleet(sources={"prom": spec}, queries=(query,), agents={"refunds": agent})


def test_it_is_unknown_and_after_five_minutes_a_blind_incident(house: WiredEngine, server: str) -> None:
    house.watched = _watched(server)
    source = build(house.watched.sources["prom"], house.clock)
    assert source is not None
    poller = Poller(
        house.store,
        house.get_fleet,
        {"prom": source},
        house.clock,
        _AtOnce(),
        house.detector.evaluate,
        history_days=0.1,
    )
    for _ in range(9):
        house.clock.advance(60)
        poller.tick()
        house.detector.look_for_silence(poller.troubles)
    source.close()
    house.deliver()
    now = minute_of(house.clock.now())
    assert [
        row for row in house.store.minutes(Series("refunds", "", "her"), now - 60, now) if row.value is not None
    ] == []
    (incident,) = house.store.open_incidents()
    assert incident.kind == "blind"
    assert incident.title.startswith("no data on HER for 5 min")
    assert "inc-1/page/1/ana/slack" in house.chat.posts
