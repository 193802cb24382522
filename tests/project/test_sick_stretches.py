"""The benchmark on recorded runs, on made-up ones: the recorded ones are not in the repository."""

import json
from pathlib import Path

import pytest

from bench.detection import bench_sick_stretches


def test_recorded_runs_that_are_not_there_are_said_to_be_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("STEPDOWN_RUNS", str(tmp_path / "gone.jsonl"))
    assert bench_sick_stretches.run(tmp_path) == []
    assert "gone.jsonl: nothing to measure" in capsys.readouterr().out
    monkeypatch.delenv("STEPDOWN_RUNS")
    assert bench_sick_stretches.run(tmp_path) == []
    assert "it is not set" in capsys.readouterr().out


def made_up(task: int, trial: int) -> str:
    """A run of a made-up agent: one that goes wrong hands over less and calls more."""
    good = trial % 2 == 0
    calls = (3, 4, 5)[task % 3] if good else (8, 9, 10)[task % 3]
    run = {"task": task, "success": good, "tools": ["find"] * calls, "repeated_calls": 0}
    return json.dumps({**run, "handed_over": good and trial % 4 == 0})


def test_recorded_runs_go_through_the_running_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    runs = tmp_path / "runs.jsonl"
    runs.write_text("\n".join(made_up(task, trial) for task in range(20) for trial in range(8)), encoding="utf-8")
    monkeypatch.setenv("STEPDOWN_RUNS", str(runs))
    small = {"STRETCHES": 20, "WATCHED_ON": 5, "LONGER": 6, "HISTORY": 240, "MONTH": 120}
    for name, value in small.items():
        monkeypatch.setattr(bench_sick_stretches, name, value)
    found = {row.key: row.value for row in bench_sick_stretches.run(tmp_path)}
    assert found["auc_both"] > 0.95
    assert found["auc_her_rising"] < 0.5
    assert found["healthy_paged_in_15_min"] == 0
    assert found["pages_by_chance_a_month"] == 0
