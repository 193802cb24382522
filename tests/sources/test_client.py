"""The seam: the breaker, threads, settings, the registry."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import ValidationError

from bot.core.model.samples import minute_start
from bot.core.model.slis import SourceSpec
from bot.ports.errors import SourceError
from bot.runtime.registry import REGISTRY
from bot.simulation.clock import MovableClock
from bot.sources import build
from bot.sources.circuit_breaker import COOL_DOWN, FAILURES, Breaker
from bot.sources.http import CONNECTIONS, HttpClient, HttpSettings
from tests.contracts.odd_server import Asked, OddServer


class Seconds:
    """A monotonic clock that is moved by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_breaker_opens_after_failures_in_a_row_and_lets_one_look() -> None:
    clock = Seconds()
    breaker = Breaker(clock)
    for _ in range(FAILURES - 1):
        breaker.bad("HTTP 500")
    breaker.good()
    for _ in range(FAILURES):
        assert breaker.refusal() == ""
        breaker.bad("HTTP 500")
    assert breaker.refusal() == "not asked after 5 failures in a row, tried again in 10 s (HTTP 500)"
    clock.now += COOL_DOWN
    assert breaker.refusal() == ""
    assert breaker.refusal() != "", "half open, one at a time"
    breaker.bad("HTTP 502")
    assert "HTTP 502" in breaker.refusal()
    clock.now += COOL_DOWN
    assert breaker.refusal() == ""
    breaker.good()
    assert breaker.refusal() == breaker.refusal() == ""


def test_a_refused_query_does_not_open_the_breaker(server: OddServer) -> None:
    server.answer = lambda asked: asked.json({"error": "bad query"}, 400)
    client = HttpClient("src", HttpSettings(url=server.url))
    for _ in range(FAILURES * 2):
        with pytest.raises(SourceError, match="bad query"):
            client.get("/q")
    client.close()


def test_after_five_failures_it_is_left_alone(server: OddServer) -> None:
    server.answer = lambda asked: asked.say("", 500)
    client = HttpClient("src", HttpSettings(url=server.url))
    client._closing.set()  # so that no retry waits
    for _ in range(FAILURES):
        with pytest.raises(SourceError, match="HTTP 500"):
            client.get("/q")
    asked = len(server.asked)
    with pytest.raises(SourceError, match="src: not asked after 5 failures"):
        client.get("/q")
    assert len(server.asked) == asked
    client.close()


def test_one_slow_query_does_not_use_up_the_time_of_another(server: OddServer) -> None:
    both = threading.Barrier(2, timeout=30)

    def answer(asked: Asked) -> None:
        both.wait()
        if asked.path == "/slow":
            asked.server.over.wait(30)
            asked.hang_up()
        else:
            asked.json({"ok": 1})

    server.answer = answer
    client = HttpClient("src", HttpSettings.model_validate({"url": server.url, "timeout": "3s"}))
    with ThreadPoolExecutor(2) as pool:
        slow, quick = pool.submit(client.get, "/slow"), pool.submit(client.get, "/quick")
        assert quick.result(60).data == {"ok": 1}
        with pytest.raises(SourceError, match="took longer than"):
            slow.result(60)
    client.close()


def test_many_threads_share_a_few_connections(server: OddServer) -> None:
    """Four connections for sixteen threads: a call waits its turn, and the wait counts against its deadline."""
    client = HttpClient("src", HttpSettings.model_validate({"url": server.url, "timeout": "60s"}))
    server.answer = lambda asked: asked.json({"path": asked.path})
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda index: client.get(f"/{index}").data["path"], range(200)))
    client.close()
    assert answers == [f"/{index}" for index in range(200)]
    assert len({asked._handler.client_address for asked in server.asked}) <= CONNECTIONS, "none was closed in use"


def test_closing_ends_a_retry_that_waits(server: OddServer) -> None:
    server.answer = lambda asked: asked.say("", 500)
    client = HttpClient("src", HttpSettings(url=server.url))
    client._closing.set()
    with pytest.raises(SourceError, match="HTTP 500"):
        client.get("/q")
    assert len(server.asked) == 1
    client.close()


@pytest.mark.parametrize("url", ["", "prometheus:9090", "ftp://x", "http://", "http://user:pass@host/", "http://a b/"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        HttpSettings(url=url)


def test_a_push_source_has_nothing_to_build() -> None:
    assert build(SourceSpec("gateway", "tasks"), MovableClock(minute_start(0))) is None
    assert {name for name, kind in REGISTRY.sources.items() if not kind.polled} == {"tasks", "samples", "otlp"}
