"""How long a person waits for the command line to say anything: whole processes, started afresh.

The first run is thrown away, because it also writes Python's byte code and warms the disk cache.
"""

import subprocess
import sys
import time
from pathlib import Path

from bench.rows import Row, percentile

RUNS = 7


def once(*arguments: str) -> float:
    """Milliseconds from starting the process to its end."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "bot", *arguments], capture_output=True, text=True, check=False)
    took = (time.perf_counter() - started) * 1000
    if done.returncode != 0:
        raise RuntimeError(f"stepdown {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
    return took


def run(out: Path) -> list[Row]:  # noqa: ARG001 - every benchmark is handed the folder, this one leaves no files
    """`stepdown --help`."""
    once("--help")
    took = [once("--help") for _ in range(RUNS)]
    return [Row("help_p50_ms", percentile(took, 0.5)), Row("help_max_ms", max(took)), Row("n", RUNS)]
