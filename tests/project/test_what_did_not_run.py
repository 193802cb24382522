"""A test that did not run is named; one that needs Chromium or Prometheus fails the run in CI."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CASES = """
import pytest

@pytest.mark.prometheus
def test_asks_prometheus():
    raise AssertionError("ran")

@pytest.mark.prometheus
def test_gives_up():
    pytest.skip("nothing answered")

def test_not_here():
    pytest.skip("only on Tuesdays")

@pytest.mark.xfail(reason="known", strict=True)
@pytest.mark.prometheus
def test_known_to_fail():
    raise AssertionError

def test_always():
    pass
"""


@pytest.fixture
def nested(repository: Path, tmp_path: Path) -> Path:
    shutil.copy(repository / "tests" / "conftest.py", tmp_path)
    shutil.copy(repository / "pyproject.toml", tmp_path)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_cases.py").write_text(CASES, encoding="utf-8")
    return tmp_path


def run(folder: Path, path: Path, **env: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0"],
        cwd=folder, env=inherited | {"PATH": str(path)} | env, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_what_did_not_run_is_named_with_its_reason(nested: Path, tmp_path: Path) -> None:
    done = run(nested, tmp_path / "empty")
    assert done.returncode == 0, done.stdout
    assert "tests/test_cases.py::test_asks_prometheus: prometheus is not installed" in done.stdout
    assert "tests/test_cases.py::test_not_here: only on Tuesdays" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 passed, 4 skipped in ")


def test_in_ci_a_marked_test_that_did_not_run_has_failed(nested: Path, tmp_path: Path) -> None:
    done = run(nested, tmp_path / "empty", CI="true")
    assert done.returncode == 1
    assert "test_asks_prometheus must run in CI, and did not: prometheus is not installed" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 passed, 1 skipped, 3 errors in ")


def test_in_ci_a_marked_test_may_not_skip_itself_either(nested: Path, tmp_path: Path) -> None:
    (tmp_path / "prometheus").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "prometheus").chmod(0o755)
    done = run(nested, tmp_path, CI="true")
    assert "AssertionError: ran" in done.stdout
    assert "test_gives_up must run in CI, and did not: nothing answered" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("2 failed, 1 passed, 1 skipped, 1 xfailed in ")


def test_in_ci_a_whole_module_may_not_skip_itself(nested: Path, tmp_path: Path) -> None:
    cases = "import pytest\npytest.importorskip('nosuchmodule')\n"
    (nested / "tests" / "test_cases.py").write_text(cases, encoding="utf-8")
    assert "nosuchmodule" in run(nested, tmp_path / "empty").stdout
    done = run(nested, tmp_path / "empty", CI="true")
    assert done.returncode != 0
    assert "tests/test_cases.py must run in CI, and did not" in done.stdout
