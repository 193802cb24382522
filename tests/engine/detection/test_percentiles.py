"""Percentiles in the running engine: from task records to the page, the agent's lines and recovery."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.core.incident.incident import IncidentState
from bot.core.model.fleet import Fleet
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.model.slis import Better, Objective, Sli
from bot.core.telemetry.tail import TailSketch, merged, read
from bot.core.telemetry.task_records import TaskRecord
from tests.support.wired import ANA, START, WiredEngine, fleet

P95 = Sli(
    "tool_calls_p95", "p95 of tool calls", "calls", "gauge", Better.LOWER, Objective(20),
    min_count=60, percentile=95, of="tool_calls", rule="evidence",
)  # fmt: skip
WHOLE = Series("refunds", "", "tool_calls_p95")
NOW = minute_of(START)


def watched(*slis: tuple[str, Sli]) -> Fleet:
    made = fleet()
    agent = replace(made.agents["refunds"], workflows=("refund", "goodwill"), slis=slis or (("", P95),))
    return replace(made, agents={"refunds": agent})


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[WiredEngine]:
    """An agent whose tasks took about 8 calls for a day, 50 tasks a minute."""
    made = WiredEngine(tmp_path, watched())
    dice = random.Random(3)  # noqa: S311 - traffic is no secret
    rows = []
    for minute in range(NOW - 1440, NOW):
        tail = TailSketch.of(95, [float(dice.randint(4, 13)) for _ in range(50)])
        rows.append(MinuteRow(WHOLE, minute, tail.value, 50.0, tail=tail.text()))
    made.store.put_minutes(rows)
    yield made
    made.close()


def live(engine: WiredEngine, minutes: int, *, loops: float = 0.0, seed: int = 5) -> None:
    """Fifty tasks a minute, of which a share loops, pushed as each minute ends."""
    dice = random.Random(seed)  # noqa: S311 - traffic is no secret
    for _ in range(minutes):
        first = engine.clock.now()
        calls = [dice.randint(30, 60) if dice.random() < loops else dice.randint(4, 13) for _ in range(50)]
        engine.clock.advance(60)
        tasks = [
            TaskRecord(
                f"{first:%H%M}-{number}", "refunds", "refund" if number % 2 else "goodwill",
                first + timedelta(seconds=number), tool_calls=each, completed=True,
            )
            for number, each in enumerate(calls)
        ]  # fmt: skip
        engine.engine.intake.tasks(tasks)
        engine.monitor.deadlines()
        engine.monitor.judge_all()
        engine.deliver()


def test_a_tail_that_grows_pages_with_the_percentile_in_the_sentence(engine: WiredEngine) -> None:
    live(engine, 10)
    assert engine.store.incidents(10) == []
    live(engine, 3, loops=0.2)
    (breach,) = engine.incident().breaches
    assert breach.series == WHOLE
    assert breach.value > 30
    assert breach.limit == 20
    assert breach.why.startswith("p95 of tool calls ")
    assert "tasks past 20" in breach.why
    assert breach.baseline is not None
    assert breach.baseline.value == pytest.approx(13, rel=0.02)


@pytest.mark.slow
def test_an_incident_of_a_percentile_recovers_when_the_tail_is_back(engine: WiredEngine) -> None:
    live(engine, 5, loops=0.2)
    engine.commands.paging.acknowledge(ANA, 1)
    live(engine, 20, seed=6)
    (line,) = engine.views.recovery_card(engine.incident(), engine.clock.now()).lines
    assert (line.status, line.unit) == ("in-band", "calls")
    assert line.band == pytest.approx(1.1 * 13, rel=0.02)
    assert "tasks can tell)" in line.why
    live(engine, 30, seed=7)
    incident = engine.incident()
    assert incident.state is IncidentState.RECOVERED, incident.state
    assert incident.breaches[0].cleared_at is not None


def test_the_agents_lines_show_the_merged_percentile(engine: WiredEngine) -> None:
    live(engine, 3)
    agent = engine.get_fleet().agents["refunds"]
    (line,) = engine.views.agent_card(agent, engine.clock.now()).row.lines
    assert line.status == "ok"
    assert line.now == pytest.approx(13, rel=0.02)
    assert line.n == 100, "two minutes, since one has fewer than the 60 tasks that a p95 needs"
    said = engine.views.sli_words(agent, "tool_calls_p95", engine.clock.now())
    assert "p95 of tool calls" in said
    assert "limit ≤ 20 calls, normal 13" in said


def test_workflows_are_measured_apart_and_merge_to_their_agent(engine: WiredEngine) -> None:
    engine.watched = watched(("", P95), ("refund", P95), ("goodwill", P95))
    live(engine, 1)
    rows = [
        row
        for flow in ("", "refund", "goodwill")
        for row in engine.store.minutes(WHOLE._replace(workflow=flow), NOW, NOW)
    ]
    whole, *parts = [read(row.tail) for row in rows]
    assert merged(parts, 95) == whole
    assert [part.n for part in parts] == [25, 25]


def test_a_word_that_comes_late_or_again_changes_the_sketch_like_any_value(engine: WiredEngine) -> None:
    engine.clock.advance(60)
    tasks = [
        TaskRecord(f"t{n}", "refunds", "refund", START + timedelta(seconds=n), tool_calls=n, completed=True)
        for n in range(50)
    ]
    engine.engine.intake.tasks(tasks[25:])
    engine.engine.intake.tasks(tasks[:25])
    engine.engine.intake.tasks([replace(tasks[7], tool_calls=90, at=START + timedelta(seconds=51))])
    (row,) = engine.store.minutes(WHOLE, NOW, NOW)
    expected = [float(n) for n in range(50) if n != 7] + [90.0]
    assert read(row.tail) == TailSketch.of(95, expected)
    assert row.n == 50


def test_cost_and_time_come_from_the_tasks_that_say(tmp_path: Path) -> None:
    cost, time = (replace(P95, name=f"{of}_p95", of=of) for of in ("cost", "duration"))
    engine = WiredEngine(tmp_path, watched(("", cost), ("", time)))
    engine.clock.advance(60)
    engine.engine.intake.tasks(
        [TaskRecord(f"t{n}", "refunds", "refund", START, cost=0.5, completed=True) for n in range(9)]
        + [TaskRecord("slow", "refunds", "refund", START, seconds=40.0, completed=True)]
    )
    told = {
        sli: [(row.n, row.value) for row in engine.store.minutes(Series("refunds", "", sli), NOW, NOW)]
        for sli in ("cost_p95", "duration_p95")
    }
    engine.close()
    assert told["cost_p95"][0][0] == 9
    assert told["cost_p95"][0][1] == pytest.approx(0.5, rel=0.01)
    assert told["duration_p95"][0][0] == 1
    assert told["duration_p95"][0][1] == pytest.approx(40, rel=0.01)
