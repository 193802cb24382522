"""Packages of npm in a folder that outlives the run, for what is tried against other people's code."""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

QUIET = (
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
    "--loglevel=error",
    "--fetch-retries=0",
    "--fetch-timeout=20000",
)


def packages(what: str, *names: str) -> Path:
    """The folder whose `node_modules` holds the packages; skips, saying `what` did not run and why."""
    if shutil.which("npm") is None:
        pytest.skip(f"{what} did not run: npm is not installed (Debian package: npm)")
    digest = hashlib.sha256(" ".join(names).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"stepdown-npm-{digest}"
    if not (folder / "installed").exists():
        folder.mkdir(exist_ok=True)
        command = ["npm", "install", "--prefix", str(folder), *QUIET, *names]
        run = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False, cwd=folder)
        if run.returncode:
            reason = run.stderr.strip().splitlines()[-1:] or ["no output"]
            pytest.skip(f"{what} did not run: npm cannot reach its registry ({reason[0][:120]})")
        (folder / "installed").touch()
    return folder
