"""What a newcomer's machine may lack is said in a sentence, by the two scripts that make calls first."""

import subprocess
from pathlib import Path

import pytest

from tests.support.patience import PATIENCE


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A PATH with nothing on it yet."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def program(machine: Path, name: str, script: str) -> None:
    (machine / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (machine / name).chmod(0o755)


def python(machine: Path, name: str, version: str, *, venv: bool = True) -> None:
    """A Python that answers the two questions asked of it: is it new enough, has it ensurepip."""
    old = tuple(map(int, version.split("."))) < (3, 11)
    answers = f'case "$2" in *version_info*) exit {int(old)};; *ensurepip*) exit {int(not venv)};; esac'
    program(machine, name, f"{answers}\necho Python {version}")


def start(repository: Path, script: str, machine: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", repository / ".ci" / script],
        env={"PATH": str(machine)} | env, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip


def test_the_usual_python_is_taken_where_it_will_do(repository: Path, machine: Path) -> None:
    python(machine, "python3", "3.13")
    python(machine, "python3.12", "3.12")
    assert start(repository, "find-python", machine).stdout == "python3\n"


def test_a_newer_one_is_found_beside_an_old_one(repository: Path, machine: Path) -> None:
    python(machine, "python3", "3.9")
    program(machine, "python3.11", "exit 127")  # a name that starts nothing
    python(machine, "python3.12", "3.12")
    assert start(repository, "find-python", machine).stdout == "python3.12\n"


def test_no_python_is_said_with_what_is_there(repository: Path, machine: Path) -> None:
    python(machine, "python3", "3.9")
    run = start(repository, "find-python", machine)
    assert run.returncode == 1
    assert "No Python 3.11 or newer here" in run.stderr
    assert "python3 is: Python 3.9" in run.stderr
    assert run.stdout == ""


def test_a_python_without_venv_is_told_from_no_python(repository: Path, machine: Path) -> None:
    python(machine, "python3", "3.11", venv=False)
    run = start(repository, "find-python", machine)
    assert run.returncode == 1
    assert "python3 cannot make virtual environments" in run.stderr
    assert "apt-get install python3-venv" in run.stderr


def test_a_python_named_by_hand_is_the_only_one_tried(repository: Path, machine: Path) -> None:
    python(machine, "python3", "3.13")
    python(machine, "mine", "3.12")
    assert start(repository, "find-python", machine, PYTHON="mine").stdout == "mine\n"


def test_nothing_is_said_where_all_programs_are_there(repository: Path, machine: Path) -> None:
    for name in ("chromium", "prometheus", "faketime"):
        program(machine, name, "")
    run = start(repository, "browsers", machine)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_where_it_may_not_install_it_names_what_will_not_run(repository: Path, machine: Path) -> None:
    program(machine, "id", "echo 1000")
    program(machine, "apt-get", "echo must not be called; exit 1")
    program(machine, "chromium", "")
    program(machine, "faketime", "")
    run = start(repository, "browsers", machine)
    assert run.returncode == 0
    assert run.stdout == (
        "prometheus is not installed: the tests marked 'prometheus' will not run (Debian package: prometheus).\n"
    )


def test_as_root_on_debian_it_installs_what_is_missing_and_only_that(repository: Path, machine: Path) -> None:
    program(machine, "id", "echo 0")
    program(machine, "chromium", "")
    program(machine, "faketime", "")
    program(machine, "apt-get", f'echo "$@" >> {machine}/calls')
    run = start(repository, "browsers", machine)
    calls = (machine / "calls").read_text(encoding="utf-8").splitlines()
    assert run.stdout.startswith("Installing prometheus from the distribution, once.\n")
    assert calls[0].endswith(" update")
    assert calls[1].endswith(" install -y --no-install-recommends prometheus")
