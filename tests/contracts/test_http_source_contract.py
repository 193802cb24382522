"""What a source that is asked over HTTP promises beside the contract of all sources: odd answers, redirects, clocks."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from bot.core.model.samples import Sample
from bot.ports.errors import SourceError
from tests.contracts import source_harnesses
from tests.contracts.harnesses import harnesses_of
from tests.contracts.http_world import HttpWorld, hang, hang_up
from tests.contracts.odd_server import Asked, Stopwatch, odd_server
from tests.contracts.source_harnesses import MINUTE, Conditions
from tests.support.patience import PATIENCE as LONG

PATIENCE, HASTE = 30.0, 0.4
HTTP = ("prometheus", "prometheus-one-query", "http_json")
"""The harnesses whose world is a server."""


@pytest.fixture(params=HTTP)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HttpWorld]:
    yield from opened(request.param, PATIENCE, tmp_path)


@pytest.fixture(params=HTTP)
def hasty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HttpWorld]:
    """The same with little patience."""
    yield from opened(request.param, HASTE, tmp_path)


def opened(name: str, patience: float, folder: Path) -> Iterator[HttpWorld]:
    found = {key: made for kind in harnesses_of(source_harnesses).values() for key, made in kind.HARNESSES.items()}
    with found[name](Conditions(patience, folder, lambda: "")) as made:
        yield made


def fetch(world: HttpWorld) -> tuple[Sample, ...]:
    return world.source.fetch(world.query, MINUTE, MINUTE).samples


def refusal(world: HttpWorld) -> str:
    with pytest.raises(SourceError) as caught:
        fetch(world)
    assert str(caught.value).startswith("src: ")
    return str(caught.value)


def good(world: HttpWorld) -> Callable[[Asked], None]:
    world.says("9", "50")
    return world.answer


HTML = "<!doctype html><html><head><title>Sign in\n to <b></title></head><body>...</body></html>"


def test_a_page_is_named_by_its_title(world: HttpWorld) -> None:
    world.server.answer = lambda asked: asked.say(HTML)
    assert refusal(world) == "src: answered HTML, not JSON: Sign in to <b>"


@pytest.mark.parametrize("body", ["", "   ", "OK", "{", '{"a": 1}{', "[" * 100_000, "\x00\x01", "1" * 5000])
def test_what_is_not_json_is_refused(world: HttpWorld, body: str) -> None:
    world.server.answer = lambda asked: asked.say(body)
    assert len(refusal(world)) < 200


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
def test_json_of_another_shape_is_no_sample(world: HttpWorld, data: object) -> None:
    world.server.answer = lambda asked: asked.json(data)
    with suppress(SourceError):
        assert not [sample for sample in fetch(world) if sample.value is not None]


def test_a_500_is_tried_again_and_then_said(world: HttpWorld) -> None:
    world.server.answer = lambda asked: asked.say("boom", 500)
    assert refusal(world) == f"src: HTTP 500 from {world.path} (boom)"
    assert len(world.server.asked) == 3


def test_a_source_that_recovers_in_time_has_answered(world: HttpWorld) -> None:
    answers = good(world)
    world.server.answer = lambda asked: asked.say("wait", 503) if len(world.server.asked) < 2 else answers(asked)
    assert [sample.value for sample in fetch(world)] == [18.0]


def test_a_refusal_is_not_tried_again(world: HttpWorld) -> None:
    world.server.answer = lambda asked: asked.json({"status": "error", "error": "who are you?"}, 401)
    assert refusal(world).endswith("(who are you?)")
    assert len(world.server.asked) == 1


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
def test_nothing_outlasts_the_deadline(hasty: HttpWorld, slow: Callable[[Asked], None]) -> None:
    hasty.server.answer = slow
    with Stopwatch() as watch:
        assert refusal(hasty) == "src: took longer than 0.4s"
    assert watch.took < LONG / 2, "the server would go on for twice as long"


def half(asked: Asked) -> None:
    asked.head(200, Content_Length="50")
    asked.raw(b'{"status"')
    asked.hang_up()


def gibberish(asked: Asked) -> None:
    asked.raw(b"\x16\x03\x01 not http at all\r\n\r\n")
    asked.hang_up()


@pytest.mark.parametrize("broken", [hang_up, half, gibberish])
def test_a_broken_connection_is_said(world: HttpWorld, broken: Callable[[Asked], None]) -> None:
    world.server.answer = broken
    assert "broke off or did not speak HTTP" in refusal(world)


def test_a_source_that_is_not_there_is_said(world: HttpWorld) -> None:
    world.server.shutdown()
    world.server.server_close()
    assert "no connection to 127.0.0.1" in refusal(world)


def test_an_answer_without_end_is_cut(world: HttpWorld) -> None:
    world.server.answer = lambda asked: asked.say(b" " * 1_100_000)
    assert "more than 1 MB" in refusal(world)


def test_a_packed_answer_is_measured_unpacked(world: HttpWorld) -> None:
    world.server.answer = lambda asked: asked.say(gzip.compress(b" " * 50_000_000), Content_Encoding="gzip")
    assert "more than 1 MB" in refusal(world)


def test_a_packed_answer_that_is_not_is_said(world: HttpWorld) -> None:
    world.server.answer = lambda asked: asked.say(b"not packed", Content_Encoding="gzip")
    refusal(world)


def test_a_redirect_to_another_host_is_refused_and_not_asked(world: HttpWorld) -> None:
    with odd_server() as thief:
        world.server.answer = lambda asked: asked.say("", 307, Location=f"{thief.url}/steal")
        assert f"redirects to {thief.url}" in refusal(world)
        assert thief.asked == []


def test_a_redirect_on_the_same_host_is_followed(world: HttpWorld) -> None:
    answers = good(world)

    def answer(asked: Asked) -> None:
        if asked.path.startswith("/moved"):
            answers(asked)
        else:
            asked.say("", 307, Location="/moved")

    world.server.answer = answer
    assert [sample.value for sample in fetch(world)] == [18.0]


@pytest.mark.parametrize("target", ["/", "", "http://[", "ftp://x/y", "javascript:alert(1)"])
def test_a_redirect_that_leads_nowhere_ends(world: HttpWorld, target: str) -> None:
    world.server.answer = lambda asked: asked.say("", 302, Location=target)
    refusal(world)


def test_a_clock_that_is_off_is_said(world: HttpWorld) -> None:
    world.says("9", "50")
    world.server.answer = lambda asked: asked.json(world.body(asked, world.items), Date="Wed, 01 Jan 2020 00:00:00 GMT")
    found = world.source.fetch(world.query, MINUTE, MINUTE)
    assert [sample.value for sample in found.samples] == [18.0]
    assert found.skew is not None
    assert found.skew < -1e6
    assert "s behind ours" in found.warnings[0]


def test_a_source_on_this_machine_is_asked_without_the_proxy(world: HttpWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    good(world)
    fresh = world.again()
    assert [sample.value for sample in fresh.fetch(world.query, MINUTE, MINUTE).samples] == [18.0]
    fresh.close()


def test_parameters_of_the_address_go_along_with_every_request(world: HttpWorld) -> None:
    """`url: http://h/thanos?partial_response=false`."""
    source = world.again("/thanos?partial_response=false")
    answers = good(world)

    def answer(asked: Asked) -> None:
        if "/moved" in asked.path:
            answers(asked)
        else:
            asked.say("", 307, Location="/thanos/moved")

    world.server.answer = answer
    assert [sample.value for sample in source.fetch(world.query, MINUTE, MINUTE).samples] == [18.0]
    source.close()
    assert world.server.asked[0].path == f"/thanos{world.path}?partial_response=false"
    assert {asked.path.partition("?")[2] for asked in world.server.asked} == {"partial_response=false"}
