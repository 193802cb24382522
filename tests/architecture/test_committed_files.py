"""What must never be committed: where a package came from, paths of one machine, secrets, databases."""

import re
from itertools import pairwise

import pytest

from tests.architecture.source_tree import ROOT, files

# Written in two halves so that this file does not find itself.
REGISTRY_HOSTS = (
    "py" + "pi.org",
    "pythonhosted" + ".org",
    "npmjs" + ".org",
    "npmjs" + ".com",
    "yarnpkg" + ".com",
)
MACHINE_PATH = re.compile(r"(?<![\w.~/:-])/(?:ro" + r"ot|ho" + r"me|Use" + r"rs|wo" + r"rk)/[\w.-]+")
REAL_SECRET = re.compile(r"xo" + r"x[abeprs]-\d{9,}-|AK" + r"IA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIV" + r"ATE KEY")
LEFTOVERS = (".db", ".db-wal", ".db-shm", ".pyc", ".log", ".orig", ".rej", ".env")
PIN = re.compile(r"^[a-z0-9][a-z0-9._-]*(?:\[[a-z0-9,_-]+\])?==\S+( ; .+)? \\$")


def readable() -> list[tuple[str, str]]:
    """Path and text of every file that is text."""
    contents = ((name, (ROOT / name).read_bytes()) for name in files())
    return [(name, raw.decode("utf-8")) for name, raw in contents if b"\0" not in raw]


@pytest.mark.parametrize("pattern", [*map(re.escape, REGISTRY_HOSTS), MACHINE_PATH.pattern, REAL_SECRET.pattern])
def test_no_file_gives_it_away(pattern: str) -> None:
    found = [
        f"{name}:{number} {match.group()}"
        for name, content in readable()
        for number, line in enumerate(content.splitlines(), 1)
        if (match := re.search(pattern, line))
    ]
    assert not found, found


@pytest.mark.parametrize(
    ("line", "caught"),
    [
        ("open('/ho" + "me/ann/fleet.yaml')", True),
        ("see /wo" + "rk/main", True),
        ("https://example.com/wo" + "rk/item", False),
        ("the network/wo" + "rk split", False),
    ],
)
def test_a_machine_path_is_told_from_an_address(line: str, *, caught: bool) -> None:
    assert bool(MACHINE_PATH.search(line)) is caught


def test_nothing_is_left_over_from_a_run() -> None:
    left = [name for name in files() if name.endswith(LEFTOVERS)]
    assert not left, left


def locks() -> list[str]:
    return [name for name in files() if name.endswith(".lock")]


def test_there_are_three_locks() -> None:
    assert locks() == ["requirements-build.lock", "requirements-dev.lock", "requirements.lock"]


@pytest.mark.parametrize("lock", ["requirements-build.lock", "requirements-dev.lock", "requirements.lock"])
def test_a_lock_pins_by_hash_and_holds_no_address(lock: str) -> None:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    options = [line for line in lines if "://" in line or " @ " in line or line.startswith("-")]
    assert not options, options
    unpinned = [
        line
        for line, after in pairwise([*lines, ""])
        if line[:1].isalnum() and not (PIN.match(line) and after.startswith("    --hash=sha256:"))
    ]
    assert not unpinned, unpinned
