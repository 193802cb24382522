"""Folder = floor, imports only point down; the core and the engine are handed the time and touch nothing."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.source_tree import ROOT, imported, sources, text, tree

# Standard library modules by which the outside world gets in.
WORLD = frozenset(
    {
        "asyncio",
        "http",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "random",
        "secrets",
        "shutil",
        "signal",
    }
    | {"smtplib", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "time", "urllib"}
)
# Judges ten thousand series at once; NumPy is arithmetic, and its random numbers are not used (decision 24).
ARRAYS = "bot/core/detection/evidence/"
# Counts in bins that merge exactly are arithmetic too (decision 28).
BINS = "bot/core/telemetry/tail.py"
PURE = ("bot/core/", "bot/engine/", "bot/ports/")
CLOCK_READS = frozenset({"now", "utcnow", "today", "monotonic", "perf_counter", "time_ns"})
FLAG_NAMES = frozenset(
    {"testing", "is_testing", "is_test", "test_mode", "in_test", "in_tests", "under_test", "running_tests"}
    | {"demo_mode", "is_demo"}
)


def contracts() -> list[dict[str, list[str]]]:
    found: list[dict[str, list[str]]] = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    return found


def pure_sources() -> list[str]:
    return [name for name in sources(".py", under=("bot",)) if name.startswith(PURE)]


def test_every_contract_is_kept() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [linter, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_part_of_the_bot_stands_on_a_floor() -> None:
    floors = {part.strip() for layer in contracts()[0]["layers"] for part in layer.split("|")}
    apart = {"bot.localslack", "bot.__init__", "bot.__main__"}
    parts = {
        "bot." + Path(name).parts[1].removesuffix(".py")
        for name in sources(".py", under=("bot",))
        if len(Path(name).parts) > 1
    }
    assert parts <= floors | apart, f"on no floor of pyproject.toml: {sorted(parts - floors - apart)}"


def test_the_core_imports_the_standard_library_and_itself() -> None:
    foreign = [
        f"{name} imports {module}"
        for name in sources(".py", under=("bot",))
        if name.startswith("bot/core/")
        for module in imported(name)
        if not module.startswith("bot.core")
        and (module.split(".")[0] not in sys.stdlib_module_names or module.split(".")[0] in WORLD)
        and not (module.split(".")[0] == "numpy" and name.startswith(ARRAYS))
        and not (module.split(".")[0] == "ddsketch" and name == BINS)
    ]
    assert not foreign, foreign


@pytest.mark.parametrize("attribute", sorted(CLOCK_READS))
def test_core_and_engine_are_handed_the_time(attribute: str) -> None:
    reads = [
        f"{name}:{node.lineno} .{attribute}()"
        for name in pure_sources()
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Call) and reads_a_clock(node.func, attribute)
    ]
    assert not reads, reads


def reads_a_clock(called: ast.expr, attribute: str) -> bool:
    """`datetime.now()` and `time.monotonic()` read one; `self.clock.now()` asks a port."""
    if not isinstance(called, ast.Attribute) or called.attr != attribute:
        return False
    owner = called.value.attr if isinstance(called.value, ast.Attribute) else getattr(called.value, "id", "")
    return owner in {"datetime", "date", "time", "dt"}


def test_no_code_asks_whether_it_is_being_tested() -> None:
    asks = [
        f"{name}:{node.lineno}"
        for name in sources(".py", under=("bot",))
        for node in ast.walk(tree(name))
        if (isinstance(node, ast.Name) and node.id.lower() in FLAG_NAMES)
        or (isinstance(node, ast.Attribute) and node.attr.lower() in FLAG_NAMES)
        or (isinstance(node, ast.arg) and node.arg.lower() in FLAG_NAMES)
        or (isinstance(node, ast.Constant) and node.value in {"pytest", "PYTEST_CURRENT_TEST"})
    ]
    assert not asks, f"a mode flag stands at {asks}; use another adapter instead"
