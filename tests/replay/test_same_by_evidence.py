"""The same minutes, drawn task by task, through a running bot's detection by evidence and through a replay."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.core.backtest.agent_replay import ReplayEvent
from bot.core.model.fleet import Fleet
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.core.model.slis import Objective, Sli
from bot.engine.reports.backtest import Backtest
from tests.replay.test_same_as_running import told_by
from tests.support.wired import ANA, HER, START, TIE, WiredEngine, fleet

LIVED = 290
FIRST = minute_of(START)
Happening = tuple[int, str]


def by_evidence() -> Fleet:
    """A share, a mean that is held to its baseline, and a queue without counts."""
    made = fleet()
    queue = replace(TIE, name="queue", title="Waiting", unit="pending")
    slis: tuple[Sli, ...] = tuple(replace(sli, rule="evidence") for sli in (HER, TIE, queue))
    agent = replace(made.agents["refunds"], slis=tuple(("", sli) for sli in slis))
    return replace(made, agents={"refunds": agent})


def recorded(seed: int, tasks: int) -> list[MinuteRow]:
    """Hours that teach, half an hour that is ill, a relapse, and one SLI that creeps past its objective."""
    random = np.random.default_rng(seed)
    rows = list[MinuteRow]()
    for minute in range(LIVED):
        n = int(random.poisson(tasks)) + 1
        ill, creeping = 150 <= minute < 175 or 183 <= minute < 188, 170 <= minute < 200
        costs = random.lognormal(0.0, 0.5, n) * (4.5 if creeping else 2.0)
        told = {
            "her": (100 * float(random.binomial(n, 0.18 if ill else 0.02)) / n, float(n)),
            "tie": (float(costs.mean()), float(n)),
            "queue": (float(random.poisson(40 if ill else 6)), None),
        }
        rows += [MinuteRow(Series("refunds", "", name), FIRST + minute, *cell) for name, cell in told.items()]
    return rows


def silently_failed(last: int = 110) -> list[MinuteRow]:
    """A quiet day; then HER falls from 12 % to 1 % while tool calls rise by half, which is within their objective."""
    rows = list[MinuteRow]()
    for minute in range(-1440, last):
        swing, ill = (1 if minute % 2 else -1), 20 <= minute < 50
        cells = {"her": 1.0 if ill else 12.0 + 2 * swing, "tie": 3.0 if ill else 2.0 + 0.1 * swing}
        rows += [MinuteRow(Series("refunds", "", name), FIRST + minute, cell, 200.0) for name, cell in cells.items()]
    return rows


def lived(engine: WiredEngine, rows: list[MinuteRow]) -> list[Happening]:
    """What the timeline of a running bot says up to the end of the first hold; somebody acknowledges at once."""
    by_minute = defaultdict[int, list[MinuteRow]](list)
    for row in rows:
        by_minute[row.minute].append(row)
    engine.store.put_minutes([row for row in rows if row.minute < FIRST])
    for minute in range(FIRST, max(by_minute) + 1):
        engine.clock.advance(60)
        engine.monitor.judge_all()
        engine.store.put_minutes(by_minute[minute])
        engine.detector.evaluate(["refunds"], engine.clock.now())
        for incident in engine.store.open_incidents():
            if incident.acked_at is None:
                engine.commands.paging.acknowledge(ANA, incident.id)
    return [event for entry in engine.store.entries(1) for event in told_by(entry.entry)]


def until_held(told: Sequence[Happening]) -> Sequence[Happening]:
    """Nobody resolves in a running bot what a replay takes for resolved. Two breaches of one minute are told as one."""
    told = list(dict.fromkeys(told))
    held = [event for _, event in told].index("recovery_held") + 1
    return told[:held]


def both(path: Path, fleet: Fleet, rows: list[MinuteRow]) -> tuple[Sequence[Happening], list[ReplayEvent]]:
    """What a running bot and a replay make of the same minutes."""
    engine = WiredEngine(path, fleet)
    try:
        known = lived(engine, rows)
    finally:
        engine.close()
    told: list[ReplayEvent] = []
    ordered = sorted(rows, key=lambda row: row.minute)
    Backtest(engine.watched, told.append).run((r.minute, tuple(r.series), r.value, r.n) for r in ordered)  # type: ignore[misc]
    return known, [one for one in told if one.kind == "slo"]


@pytest.mark.parametrize(("seed", "tasks"), [(1, 12), (3, 300)])
def test_a_replay_judges_by_evidence_as_a_running_bot_does(tmp_path: Path, seed: int, tasks: int) -> None:
    known, told = both(tmp_path, by_evidence(), recorded(seed, tasks))
    found: list[Happening] = [(one.at, one.event) for one in told]
    assert until_held(found) == until_held(known)
    assert {"breach", "cleared", "recovery_began"} <= {event for _, event in until_held(known)}


def test_a_silent_failure_is_found_when_a_running_bot_finds_it(tmp_path: Path) -> None:
    watched = by_evidence()
    her = replace(HER, rule="evidence", watch="both", objective=Objective(20))
    tie = replace(TIE, rule="evidence", objective=Objective(3, relative=True))
    agent = replace(watched.agents["refunds"], slis=(("", her), ("", tie)))
    known, told = both(tmp_path, replace(watched, agents={"refunds": agent}), silently_failed())
    found: list[Happening] = [(one.at, one.event) for one in told]
    assert until_held(found) == until_held(known)
    [her_fell, tie_rose] = [one for one in told if one.event == "breach"][:2]
    assert (her_fell.sli, tie_rose.sli) == ("her", "tie")
    assert "a silent failure" in her_fell.reason
