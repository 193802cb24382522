"""A taste of the soak (`make soak` lives through all 72 hours): the real bot, random incidents, a fast clock."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bench.soak import __main__ as soak
from tests.support.patience import PATIENCE


@pytest.mark.slow
def test_two_hours_of_random_incidents_leave_everything_whole(tmp_path: Path) -> None:
    told: list[str] = []

    def look(town: soak.Town) -> None:
        told.append(httpx.get(f"{town.url}/metrics", timeout=PATIENCE, trust_env=False).text)

    figures, wrong = soak.soak(2, 240, 7, tmp_path, every=1, look=look)
    assert wrong == []
    last = figures[-1]
    assert last.rows["incident"] > 0
    assert last.rows["minute"] <= 30_000
    assert last.files < figures[0].files + 40
    for name in ("stepdown_build_info", "stepdown_tick_age_seconds", 'stepdown_source_up{source="metrics"} 1.0'):
        assert name in told[-1]
    assert "stepdown_unreadable_metrics 0.0" in told[-1]


def figures(hour: float, rss: float, files: int = 50, **rows: int) -> soak.Figures:
    return soak.Figures(hour, rss, files, 10.0, rows)


def run_of(*, slope: float = 0.0, leak: int = 0, grows: float = 0.0) -> list[soak.Figures]:
    return [
        figures(hour, 150 + slope * hour, 50 + leak * hour, minute=int(10_000 * (1 + grows * hour)))
        for hour in range(0, 73, 6)
    ]


def test_the_verdict_tells_flat_from_growing() -> None:
    assert soak.verdict(run_of(), [])[0]
    assert not soak.verdict(run_of(slope=1.0), [])[0], "72 MB more in 72 hours is a leak"
    assert not soak.verdict(run_of(leak=1), [])[0], "a file an hour is a leak"
    assert not soak.verdict(run_of(grows=0.05), [])[0], "a table that is kept for a time must not grow for ever"
    assert not soak.verdict(run_of(), ["INC-0001: entry 3 is missing"])[0]
    filling = [figures(hour, 150, minute=9_000, outbox=400 * hour) for hour in range(0, 13, 2)]
    assert soak.verdict(filling, [])[0], "an effect is kept for a day here"
    assert "growing: nothing (too short a run to tell of minute, outbox)" in soak.verdict(filling, [])[1]
    starved = [replace(one, behind=90.0) for one in run_of()]
    assert "TOO SLOW" in soak.verdict(starved, [])[1], "a bot that did not keep up has shown nothing"
