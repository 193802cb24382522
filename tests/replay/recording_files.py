"""Fleets and recordings for the tests of replay, written down shortly."""

import csv
import io
from collections.abc import Iterable, Iterator

from bot.core.backtest.agent_replay import ReplayEvent
from bot.core.model.fleet import Agent, Fleet
from bot.core.model.rungs import DEFAULT_LADDER
from bot.core.model.samples import minute_start
from bot.core.model.slis import Sli
from bot.engine.reports.backtest import Backtest, ReplayOutcome, Sample

START = 29_541_600
"""2026-03-03 00:00 UTC in minutes since the epoch."""


def fleet_of(*slis: Sli, agent: str = "refunds", rung: str = "full") -> Fleet:
    watched = Agent(agent, "ana", slis=tuple(("", sli) for sli in slis), normal_rung=rung)
    return Fleet({}, {}, {agent: watched}, DEFAULT_LADDER)


def samples(
    sli: Sli, cells: Iterable[float | tuple[float | None, float | None] | None], start: int = START
) -> Iterator[Sample]:
    """One minute a cell: a value with 100 tasks behind it, None for no row at all, or (value, n)."""
    for minute, cell in enumerate(cells, start=start):
        if cell is not None:
            value, n = cell if isinstance(cell, tuple) else (cell, 100.0)
            yield minute, ("refunds", "", sli.name), value, n


def replayed(fleet: Fleet, *series: Iterable[Sample]) -> tuple[list[ReplayEvent], ReplayOutcome]:
    told: list[ReplayEvent] = []
    rows = sorted((row for one in series for row in one), key=lambda row: row[0])
    outcome = Backtest(fleet, told.append).run(rows)
    return told, outcome


def shown(told: Iterable[ReplayEvent]) -> list[tuple[int, str, str]]:
    """(minutes after the start, SLI, event)."""
    return [(one.at - START, one.sli, one.event) for one in told]


def as_csv(rows: Iterable[Sample]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["time", "agent", "workflow", "sli", "value", "n"])
    for minute, key, value, n in rows:
        writer.writerow([f"{minute_start(minute):%Y-%m-%dT%H:%M:%SZ}", *key, value, n])
    return text.getvalue()
