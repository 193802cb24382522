"""`make check` lets every tool have its say, whatever the others found. The tools are stand-ins that fail when told."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOOL = """#!/bin/sh
said=$(basename "$0")
for word in "$@"; do case $word in -m | --no-logo | .) ;; *) said="$said $word" ;; esac; done
echo "finding of: $said"
case " $FAILS " in *" ${said#python } "*) exit 1 ;; esac
"""
TOOLS = {
    "format": "python ruff format --check",
    "ruff": "python ruff check",
    "mypy": "python mypy",
    "import-linter": "lint-imports",
}


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Path:
    for name in ("python", "lint-imports"):
        tool = tmp_path / ".venv" / "bin" / name
        tool.parent.mkdir(parents=True, exist_ok=True)
        tool.write_text(TOOL, encoding="utf-8")
        tool.chmod(0o755)
    (tmp_path / ".ci").mkdir()
    shutil.copy(repository / ".ci" / "check", tmp_path / ".ci" / "check")
    return tmp_path


def check(checkout: Path, fails: str = "") -> subprocess.CompletedProcess[str]:
    script = checkout / ".ci" / "check"
    return subprocess.run(
        [script], cwd="/", env=os.environ | {"FAILS": fails}, text=True, capture_output=True, check=False, timeout=30
    )


def test_all_tools_run_and_are_shown_one_after_the_other(checkout: Path) -> None:
    done = check(checkout)
    shown = [line for line in done.stdout.splitlines() if line.startswith("finding")]
    assert (done.returncode, shown) == (0, [f"finding of: {said}" for said in TOOLS.values()])
    assert done.stdout.endswith("All checks passed.\n")


@pytest.mark.parametrize(
    ("name", "said"), [("ruff", "ruff check"), ("mypy", "mypy"), ("import-linter", "lint-imports")]
)
def test_one_that_fails_is_named_and_hides_nobody(checkout: Path, name: str, said: str) -> None:
    done = check(checkout, said)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == f"Failed: {name}."
    assert done.stdout.count("finding of: ") == len(TOOLS)


def test_a_tool_that_is_not_there_has_failed(checkout: Path) -> None:
    (checkout / ".venv" / "bin" / "lint-imports").unlink()
    done = check(checkout)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "Failed: import-linter."
