"""`python -m bench [--list] [--seeds A-B] [NAME ...]`: exits 0 if every promise was kept, 1 if not, 2 used wrongly."""

import argparse
import os
import sys

from rich.console import Console

from bench.harness.suite import OUT, UnknownBenchmarkError, chosen, found, load, run_all, seeded, seeds_of

IN_A_FILE = 110
"""Characters to a line of the table where nobody's terminal says how many there are."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Run Stepdown's benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which to run; all when none is named")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--seeds", type=seeds_of, metavar="A-B", help="seeds for benchmarks that take them")
    asked = parser.parse_args()
    if asked.list:
        print("\n".join(found()))
        return 0
    try:
        names = chosen(asked.names, found())
    except UnknownBenchmarkError as error:
        print(error, file=sys.stderr)
        return 2
    console = Console()
    if not console.is_terminal:
        console.width = IN_A_FILE
    console.print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors", highlight=False)
    return 0 if run_all(names, lambda name: seeded(load(name), asked.seeds), OUT, console) else 1


if __name__ == "__main__":
    sys.exit(main())
