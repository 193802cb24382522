"""Simulated agents that are seen by their spans alone: what the world counts is what the real bot counts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.config import parse_fleet
from bot.core.model.fleet import Agent
from bot.core.model.samples import minute_of, minute_start
from bot.core.model.slis import Better, Objective, Sli
from bot.core.telemetry.traces.trace_rules import AgentRules, GoodEvaluation, Markers, TraceRules
from bot.runtime.registry import REGISTRY
from bot.simulation import demo_fleet, traced_fleet
from bot.simulation.curves import SimulatedTally
from bot.simulation.traced_agents import TracedAgents
from bot.simulation.world import World
from bot.sources import span_rules
from bot.sources.otlp.worker import SpanWorker
from tests.otlp.house import OtlpHouse, open_otlp
from tests.support.wired import DQR, HER, TIE, fleet

AGENT = replace(traced_fleet.AGENT, key="refunds")
TOLD = traced_fleet.INSTRUMENTATION
OWN = AgentRules(
    service=(TOLD.service,),
    escalates=Markers(tools=(TOLD.hands_over,)),
    waits=Markers(tools=(TOLD.asks,)),
    good=GoodEvaluation("correctness", 0.5),
)


@pytest.fixture(scope="module")
def worker() -> Iterator[SpanWorker]:
    made = SpanWorker()
    yield made
    made.close()


AQDD = Sli("aqdd", "Approval queue", "pending", "gauge", Better.LOWER, Objective(2, relative=True), every=60)


@pytest.fixture
def house(tmp_path: Path, worker: SpanWorker) -> Iterator[OtlpHouse]:
    watched = Agent("refunds", "ana", slis=tuple(("", sli) for sli in (DQR, TIE, HER, AQDD)))
    with open_otlp(tmp_path, worker, TraceRules({"refunds": OWN}), fleet(agents={"refunds": watched})) as opened:
        yield opened


def played(house: OtlpHouse, world: World, minutes: int, seconds: float = 20) -> TracedAgents:
    """So many minutes, sent every few seconds."""
    agents = TracedAgents(world, {"refunds": TOLD}, house.url, {"refunds": house.tokens["agent:refunds"]})
    for _ in range(int(minutes * 60 / seconds) + 1):
        agents.step()
        house.settle(seconds)
    house.settle(30)
    agents.stop()
    return agents


def counted(house: OtlpHouse, minute: int) -> Mapping[str, float | None]:
    found = {sli: house.minute(sli, minute_start(minute)) for sli in ("dqr", "tie", "her")}
    return {sli: None if row is None else row.value for sli, row in found.items()}


def shares(tally: SimulatedTally) -> Mapping[str, float]:
    return {
        "dqr": 100 * tally.good / tally.tasks,
        "tie": tally.calls / tally.tasks,
        "her": 100 * tally.escalated / tally.tasks,
    }


def test_a_minute_comes_out_as_the_world_counts_it(house: OtlpHouse) -> None:
    quiet = replace(AGENT, workflows={"match": replace(AGENT.workflows["match"], pending=0)})
    world = World(house.engine.clock, (quiet,))
    first = minute_of(house.engine.clock.now())
    agents = played(house, world, 3)
    for minute in range(first, first + 3):
        assert counted(house, minute) == pytest.approx(shares(world.tally("refunds", "match", minute)))
    told = [world.tally("refunds", "match", first + each) for each in range(4)]
    assert agents.sent >= sum(tally.calls for tally in told[:3])


def test_the_queue_is_the_worlds_and_who_was_agreed_to_is_one_task(house: OtlpHouse) -> None:
    world = World(house.engine.clock, (AGENT,))
    first = minute_of(house.engine.clock.now())
    played(house, world, 5)
    aqdd = {minute: house.minute("aqdd", minute_start(minute)) for minute in range(first, first + 5)}
    queue = [row.value if row is not None else None for row in aqdd.values()]
    assert queue == [world.tally("refunds", "match", minute).pending for minute in aqdd]
    resumed = [task for task in house.tasks() if task.queued_at is not None and task.completed]
    assert resumed
    assert all(any(use.name == TOLD.asks for use in task.tools) for task in resumed)


def test_a_fault_shows_in_the_spans_and_so_does_the_other_model(house: OtlpHouse) -> None:
    world = World(house.engine.clock, (AGENT,))
    began = world.break_agent("refunds", traced_fleet.UNSURE, lasts=30)
    played(house, world, 6)
    before, after = counted(house, minute_of(began) - 1)["her"], counted(house, minute_of(began) + 3)["her"]
    assert before is not None
    assert after is not None
    assert before < 10 < after
    models = {task.model for task in house.tasks() if task.at >= began and task.at.second > 2}
    assert models == {TOLD.faulty_model}


def test_what_is_not_taken_is_sent_again(house: OtlpHouse) -> None:
    world = World(house.engine.clock, (AGENT,))
    agents = TracedAgents(world, {"refunds": TOLD}, "http://127.0.0.1:9", {"refunds": "nobody listens here"})
    house.engine.clock.advance(60)
    agents.step()
    assert agents.sent == 0
    agents.stop()
    agents = TracedAgents(world, {"refunds": TOLD}, house.url, {"refunds": house.tokens["agent:refunds"]})
    agents._minute -= 1
    agents.step()
    assert agents.sent > 0
    agents.stop()


def test_the_demos_fleet_watches_it_by_its_spans_and_by_nothing_else() -> None:
    text = traced_fleet.with_traced(demo_fleet.fleet_text("http://127.0.0.1:9090"), 60)
    read_fleet = parse_fleet("demo fleet", text.encode(), {}, REGISTRY)
    own = read_fleet.agents[traced_fleet.TRACED]
    assert not any(query.answers(series) for series in own.series() for query in read_fleet.queries)
    rules = span_rules(read_fleet.sources)
    assert rules is not None
    assert rules.agents[traced_fleet.TRACED] == OWN
    read: dict[str, Any] = YAML(typ="safe").load(text)
    assert set(read["agents"]) == {*(agent.key for agent in demo_fleet.AGENTS), traced_fleet.TRACED}
    assert read["agents"][traced_fleet.TRACED]["owner"] == traced_fleet.OWNER
    assert [*TOLD.tools] == read["agents"][traced_fleet.TRACED]["tools"]
