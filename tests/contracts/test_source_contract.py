"""Every source in the registry keeps the same promise: what is not a good answer is a SourceError or no sample.

Never an exception of another kind, never a 0 that nobody sent, never later than its deadline. A polled kind without a
harness here fails the first test.
"""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import pytest

from bot.core.model.samples import Sample, Series, minute_start
from bot.core.model.slis import PollQuery, SourceSpec
from bot.ports.errors import SourceError
from bot.ports.sources import Source
from bot.simulation.clock import MovableClock
from bot.sources import KINDS, build
from tests.contracts.odd_server import Asked, OddServer, Stopwatch, odd_server

MINUTE = 29_400_000
NOW = minute_start(MINUTE + 1)
PATIENCE = 2.0
HASTE = 0.4
HER = Series("refunds", "", "her")


@dataclass(frozen=True)
class Harness:
    """How one kind is asked for the HER of `refunds`, and what its server says when 9 of 50 tasks were bad."""

    query: PollQuery
    good: Callable[[str], object]
    """The body for the part that a request asks for, with a number as text."""
    settings: dict[str, object]

    def answer(self, **numbers: str) -> Callable[[Asked], None]:
        return lambda asked: asked.json(self.body(asked, numbers))

    def body(self, asked: Asked, numbers: dict[str, str]) -> object:
        if self.query.parts["bad"] == "bad_query":
            return self.good(numbers["bad" if asked.form["query"] == "bad_query" else "total"])
        return self.good(f'{{"bad": {numbers["bad"]}, "total": {numbers["total"]}}}')


def vector(number: str) -> object:
    result = [{"metric": {"agent": "refunds"}, "value": [(MINUTE + 1) * 60, number]}]
    return {"status": "success", "data": {"resultType": "vector", "result": result}}


def query(parts: dict[str, str], by: dict[str, str]) -> PollQuery:
    return PollQuery("her", "src", "her", "ratio", parts, by, serves=frozenset({("refunds", "")}))


HARNESSES = {
    "prometheus": Harness(query({"bad": "bad_query", "total": "total_query"}, {"agent": "agent"}), vector, {}),
    "http_json": Harness(
        query({"items": "agents", "bad": "bad", "total": "total", "path": "/her"}, {"agent": "name"}),
        lambda text: {"agents": [{"name": "refunds", **json.loads(text)}]},
        {},
    ),
}


@dataclass
class Bench:
    """One kind before one server."""

    harness: Harness
    server: OddServer
    source: Source

    def fetch(self) -> tuple[Sample, ...]:
        return self.source.fetch(self.harness.query, MINUTE, MINUTE).samples

    def refusal(self) -> str:
        with pytest.raises(SourceError) as caught:
            self.fetch()
        assert str(caught.value).startswith("src: ")
        return str(caught.value)


@pytest.fixture(params=sorted(HARNESSES))
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with odd_server() as server:
        yield from opened(request.param, server)


@pytest.fixture(params=sorted(HARNESSES))
def hasty(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The same with little patience."""
    with odd_server() as server:
        yield from opened(request.param, server, HASTE)


def opened(kind: str, server: OddServer, patience: float = PATIENCE) -> Iterator[Bench]:
    harness = HARNESSES[kind]
    settings = {"url": server.url, "timeout": f"{patience}s", "max_megabytes": 1, **harness.settings}
    source = build(SourceSpec("src", kind, settings), MovableClock(NOW))
    assert source is not None
    yield Bench(harness, server, source)
    source.close()


def test_every_polled_kind_has_a_harness() -> None:
    assert {name for name, kind in KINDS.items() if kind.polled} == set(HARNESSES)


def test_a_good_answer_is_a_sample_of_its_minute(bench: Bench) -> None:
    bench.server.answer = bench.harness.answer(bad="9", total="50")
    assert bench.fetch() == (Sample(HER, minute_start(MINUTE), 18.0, 50.0),)


def test_no_tasks_is_an_idle_minute_and_not_a_zero(bench: Bench) -> None:
    bench.server.answer = bench.harness.answer(bad="0", total="0")
    assert bench.fetch() == (Sample(HER, minute_start(MINUTE), None, 0.0),)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_sample(bench: Bench, number: str) -> None:
    bench.server.answer = bench.harness.answer(bad=number, total="50")
    assert bench.fetch() == ()
    bench.server.answer = bench.harness.answer(bad="9", total=number)
    assert bench.fetch() == ()


def test_a_share_that_cannot_be_has_no_value_and_says_why(bench: Bench) -> None:
    bench.server.answer = bench.harness.answer(bad="70", total="50")
    found = bench.source.fetch(bench.harness.query, MINUTE, MINUTE)
    assert found.samples == (Sample(HER, minute_start(MINUTE), None, None, "140 % of 50 cannot be"),)
    assert found.warnings == ("src: refunds/her: 140 % of 50 cannot be",)


def empty(asked: Asked) -> None:
    asked.json({"status": "success", "data": {"resultType": "vector", "result": []}, "agents": []})


def test_an_empty_answer_is_no_sample(bench: Bench) -> None:
    bench.server.answer = empty
    assert bench.fetch() == ()


def test_another_agent_is_nobody_we_asked_for(bench: Bench) -> None:
    def strange(asked: Asked) -> None:
        asked.say(json.dumps(bench.harness.body(asked, {"bad": "1", "total": "2"})).replace("refunds", "stranger"))

    bench.server.answer = strange
    assert bench.fetch() == ()


HTML = "<!doctype html><html><head><title>Sign in\n to <b></title></head><body>...</body></html>"


def test_a_page_is_named_by_its_title(bench: Bench) -> None:
    bench.server.answer = lambda asked: asked.say(HTML)
    assert bench.refusal() == "src: answered HTML, not JSON: Sign in to <b>"


@pytest.mark.parametrize("body", ["", "   ", "OK", "{", '{"a": 1}{', "[" * 100_000, "\x00\x01", "1" * 5000])
def test_what_is_not_json_is_refused(bench: Bench, body: str) -> None:
    bench.server.answer = lambda asked: asked.say(body)
    assert len(bench.refusal()) < 200


ITEMS: tuple[object, ...] = (
    None,
    1,
    "x",
    [],
    {},
    {"metric": None},
    {"metric": {"agent": "refunds"}, "value": None},
    {"metric": {"agent": "refunds"}, "value": [1]},
    {"metric": {"agent": 5}, "value": [0, "1"]},
    {"metric": {"agent": "refunds"}, "value": ["x", {}]},
    {"name": "refunds", "bad": {}, "total": True},
    {"name": 7, "bad": 1, "total": 2},
)
SHAPES: tuple[object, ...] = (
    *(None, 1, "x", [], [1], {}, {"status": "success"}, {"status": "success", "data": None}, {"agents": 5}),
    *({"status": "success", "data": {"resultType": kind, "result": "x"}} for kind in ("vector", "matrix", "string")),
    *({"status": "success", "data": {"resultType": "vector", "result": [one]}, "agents": [one]} for one in ITEMS),
)


@pytest.mark.parametrize("data", SHAPES)
def test_json_of_another_shape_is_no_sample(bench: Bench, data: object) -> None:
    bench.server.answer = lambda asked: asked.json(data)
    with suppress(SourceError):
        assert [sample.value for sample in bench.fetch() if sample.value is not None] == []


def test_a_500_is_tried_again_and_then_said(bench: Bench) -> None:
    bench.server.answer = lambda asked: asked.say("boom", 500)
    path = "/api/v1/query" if bench.harness.query.parts["bad"] == "bad_query" else "/her"
    assert bench.refusal() == f"src: HTTP 500 from {path} (boom)"
    assert len(bench.server.asked) == 3


def test_a_source_that_recovers_in_time_has_answered(bench: Bench) -> None:
    good = bench.harness.answer(bad="9", total="50")
    bench.server.answer = lambda asked: asked.say("wait", 503) if len(bench.server.asked) < 2 else good(asked)
    assert [sample.value for sample in bench.fetch()] == [18.0]


def test_a_refusal_is_not_tried_again(bench: Bench) -> None:
    bench.server.answer = lambda asked: asked.json({"status": "error", "error": "who are you?"}, 401)
    assert bench.refusal().endswith("(who are you?)")
    assert len(bench.server.asked) == 1


def hang(asked: Asked) -> None:
    asked.server.over.wait(20)
    asked.hang_up()


def drip_headers(asked: Asked) -> None:
    asked.raw(b"HTTP/1.1 200 OK\r\n")
    asked.drip(b"X-Slow: " + b"x" * 2000)
    asked.hang_up()


def drip_body(asked: Asked) -> None:
    asked.head(200, Content_Length="2000")
    asked.drip(b" " * 2000)
    asked.hang_up()


def stall_in_body(asked: Asked) -> None:
    asked.head(200, Content_Length="2000")
    asked.raw(b" ")
    hang(asked)


@pytest.mark.parametrize("slow", [hang, drip_headers, drip_body, stall_in_body])
def test_nothing_outlasts_the_deadline(hasty: Bench, slow: Callable[[Asked], None]) -> None:
    hasty.server.answer = slow
    with Stopwatch() as watch:
        assert hasty.refusal() == "src: took longer than 0.4s"
    assert watch.took < 10, "the server would go on for 20 s and more"


def close(asked: Asked) -> None:
    asked.hang_up()


def half(asked: Asked) -> None:
    asked.head(200, Content_Length="50")
    asked.raw(b'{"status"')
    asked.hang_up()


def gibberish(asked: Asked) -> None:
    asked.raw(b"\x16\x03\x01 not http at all\r\n\r\n")
    asked.hang_up()


@pytest.mark.parametrize("broken", [close, half, gibberish])
def test_a_broken_connection_is_said(bench: Bench, broken: Callable[[Asked], None]) -> None:
    bench.server.answer = broken
    assert "broke off or did not speak HTTP" in bench.refusal()


def test_a_source_that_is_not_there_is_said(bench: Bench) -> None:
    bench.server.shutdown()
    bench.server.server_close()
    assert "no connection to 127.0.0.1" in bench.refusal()


def test_an_answer_without_end_is_cut(bench: Bench) -> None:
    bench.server.answer = lambda asked: asked.say(b" " * 1_100_000)
    assert "more than 1 MB" in bench.refusal()


def test_a_packed_answer_is_measured_unpacked(bench: Bench) -> None:
    bench.server.answer = lambda asked: asked.say(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip")
    assert "more than 1 MB" in bench.refusal()


def test_a_packed_answer_that_is_not_is_said(bench: Bench) -> None:
    bench.server.answer = lambda asked: asked.say(b"not packed", Content_Encoding="gzip")
    bench.refusal()


def test_a_redirect_to_another_host_is_refused_and_not_asked(bench: Bench) -> None:
    with odd_server() as thief:
        bench.server.answer = lambda asked: asked.say("", 307, Location=f"{thief.url}/steal")
        assert f"redirects to {thief.url}" in bench.refusal()
        assert thief.asked == []


def test_a_redirect_on_the_same_host_is_followed(bench: Bench) -> None:
    good = bench.harness.answer(bad="9", total="50")

    def answer(asked: Asked) -> None:
        if asked.path.startswith("/moved"):
            good(asked)
        else:
            asked.say("", 307, Location="/moved")

    bench.server.answer = answer
    assert [sample.value for sample in bench.fetch()] == [18.0]


@pytest.mark.parametrize("target", ["/", "", "http://[", "ftp://x/y", "javascript:alert(1)"])
def test_a_redirect_that_leads_nowhere_ends(bench: Bench, target: str) -> None:
    bench.server.answer = lambda asked: asked.say("", 302, Location=target)
    bench.refusal()


def test_a_clock_that_is_off_is_said(bench: Bench) -> None:
    bench.server.answer = lambda asked: asked.json(
        bench.harness.body(asked, {"bad": "9", "total": "50"}), Date="Wed, 01 Jan 2020 00:00:00 GMT"
    )
    found = bench.source.fetch(bench.harness.query, MINUTE, MINUTE)
    assert [sample.value for sample in found.samples] == [18.0]
    assert found.skew is not None
    assert found.skew < -1e6
    assert "s behind ours" in found.warnings[0]


def test_the_machines_proxy_is_not_heeded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    bench.server.answer = bench.harness.answer(bad="9", total="50")
    for fresh in opened("http_json" if "path" in bench.harness.query.parts else "prometheus", bench.server):
        assert [sample.value for sample in fresh.fetch()] == [18.0]


def test_sample_times_stand_in_their_minute(bench: Bench) -> None:
    bench.server.answer = bench.harness.answer(bad="9", total="50")
    at: datetime = bench.fetch()[0].at
    assert minute_start(MINUTE) <= at < minute_start(MINUTE + 1)
