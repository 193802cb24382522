"""`pip install` of the wheel into a fresh environment, and the commands from an empty folder."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import shipped
from bot.demo.milestones import ORDER
from tests.support.example_environment import EXAMPLE_ENVIRONMENT

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the tracked files alone, so that nothing left lying about in a checkout gets in."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheels")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=repository, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in names:
        if name and (repository / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(repository / name, source / name)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-q",
        "-w",
        str(out),
        ".",
    ]
    subprocess.run(build, cwd=source, check=True, capture_output=True, timeout=300)
    (made,) = out.glob("stepdown-*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `stepdown` of a fresh environment. What it depends on is lent by the environment that runs the tests."""
    place = tmp_path_factory.mktemp("fresh")
    venv.create(place, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", "venv", vars={"base": str(place)}))
    lent = sysconfig.get_path("purelib")
    (packages / "lent.pth").write_text(f"{lent}\n", encoding="utf-8")
    install = ["-m", "pip", "install", "--no-deps", "--no-index", "--force-reinstall", "-q", str(wheel)]
    subprocess.run([place / "bin" / "python", *install], check=True, capture_output=True, timeout=300)
    return place / "bin" / "stepdown"


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Run:
    """Runs it in an empty folder, with none of our settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("STEPDOWN_", "PYTHON"))}

    def stepdown(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        command = [str(installed), *words]
        return subprocess.run(
            command, cwd=tmp_path, env={**env, **settings}, capture_output=True, text=True, check=False, timeout=600
        )

    return stepdown


def test_what_comes_with_the_program_travels_in_it(wheel: Path, repository: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    listing = ["git", "ls-files", *shipped.NAMES]
    names = subprocess.run(listing, cwd=repository, check=True, capture_output=True, text=True).stdout.split()
    assert names
    assert not [name for name in names if f"bot/shipped/{name}" not in inside]


def test_it_is_the_installed_one(installed: Path, run: Run) -> None:
    assert run("--version").stdout.startswith("stepdown ")
    where = subprocess.run(
        [installed.parent / "python", "-c", "import bot, bot.shipped as s; print(bot.__file__, s.path('runbooks'))"],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(word.startswith(str(installed.parents[1])) for word in where.stdout.split())


def test_the_demo_plays_its_whole_story(run: Run, tmp_path: Path) -> None:
    """A whole incident on the real code path, over real connections, every beat in order: the suite's only one."""
    story, kept = tmp_path / "story.json", tmp_path / "demo"
    done = run("demo", "--unattended", "--speed", "40", "--json", str(story), "--keep", str(kept))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "warning" not in (done.stdout + done.stderr).lower()
    assert not re.search(r"Reminder \d of \d to ana: (nobody leads|no update)", done.stdout), done.stdout
    assert re.search(r"confirmed by 3 of 3 instances in \d+ s\. \[\d+\.\d s of your time\]", done.stdout)
    assert "What to look at next:" in done.stdout
    assert re.search(r"invoices: INC-\d+ opened on invoices: HER [\d.]+ %", done.stdout)
    assert "Dan Okoro    invoices: Acknowledged by Dan Okoro." in done.stdout
    told = json.loads(story.read_text())
    assert tuple(beat["name"] for beat in told["beats"]) == ORDER
    times = [beat["at"] for beat in told["beats"]]
    assert times == sorted(times)
    spans = told["spans"]
    assert spans["healthy_tasks"] > 100  # it is well for a while first
    assert spans["tasks"] > spans["healthy_tasks"]
    assert spans["sent"] > 5 * spans["tasks"]
    draft = Path(told["postmortem"])
    assert draft in list(kept.rglob("*postmortem.md"))
    assert "full -> approval" in draft.read_text()
    assert "the payments tool began to require" in draft.read_text()
    assert list(draft.parent.glob("*.png"))


def test_a_rehearsal_is_played(run: Run, tmp_path: Path) -> None:
    done = run(
        "tabletop", "run", "retry-loop", "--unattended", "good", "--seed", "7", "--keep", str(tmp_path / "drill")
    )
    assert done.returncode == 0, done.stderr
    assert "Score 100 of 100." in done.stdout


def test_check_says_what_is_missing_and_then_that_nothing_is(run: Run, tmp_path: Path) -> None:
    empty = run("check")
    assert empty.returncode == 1
    assert "fleet.yaml: the fleet file cannot be read: No such file or directory" in empty.stderr
    assert "stepdown examples" in empty.stderr
    assert run("examples").returncode == 0
    (tmp_path / "fleet.example.yaml").rename(tmp_path / "fleet.yaml")
    needed = re.findall(r"(?m)^[^#\n]*\$\{(\w+)\}", (tmp_path / "fleet.yaml").read_text(encoding="utf-8"))
    assert set(needed) == EXAMPLE_ENVIRONMENT.keys()
    whole = run("check", **EXAMPLE_ENVIRONMENT)
    assert whole.returncode == 0, whole.stderr
    assert "no problems." in whole.stdout
