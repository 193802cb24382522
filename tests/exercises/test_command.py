"""`stepdown tabletop`: what it lists, plays and writes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.exercises.shipped_playbooks import ROOT, rehearsals
from tests.support.patience import PATIENCE


def stepdown(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "tabletop", *words],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_scripted_team_leaves_a_result_and_a_report(tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    run = stepdown(
        "run", "retry-loop", "--unattended", "good", "--seed", "7", "--json", str(out), "--keep", str(tmp_path)
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(out.read_text())
    assert {"playbook", "objectives", "times", "score", "report"} <= found.keys()
    assert found["playbook"] == "retry-loop"
    assert found["score"] == 100
    assert {one["rating"] for one in found["objectives"]} == {"P"}
    assert all(set(one) >= {"id", "rating", "evidence"} for one in found["objectives"])
    assert found["times"]["acknowledge"] == 1.0
    report = Path(found["report"])
    text = report.read_text()
    assert "# After-action report: exercise 1, Retry loop" in text
    assert "EXERCISE: a simulated agent" in text
    assert "Ana Duarte" not in text.split("## Record")[1]
    pictures = [line.split("](")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")]
    assert pictures
    assert all((report.parent / name).is_file() for name in pictures)
    twin = json.loads(report.with_suffix(".json").read_text())
    assert twin["score"] == 100
    assert twin["playbook"] == "retry-loop"
    proof = {row["n"] for row in twin["record"]}
    assert all(link["n"] in proof for one in twin["objectives"] for link in one["evidence"])


def test_the_list_names_every_rehearsal() -> None:
    run = stepdown("list", "--json")
    assert run.returncode == 0, run.stderr
    assert {one["playbook"] for one in json.loads(run.stdout)} == set(rehearsals())


@pytest.mark.parametrize(("words", "said"), [(("run", "retry-lop"), "did you mean 'retry-loop'?"), (("run",), "Which")])
def test_a_wrong_name_is_answered_with_the_nearest(words: tuple[str, ...], said: str) -> None:
    run = stepdown(*words)
    assert run.returncode == 2
    assert said in run.stderr


def test_a_broken_rehearsal_is_refused_with_its_line(tmp_path: Path) -> None:
    text = (ROOT / "playbooks" / "retry-loop.yaml").read_text().replace("enough: approval", "enough: aproval")
    (tmp_path / "retry-loop.yaml").write_text(text)
    run = stepdown("list", env={"STEPDOWN_PLAYBOOKS_DIR": str(tmp_path)})
    assert run.returncode == 1
    line = next(n for n, words in enumerate(text.splitlines(), 1) if "enough: aproval" in words)
    assert f"retry-loop.yaml:{line}:" in run.stderr
    assert "did you mean 'approval'?" in run.stderr


@pytest.mark.slow
def test_alone_in_a_terminal_against_the_local_slack(tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    words = ["run", "--random", "--seed", "5", "--speed", "60", "--json", str(out), "--keep", str(tmp_path / "kept")]
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "bot", "tabletop", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as playing:
        assert playing.stdout is not None
        url = next(found[0] for line in playing.stdout if (found := re.search(r"http://\S+", line)))
        said = ""
        for line in playing.stdout:
            said += line
            if "Paging" in line:
                break
        with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as slack:
            word = {"user": "U0BO", "channel": "C0INCIDENTS", "command": "/tabletop", "text": "real"}
            assert slack.post("/_control/slash", json=word).json()["ok"]
        rest = playing.stdout.read()
        assert playing.wait(timeout=PATIENCE) == 0, rest
    found = json.loads(out.read_text())
    assert found["playbook"] in rehearsals()
    assert Path(found["report"]).is_file()
    truth = rehearsals()[found["playbook"]].ground_truth.text
    assert truth[:40] not in said
