"""A deploy adds a workflow that nobody listed: it is found with the first answer, and `check --online` says it too."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.health.finding import Finding
from bot.core.model.fleet import Fleet
from bot.core.model.samples import minute_of
from bot.core.model.slis import PollQuery, SourceSpec
from bot.engine.detection.poller import Poller
from bot.engine.detection.source_checks.source_check import SourceQuestions, ask_each_query
from bot.ports.sources import Source
from bot.sources import build
from tests.contracts.odd_server import Asked, odd_server
from tests.stories.sources.partial_source import AtOnce
from tests.support.wired import HER, WiredEngine, fleet

SERIES = [
    ({"agent": "refunds", "task_class": "refund"}, 2.0),
    ({"agent": "refunds", "task_class": "chargeback-v2"}, 50.0),
    ({"agent": "refunds"}, 1.0),
    ({"agent": "Math Tutor", "task_class": "algebra"}, 1.0),
]


def answer(asked: Asked) -> None:
    ranged = "start" in asked.form
    end = float(asked.form["end"] if ranged else asked.form["time"])
    rows = []
    for labels, bad in SERIES:
        number = str(bad if asked.form["query"] == "bad" else 100 + end // 60 % 5)
        point = [end, number]
        rows.append({"metric": labels, **({"values": [point]} if ranged else {"value": point})})
    kind = "matrix" if ranged else "vector"
    asked.json({"status": "success", "data": {"resultType": kind, "result": rows}})


def watched(url: str) -> Fleet:
    parts, by = {"bad": "bad", "total": "total"}, {"agent": "agent", "workflow": "task_class"}
    query = PollQuery("her", "prom", "her", "ratio", parts, by, serves=frozenset({("refunds", "refund")}))
    agent = replace(fleet().agents["refunds"], slis=(("refund", HER),))
    return fleet(
        sources={"prom": SourceSpec("prom", "prometheus", {"url": url})}, queries=(query,), agents={"refunds": agent}
    )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WiredEngine]:
    with odd_server() as server:
        server.answer = answer
        made = WiredEngine(tmp_path, watched(server.url))
        yield made
        made.close()


@pytest.fixture
def source(house: WiredEngine) -> Iterator[Source]:
    made = build(house.watched.sources["prom"], house.clock)
    assert made is not None
    yield made
    made.close()


def test_it_is_a_ticket_with_the_first_answer(house: WiredEngine, source: Source) -> None:
    poller = Poller(
        house.store,
        house.get_fleet,
        {"prom": source},
        house.clock,
        AtOnce(),
        house.detector.evaluate,
        history_days=0.03,
        findings=house.engine.findings,
    )
    house.clock.advance(60)
    poller.tick()
    house.deliver()
    assert [one.series.workflow for one in house.store.tickets(["refunds"])] == ["", "chargeback-v2"]
    (foreign,) = house.store.tickets([""])
    assert "'Math Tutor'" in foreign.text
    posted = {post.receipt.channel for post in house.chat.posts.values() if "chargeback-v2" in str(post.content)}
    assert posted == {"C-refunds"}
    assert minute_of(house.clock.now()) - 1 == house.store.newest_minute(house.watched.agents["refunds"].series()[0])


def test_check_online_says_what_nobody_watches(house: WiredEngine, source: Source) -> None:
    spec = house.watched.sources["prom"]
    questions = SourceQuestions(house.watched, spec, source, house.clock.now())
    found: list[Finding] = list(ask_each_query(questions))
    assert [(one.level, one.text[:60]) for one in found] == [
        ("fine", "1 series answer"),
        ("warning", "refunds: source prom has a series of her that names no workf"),
        ("warning", "refunds: workflow 'chargeback-v2' is not in the fleet file: s"[:60]),
        ("warning", "source prom reports her of agents that the fleet file does n"),
    ]
