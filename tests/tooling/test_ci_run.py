""".ci/run calls what the README says, in that order, with nobody at the keyboard. A stand-in `make` takes notes."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE

NOTE = """#!/bin/sh
echo "make $* CI=$CI ARGS=${ARGS-unset} in $(pwd)" >> "$NOTES"
cat >> "$NOTES"  # what is waiting on stdin, which must be nothing
[ "$1" != "$FAILS" ]
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    make = tmp_path / "bin" / "make"
    make.parent.mkdir()
    make.write_text(NOTE, encoding="utf-8")
    make.chmod(0o755)
    return make.parent


def run(repository: Path, tools: Path, fails: str = "") -> tuple[int, list[str]]:
    """The exit code, and one line for each call of make."""
    notes = tools.parent / "notes"
    env = os.environ | {"PATH": f"{tools}:/usr/bin:/bin", "NOTES": str(notes), "FAILS": fails, "ARGS": "-k nothing"}
    done = subprocess.run(
        [repository / ".ci" / "run"], cwd="/", env=env, input="y\n", text=True, check=False, timeout=30
    )
    return done.returncode, notes.read_text(encoding="utf-8").splitlines()


def test_it_checks_and_then_tests(repository: Path, tools: Path) -> None:
    code, calls = run(repository, tools)
    assert code == 0
    assert calls == [f"make {target} CI=true ARGS=unset in {repository}" for target in ("check", "test")]


@pytest.mark.parametrize(("fails", "calls"), [("check", 1), ("test", 2)])
def test_either_failing_fails_it(repository: Path, tools: Path, fails: str, calls: int) -> None:
    code, made = run(repository, tools, fails)
    assert code != 0
    assert len(made) == calls


def test_its_scripts_can_be_started(repository: Path) -> None:
    for script in (repository / ".ci").iterdir():
        assert os.access(script, os.X_OK), script
        shell = script.read_text(encoding="utf-8").splitlines()[0].removeprefix("#!/usr/bin/env ").removeprefix("#!")
        assert subprocess.run([shell, "-n", script], check=False, timeout=PATIENCE).returncode == 0
