"""The Dockerfile's own steps, carried out in an empty folder, give a program that starts."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.dockerfile_steps import Rehearsal, health_command, read_steps

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("image")]


@pytest.fixture(scope="module")
def image(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    rehearsal = Rehearsal(repository, tmp_path_factory.mktemp("image"), python)
    rehearsal.carry_out(read_steps((repository / "Dockerfile").read_text(encoding="utf-8")))
    yield rehearsal
    shutil.rmtree(rehearsal.folder)  # some 300 MB


def test_stepdown_starts(image: Rehearsal) -> None:
    run = image.run(["stepdown", "--help"])
    assert run.returncode == 0, run.stderr
    assert "Usage: stepdown" in run.stdout


def test_it_runs_the_installed_copy_and_not_the_checkout(image: Rehearsal) -> None:
    run = image.run(["python", "-c", "import bot; print(bot.__file__)"])
    assert run.stdout.startswith(str(image.root)), run.stderr


def test_every_file_of_the_package_is_in_the_image(repository: Path, image: Rehearsal) -> None:
    listing = ["git", "ls-files", "bot"]
    tracked = subprocess.run(listing, cwd=repository, check=True, capture_output=True, text=True).stdout.split()
    packages = next(image.root.glob("opt/stepdown/lib/python3*/site-packages"))
    left_out = [name for name in tracked if (repository / name).exists() and not (packages / name).exists()]
    assert not left_out, f"not installed; see [tool.setuptools] in pyproject.toml: {left_out}"


def test_the_settings_of_the_image_are_accepted(image: Rehearsal) -> None:
    read = "from bot.config.settings import load_settings; print(load_settings().http_host)"
    run = image.run(["python", "-c", read])
    assert run.stdout == "0.0.0.0\n", run.stderr


def test_tools_of_the_build_stay_behind(image: Rehearsal) -> None:
    assert not {"src", "wheels"}.intersection(path.name for path in image.root.iterdir())
    run = image.run(["python", "-c", "import ruff"])
    assert run.returncode != 0


def test_the_health_check_says_no_while_nothing_listens(image: Rehearsal, repository: Path) -> None:
    steps = read_steps((repository / "Dockerfile").read_text(encoding="utf-8"))
    command = health_command(next(step for step in steps if step.keyword == "HEALTHCHECK"))
    run = image.run([word.replace("8080", "1") for word in command])
    assert run.returncode != 0
    assert "refused" in run.stderr
