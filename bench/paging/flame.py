"""`make profile`: a flame graph of the whole bot while agents breach, all threads, sampled from outside by py-spy.

By default only what holds Python's lock is sampled: that is what a page waits for. `--all` samples every thread that
runs. `--format raw` writes folded stacks, for other tools and for grep.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.harness.suite import OUT
from bench.paging.breaches import breach_all

PY_SPY = Path(sys.executable).with_name("py-spy")
A_SECOND = 4.0
RATE = 200
"""Samples a second."""


def main() -> int:
    """Record until the pages have arrived; returns py-spy's exit code."""
    parser = argparse.ArgumentParser(description="A flame graph of the bot while agents breach.")
    parser.add_argument("--incidents", type=int, default=100, help="how many agents breach, four a second")
    parser.add_argument("--all", action="store_true", help="threads that wait for Python's lock too")
    parser.add_argument("--format", choices=("flamegraph", "raw", "speedscope"), default="flamegraph")
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    suffix = {"flamegraph": "svg", "raw": "txt", "speedscope": "json"}[asked.format]
    written = OUT / f"profile.{suffix}"
    command = [str(PY_SPY), "record", "--rate", str(RATE), "--threads", "--format", asked.format, "-o", str(written)]
    command += [] if asked.all else ["--gil"]
    recorders: list[subprocess.Popen[bytes]] = []

    def record(pid: int) -> None:
        seconds = str(int(asked.incidents / A_SECOND))
        recorders.append(subprocess.Popen([*command, "--duration", seconds, "--pid", str(pid)]))

    agents = [f"agent-{number:03d}" for number in range(asked.incidents)]
    with tempfile.TemporaryDirectory() as folder:
        breach_all(Path(folder), agents, A_SECOND, watch=record)
    code = recorders[0].wait()
    print(f"Written: {written}")
    return code


if __name__ == "__main__":
    sys.exit(main())
