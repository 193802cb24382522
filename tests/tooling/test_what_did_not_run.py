"""A test that did not run is named; one that needs Chromium or Prometheus fails the run in CI."""

from pathlib import Path

import pytest

from tests.tooling.nested_suite import nested_suite, run

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
    return nested_suite(repository, tmp_path, CASES)


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


AGAIN = """
import pytest

tries = []

@pytest.mark.slow
@pytest.mark.parametrize("side", ["left", "right"])
def test_lost_a_race_once(side):
    tries.append(side)
    assert tries.count(side) > 1 or side == "right"
"""


def test_what_had_to_run_again_is_named_in_the_closing_line(repository: Path, tmp_path: Path) -> None:
    done = run(nested_suite(repository, tmp_path, AGAIN), tmp_path / "empty")
    closing = done.stdout.splitlines()[-1]
    assert closing.startswith("2 passed, 1 rerun (tests/test_cases.py::test_lost_a_race_once[left]) in ")


HALF_AN_EMOJI = """
def test_fails_with_half_an_emoji():
    assert "\\ud83d" == "?"
"""


def test_a_failure_that_cannot_be_written_down_does_not_end_the_run(repository: Path, tmp_path: Path) -> None:
    done = run(nested_suite(repository, tmp_path, HALF_AN_EMOJI), tmp_path / "empty", workers="1")
    assert "INTERNALERROR" not in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 failed in ")
