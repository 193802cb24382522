"""A small suite in a folder of its own, run with this suite's conftest and settings."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED = ("__init__.py", "support/__init__.py", "support/leftovers.py")


def nested_suite(repository: Path, folder: Path, cases: str) -> Path:
    """Write it; its one file is `tests/test_cases.py`."""
    shutil.copy(repository / "tests" / "conftest.py", folder)
    shutil.copy(repository / "pyproject.toml", folder)
    for name in NEEDED:
        copied = folder / "tests" / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(repository / "tests" / name, copied)
    (folder / "tests" / "test_cases.py").write_text(cases, encoding="utf-8")
    return folder


def run(folder: Path, path: Path, workers: str = "0", **env: str) -> subprocess.CompletedProcess[str]:
    """Run it in this process's environment, without CI, with `path` as PATH."""
    inherited = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-n", workers],
        cwd=folder, env=inherited | {"PATH": str(path)} | env, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
