"""Any JSON, by JMESPath: whose, when, how much."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from bot.core.model.aliases import Aliases
from bot.core.model.samples import Series, minute_start
from bot.core.model.slis import PollQuery, SourceSpec
from bot.ports.errors import SourceError
from bot.ports.sources import Fetch, Source
from bot.simulation.clock import MovableClock
from bot.sources import build
from bot.sources.http_json.adapter import fault
from tests.contracts.odd_server import OddServer

M = 29_400_000
NOW = minute_start(M + 1)
BOTH = frozenset({("refunds", ""), ("kyc", "")})
ONE = frozenset({("refunds", "")})
PLAIN = PollQuery("tie", "desk", "tie", "gauge", {"value": "tie", "count": "n"}, agent="refunds", serves=ONE)
TIMED = replace(PLAIN, parts={**PLAIN.parts, "time": "at"})

Ask = Callable[..., Fetch]


@pytest.fixture
def desk(server: OddServer) -> Iterator[Source]:
    settings = {"url": f"{server.url}/v1?team=a", "username": "u", "password": "p"}
    source = build(SourceSpec("desk", "http_json", settings), MovableClock(NOW))
    assert source is not None
    yield source
    source.close()


@pytest.fixture
def ask(server: OddServer, desk: Source) -> Ask:
    def asking(query: PollQuery, data: object, first: int = M, last: int = M) -> Fetch:
        server.answer = lambda asked: asked.json(data)
        return desk.fetch(query, first, last)

    return asking


def test_one_document_for_one_agent(server: OddServer, ask: Ask) -> None:
    found = ask(PLAIN, {"tie": 4.5, "n": 20})
    assert [(s.series, s.at, s.value, s.n) for s in found.samples] == [
        (Series("refunds", "", "tie"), minute_start(M), 4.5, 20.0)
    ]
    assert server.asked[0].path == "/v1?team=a"
    assert server.asked[0].headers["Authorization"] == "Basic dTpw"


def test_a_path_is_added_and_cannot_leave_the_host(server: OddServer, ask: Ask) -> None:
    ask(replace(PLAIN, parts={**PLAIN.parts, "path": "tie.json?window=1m"}), {"tie": 1, "n": 1})
    ask(replace(PLAIN, parts={**PLAIN.parts, "path": "//elsewhere.example/x"}), {"tie": 1, "n": 1})
    assert [asked.path for asked in server.asked] == [
        "/v1/tie.json?team=a&window=1m",
        "/v1/elsewhere.example/x?team=a",
    ]


def test_many_agents_in_one_answer(ask: Ask) -> None:
    query = replace(PLAIN, agent="", serves=BOTH, by={"agent": "who.name"}, parts={**PLAIN.parts, "items": "all[?on]"})
    rows = [
        {"who": {"name": name}, "on": on, "tie": 2, "n": 5}
        for name, on in (("refunds", True), ("kyc", False), ("x", True))
    ]
    assert [s.series.agent for s in ask(query, {"all": rows}).samples] == ["refunds"]


def test_twice_in_one_answer_is_refused(ask: Ask) -> None:
    query = replace(PLAIN, parts={**PLAIN.parts, "items": "all"})
    found = ask(query, {"all": [{"tie": 2, "n": 5}, {"tie": 9, "n": 5}]})
    assert [s.value for s in found.samples] == [None]
    assert "stands several times" in found.samples[0].degraded
    assert "stands several times" in found.warnings[0]


@pytest.mark.parametrize(("given", "value"), [("4.5", 4.5), (" 4 ", 4.0), (4, 4.0), (4.5, 4.5)])
def test_a_number_may_be_text(ask: Ask, given: object, value: float) -> None:
    assert [s.value for s in ask(PLAIN, {"tie": given, "n": "20"}).samples] == [value]


@pytest.mark.parametrize("given", [True, False, "x", "", [1], {}, "NaN", "inf", float("nan"), 10**400, None])
def test_what_is_no_number_is_no_sample(ask: Ask, given: object) -> None:
    for data in ({"tie": given, "n": 20}, {"tie": 4.5, "n": given}):
        samples = ask(PLAIN, data).samples
        assert [s.value for s in samples if s.value is not None] == []
        assert all("not a number" in s.degraded for s in samples)


def test_what_is_there_and_is_no_number_is_said(ask: Ask) -> None:
    found = ask(PLAIN, {"tie": True, "n": 20})
    assert found.warnings == ("desk: refunds/tie: `value` is true or false, not a number",)
    assert ask(PLAIN, {"tie": None, "n": 20}).warnings == ()


TIMES = [M * 60, M * 60 + 59, float(M * 60 + 7), M * 60_000, f"{M * 60}", minute_start(M).isoformat()]


@pytest.mark.parametrize(
    "at", [*TIMES, minute_start(M).strftime("%Y-%m-%dT%H:%M:%SZ"), f"{minute_start(M):%Y-%m-%d %H:%M}"]
)
def test_times_of_every_kind(ask: Ask, at: object) -> None:
    found = ask(TIMED, {"tie": 2, "n": 5, "at": at})
    assert [s.at for s in found.samples] == [minute_start(M)]


@pytest.mark.parametrize("at", [True, "yesterday", [], -1e30, 10**400])
def test_a_time_that_is_none_is_said_and_makes_no_sample(ask: Ask, at: object) -> None:
    found = ask(TIMED, {"tie": 2, "n": 5, "at": at})
    assert [s.value for s in found.samples] == [None]
    assert "not a time" in found.samples[0].degraded
    assert "not a time" in found.warnings[0]


def test_a_stale_answer_is_no_sample_and_is_said(ask: Ask) -> None:
    found = ask(TIMED, {"tie": 2, "n": 5, "at": (M - 10) * 60})
    assert [(s.value, s.degraded[:26]) for s in found.samples] == [(None, "its newest value is 10 min")]
    assert found.warnings == ("desk: refunds/tie: its newest value is 10 min old, though it is asked every 60 s",)


def test_an_answer_from_the_future_is_no_sample_and_is_said(ask: Ask) -> None:
    found = ask(TIMED, {"tie": 2, "n": 5, "at": (M + 60) * 60})
    assert [s.value for s in found.samples] == [None]
    assert "ahead of our clock" in found.samples[0].degraded
    assert "ahead of our clock" in found.warnings[0]


def test_a_live_answer_stands_for_the_minute_just_over(ask: Ask) -> None:
    assert [s.at for s in ask(TIMED, {"tie": 2, "n": 5, "at": (M + 1) * 60 + 3}).samples] == [minute_start(M)]


def test_several_minutes_in_one_answer(ask: Ask) -> None:
    query = replace(TIMED, parts={**TIMED.parts, "items": "minutes"})
    data = {"minutes": [{"at": minute * 60, "tie": minute - M, "n": 5} for minute in range(M - 5, M + 2)]}
    found = ask(query, data, M - 2, M)
    assert [(s.at, s.value) for s in found.samples] == [(minute_start(M + i), float(i)) for i in (-2, -1, 0)]
    assert found.warnings == ()


def test_without_a_time_it_cannot_tell_the_past(ask: Ask) -> None:
    assert ask(PLAIN, {"tie": 4.5, "n": 20}, M - 500, M - 400).samples == ()
    assert [s.at for s in ask(PLAIN, {"tie": 4.5, "n": 20}, M - 30, M).samples] == [minute_start(M)]


def test_items_that_are_no_list_are_an_error(ask: Ask) -> None:
    with pytest.raises(SourceError, match="`items` of tie found an object, not a list"):
        ask(replace(PLAIN, parts={**PLAIN.parts, "items": "all"}), {"all": {}})


def test_an_expression_that_does_not_fit_the_data_finds_nothing(ask: Ask) -> None:
    assert ask(replace(PLAIN, parts={"value": "length(tie)"}), {"tie": 5}).samples == ()


def test_texts_are_checked_before_they_are_asked() -> None:
    assert fault("value", "a.b[0]") == fault("path", "/x?y=1") == ""
    assert fault("value", "a..b").startswith("not JMESPath")
    assert "a path" in fault("path", "https://elsewhere.example/")


def test_names_in_the_answer_may_be_other_names_and_strangers_are_told_of(ask: Ask) -> None:
    aliases = Aliases({"返金": "refunds"})
    query = replace(PLAIN, agent="", serves=BOTH, by={"agent": "who"}, parts={**PLAIN.parts, "items": "all"})
    rows = [{"who": who, "tie": 2, "n": 5} for who in ("返金", "x", None)]
    found = ask(replace(query, aliases=aliases), {"all": rows})
    assert [s.series.agent for s in found.samples] == ["refunds"]
    assert found.strangers == {("x", ""), ("", "")}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"timed_out": True, "_shards": {"failed": 0}}, "true"),
        ({"timed_out": False, "_shards": {"failed": 2}}, "true"),
        ({"timed_out": False, "_shards": {"failed": 0}}, ""),
        ({"_shards": {}}, ""),
    ],
)
def test_an_answer_that_says_that_it_is_partial_is_in_doubt(ask: Ask, said: dict[str, object], found: str) -> None:
    """As Elasticsearch and OpenSearch do, at 200."""
    query = replace(PLAIN, parts={**PLAIN.parts, "partial": "timed_out || _shards.failed > `0`"})
    answer = ask(query, {"tie": 4.5, "n": 20, **said})
    doubt = f"the answer says that it is partial (`partial` found {found})" if found else ""
    assert [(one.value, one.degraded) for one in answer.samples] == [(4.5, doubt)]
    assert answer.warnings == ((f"desk: refunds/tie: {doubt}",) if doubt else ())


@pytest.mark.parametrize(
    ("query", "age", "doubted"),
    [(PLAIN, "900", True), (PLAIN, "60", False), (PLAIN, "soon", False), (TIMED, "900", False)],
)
def test_an_answer_without_a_time_that_a_cache_kept_is_in_doubt(
    server: OddServer, desk: Source, query: PollQuery, age: str, *, doubted: bool
) -> None:
    data = {"tie": 4.5, "n": 20, "at": minute_start(M).isoformat()}
    server.answer = lambda asked: asked.json(data, 200, Age=age)
    (found,) = desk.fetch(query, M, M).samples
    assert (found.degraded != "") is doubted
    if doubted:
        assert found.degraded.startswith(
            "its newest value is 15 min old, though it is asked every 60 s (a cache kept it"
        )
