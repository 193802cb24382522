"""The benchmark suite itself: its arithmetic, its table, and what it does when a benchmark breaks."""

import inspect
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from bench.harness.rows import Row, percentile
from bench.harness.suite import Benchmark, UnknownBenchmarkError, chosen, found, keep, load, run_all, seeded, seeds_of


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([5.0], 0.5, 5.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([1.0, 2.0, 3.0, 4.0], 0.5, 2.0),
        ([float(n) for n in range(1, 201)], 0.99, 198.0),
        ([1.0, 2.0], 1.0, 2.0),
    ],
)
def test_percentiles_by_hand(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.1)])
def test_a_percentile_of_nothing_is_refused(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="needs values and a share"):
        percentile(values, share)


def test_every_benchmark_takes_a_folder() -> None:
    assert found()
    for name in found():
        assert list(inspect.signature(load(name)).parameters) in (["out"], ["out", "seeds"]), name


def test_seeds_go_to_a_benchmark_that_takes_them() -> None:
    seen: list[range] = []

    def takes(out: Path, seeds: range = range(1)) -> list[Row]:
        seen.append(seeds)
        return []

    seeded(takes, seeds_of("1000-1019"))(Path())
    assert seen == [range(1000, 1020)]
    assert seeds_of("7") == range(7, 8)
    with pytest.raises(ValueError, match="holds no seed"):
        seeds_of("9-3")
    with pytest.raises(UnknownBenchmarkError, match="takes no seeds"):
        seeded(lambda out: [], range(1))  # noqa: ARG005 - it is never called


def test_what_a_benchmark_leaves_in_its_file_stays_beside_its_rows(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"confusion": {"tool": 3}}')
    assert json.loads(keep("mine", [Row("n", 3)], tmp_path).read_text()) == {"confusion": {"tool": 3}, "n": 3}


def test_all_run_when_none_is_named() -> None:
    assert chosen([], ["a", "b"]) == ["a", "b"]
    assert chosen(["b"], ["a", "b"]) == ["b"]


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownBenchmarkError, match=r"'page_latncy'. Did you mean page_latency\?"):
        chosen(["page_latncy"], ["cold_start", "page_latency"])


def results(tmp_path: Path, benchmarks: dict[str, Benchmark]) -> tuple[bool, str]:
    """Whether all was well, and what was printed."""
    screen = io.StringIO()
    whole = run_all(list(benchmarks), benchmarks.__getitem__, tmp_path / "out", Console(file=screen, width=100))
    return whole, screen.getvalue()


def steady(out: Path) -> list[Row]:
    return [Row("p50_ms", 12.3456), Row("p99_ms", 987.0, promise=1000), Row("n", 200)]


def broken(out: Path) -> list[Row]:
    raise ConnectionError("nobody there")


def too_slow(out: Path) -> list[Row]:
    return [Row("p99_ms", 1001.0, promise=1000)]


def test_numbers_are_printed_and_kept(tmp_path: Path) -> None:
    whole, printed = results(tmp_path, {"page_latency": steady})
    assert whole
    assert [line.split() for line in printed.splitlines() if "_ms" in line] == [
        ["page_latency", "p50_ms", "12.3"],
        ["page_latency", "p99_ms", "987", "<=", "1,000", "yes"],
    ]
    kept = json.loads((tmp_path / "out" / "page_latency.json").read_text(encoding="utf-8"))
    assert kept == {"p50_ms": 12.3456, "p99_ms": 987.0, "n": 200}


def test_one_that_breaks_does_not_cost_the_others(tmp_path: Path) -> None:
    whole, printed = results(tmp_path, {"broken": broken, "steady": steady})
    assert not whole
    assert "ConnectionError: nobody there" in printed
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["steady.json"]


def test_a_promise_not_kept_fails_the_run(tmp_path: Path) -> None:
    whole, printed = results(tmp_path, {"slow": too_slow})
    assert not whole
    assert "NO" in printed
