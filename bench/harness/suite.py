"""Finds the benchmarks, runs them, prints one table and keeps the numbers.

A benchmark is a file `bench/bench_NAME.py` with `def run(out: Path) -> list[Row]`. It may put files of its own into
`out`; its rows are written there as `NAME.json`, one flat object of key and value, beside what the benchmark itself put
into that file. One that takes `seeds` as well can be run on others with `--seeds A-B`.
"""

import difflib
import functools
import importlib
import inspect
import json
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from bench.harness.rows import Row

FOLDER = Path(__file__).resolve().parents[1]
OUT = FOLDER / "out"
PREFIX = "bench_"

Benchmark = Callable[..., list[Row]]


class UnknownBenchmarkError(LookupError):
    """A name that no file carries; the message says which there are."""


def found(folder: Path = FOLDER) -> list[str]:
    """Every benchmark's name, in order."""
    return sorted(path.stem.removeprefix(PREFIX) for path in folder.rglob(f"{PREFIX}*.py"))


def chosen(wanted: list[str], known: list[str]) -> list[str]:
    """The wanted names, or all when none is named."""
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UnknownBenchmarkError(f"No benchmark {name!r}.{hint} There are: {', '.join(known)}.")
    return wanted or known


def load(name: str) -> Benchmark:
    (path,) = FOLDER.rglob(f"{PREFIX}{name}.py")
    module = ".".join(("bench", *path.relative_to(FOLDER).with_suffix("").parts))
    run: Benchmark = importlib.import_module(module).run
    return run


def keep(name: str, rows: Iterable[Row], out: Path) -> Path:
    """Write a benchmark's numbers; gives the file's path."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.json"
    own = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    numbers = {**own, **{row.key: row.value for row in rows}}
    path.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    return path


def table_of(results: dict[str, list[Row]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("benchmark", "number"):
        table.add_column(heading, no_wrap=True)
    for heading in ("value", "promised", "kept"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, rows in results.items():
        for row in rows:
            promise = "" if row.promise is None else f"<= {shown(row.promise)}"
            kept = {None: "", True: "yes", False: "NO"}[row.kept]
            table.add_row(name, row.key, shown(row.value), promise, kept)
    return table


def shown(value: float) -> str:
    """Three digits that mean something, and no more."""
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"


def seeded(benchmark: Benchmark, seeds: range | None) -> Benchmark:
    """The benchmark on these seeds. Raises UnknownBenchmarkError for one that takes none."""
    if seeds is None:
        return benchmark
    if "seeds" not in inspect.signature(benchmark).parameters:
        raise UnknownBenchmarkError(f"{benchmark.__module__} takes no seeds.")
    return functools.partial(benchmark, seeds=seeds)


def seeds_of(text: str) -> range:
    """`1000-1019` or `7`. Raises ValueError."""
    first, _, last = text.partition("-")
    found = range(int(first), int(last or first) + 1)
    if not found:
        raise ValueError(f"{text!r} holds no seed")
    return found


def run_all(names: list[str], load_one: Callable[[str], Benchmark], out: Path, console: Console) -> bool:
    """Run the benchmarks one after another; False if one broke or a promise was not kept."""
    results: dict[str, list[Row]] = {}
    whole = True
    for name in names:
        console.print(f"{name} ...", style="dim")
        (out / f"{name}.json").unlink(missing_ok=True)
        try:
            results[name] = load_one(name)(out)
        except Exception:  # noqa: BLE001 - one broken benchmark must not cost the numbers of the others
            whole = False
            console.print(f"{name} broke:\n{traceback.format_exc()}", markup=False, highlight=False)
            continue
        keep(name, results[name], out)
    if results:
        console.print(table_of(results))
        console.print(f"As JSON: {out}/NAME.json", markup=False, highlight=False, soft_wrap=True)
    return whole and all(row.kept is not False for rows in results.values() for row in rows)
