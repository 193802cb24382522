"""The same minutes through a running bot's cycle and course, on SQLite, and through a replay: the same events."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bot.core.backtest.agent_replay import ReplayEvent
from bot.core.model.samples import MinuteRow, Series, minute_of
from bot.engine.reports.backtest import Backtest
from tests.support.wired import ANA, START, WiredEngine

KINDS = {
    "opened": "incident_opened",
    "breached": "breach",
    "cleared": "cleared",
    "recovery_began": "recovery_began",
    "recovery_reset": "recovery_reset",
    "recovery_held": "recovery_held",
}
BEFORE = 360
Level = Callable[[int], float]


def minutes(name: str, level: Level, seed: int) -> list[MinuteRow]:
    """Six healthy hours without noise, then `level` by minute with that of about 80 tasks a minute."""
    random = np.random.default_rng([seed, ord(name[0])])
    rows = []
    for minute in range(BEFORE + 110):
        n = int(random.poisson(80)) + 1
        now = level(minute - BEFORE)
        share = now if minute < BEFORE else 100 * float(random.binomial(n, now / 100)) / n
        rows.append(MinuteRow(Series("refunds", "", name), minute_of(START) - BEFORE + minute, share, float(n)))
    return rows


def her(minute: int) -> float:
    return 18.0 if 5 <= minute < 25 or 40 <= minute < 43 else 2.0


def dqr(minute: int) -> float:
    return 70.0 if 12 <= minute < 30 else 95.0


def running(house: WiredEngine, rows: list[MinuteRow]) -> list[tuple[int, str]]:
    """What the timeline of a running bot says, somebody acknowledging at once: (minute, event)."""
    first = minute_of(START)
    house.store.put_minutes([row for row in rows if row.minute < first])
    for minute in range(first, first + 110):
        house.clock.advance(60)
        house.monitor.judge_all()
        house.store.put_minutes([row for row in rows if row.minute == minute])
        house.detector.evaluate(["refunds"], house.clock.now())
        if any(each.acked_at is None for each in house.store.open_incidents()):
            house.commands.paging.acknowledge(ANA, 1)
    return [event for entry in house.store.entries(1) for event in told_by(entry.entry)]


def told_by(entry: object) -> list[tuple[int, str]]:
    kind = getattr(entry, "kind", "")
    at = minute_of(entry.at)  # type: ignore[attr-defined]
    if kind == "opened":
        return [(at, "breach"), (at, "incident_opened")]
    return [(at, KINDS[kind])] if kind in KINDS else []


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_replay_says_what_a_running_bot_says(tmp_path: Path, seed: int) -> None:
    rows = [*minutes("her", her, seed), *minutes("dqr", dqr, seed)]
    house = WiredEngine(tmp_path)
    try:
        lived = running(house, rows)
    finally:
        house.close()
    told: list[ReplayEvent] = []
    ordered = sorted(rows, key=lambda row: row.minute)
    Backtest(house.watched, told.append).run((r.minute, tuple(r.series), r.value, r.n) for r in ordered)  # type: ignore[misc]
    replayed = [(one.at, one.event) for one in told if one.kind == "slo"]
    assert replayed == lived
    assert {"breach", "cleared", "recovery_began", "recovery_held"} <= {event for _, event in lived}
