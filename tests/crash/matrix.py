"""`make crash`: kill the bot at every point between two durable steps, and at random ones; say what became of each."""

import argparse
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.harness.postgres import PostgresServer
from tests.crash.night import Night, StuckError, night
from tests.crash.verdict import Outcome, Verdict, judge, outcome


@dataclass
class Run:
    """One night and what it came to."""

    points: list[str | int]
    deaths: list[str]
    verdict: Verdict
    seconds: float


Storms = dict[str, Callable[[Night], None]]


def play(
    folder: Path, url: str, points: list[str | int], storms: Storms | None = None
) -> tuple[Outcome, list[str], list[str]]:
    """Play one night; returns its end, where the bot died, and every seam passed."""
    with night(folder, url, points) as tonight:
        tonight.storms = dict(storms or {})
        tonight.play()
        return outcome(tonight), tonight.deaths, tonight.life.journal.read_text().splitlines()


@contextmanager
def databases(engine: str, root: Path) -> Iterator["Databases"]:
    """Fresh databases of one engine."""
    if engine == "sqlite":
        yield Databases(engine, root, lambda folder: f"sqlite:///{folder / 'stepdown.db'}")
        return
    server = PostgresServer().start()
    try:
        yield Databases(engine, root, lambda _: server.fresh())
    finally:
        server.close()


@dataclass
class Databases:
    """Gives each night a folder and a database of its own."""

    engine: str
    root: Path
    url_for: Callable[[Path], str]
    count: int = 0

    def fresh(self) -> tuple[Path, str]:
        """A folder that is not there yet, and the URL of an empty database."""
        self.count += 1
        folder = self.root / f"{self.engine}-{self.count:04d}"
        return folder, self.url_for(folder)


def points_of(journals: list[list[str]], most: int = 3) -> list[str]:
    """The points that every quiet night passes, each seam's first few passages, in the order of the story."""
    common = set.intersection(*(set(journal) for journal in journals))
    return [point for point in journals[0] if point in common and int(point.rpartition("#")[2]) <= most]


def attempt(fresh: Databases, wanted: Outcome, points: list[str | int]) -> Run:
    """One night with a kill. A story that does not go on counts as diverged."""
    began = time.monotonic()
    try:
        found, deaths, _ = play(*fresh.fresh(), points)
    except StuckError as stuck:
        return Run(points, [], Verdict([], [], [f"stuck at {stuck}"]), time.monotonic() - began)
    return Run(points, deaths, judge(wanted, found), time.monotonic() - began)


def main() -> int:
    """Returns the exit code: 0 only where nothing was lost, doubled or diverged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--random", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", help="points whose name holds this text")
    parser.add_argument("--every", type=int, default=1, help="each n-th point")
    parser.add_argument("--most", type=int, default=1, help="of each seam its first so many passages")
    parser.add_argument("--jobs", type=int, default=2, help="nights at once")
    told = parser.parse_args()
    logging.getLogger("uvicorn.error").addHandler(logging.NullHandler())  # the dead hang up in mid-sentence
    runs: list[Run] = []
    with tempfile.TemporaryDirectory(prefix="stepdown-crash-") as root:
        for engine in told.engine or ["sqlite", "postgresql"]:
            with databases(engine, Path(root)) as fresh:
                runs += _matrix(fresh, told)
    return _sum(runs)


def _matrix(fresh: Databases, told: argparse.Namespace) -> list[Run]:
    quiet = [play(*fresh.fresh(), []) for _ in range(2)]
    wanted = quiet[0][0]
    uneven = judge(wanted, quiet[1][0])
    if not uneven.good:
        print(f"two quiet nights differ: {uneven}")
    points = points_of([journal for _, _, journal in quiet], told.most)
    print(f"{fresh.engine}: {len(points)} points between two durable steps", flush=True)
    wanted_points = [point for point in points if not told.only or told.only in point][:: told.every]
    chosen: list[list[str | int]] = [[point] for point in wanted_points]
    dice = random.Random(told.seed)  # noqa: S311 - a seeded choice of points
    longest = min(len(journal) for _, _, journal in quiet)
    for _ in range(told.random):
        twice = dice.random() < 0.3
        chosen.append([dice.randint(1, longest), *([dice.randint(1, longest // 2)] if twice else [])])
    with ThreadPoolExecutor(told.jobs) as nights:
        runs = [nights.submit(_attempted, fresh, wanted, points) for points in chosen]
        try:
            return [run.result() for run in runs]
        except BaseException:
            nights.shutdown(wait=False, cancel_futures=True)  # whoever interrupts does not wait for hundreds of nights
            raise


def _attempted(fresh: Databases, wanted: Outcome, points: list[str | int]) -> Run:
    return _told(fresh, attempt(fresh, wanted, points))


def _told(fresh: Databases, run: Run) -> Run:
    """One line of the table."""
    where = " then ".join(run.deaths) or f"{run.points} was not reached"
    verdict = run.verdict
    word = (
        "ok"
        if verdict.good
        else "; ".join(
            [
                *map("LOST {}".format, verdict.lost),
                *map("DOUBLED {}".format, verdict.doubled),
                *map("DIVERGED {}".format, verdict.diverged),
            ]
        )
    )
    print(f"{fresh.engine:<10} {run.seconds:5.1f} s  {where:<70} {word}", flush=True)
    return run


def _sum(runs: list[Run]) -> int:
    kills = sum(len(run.deaths) for run in runs)
    lost = sum(bool(run.verdict.lost) for run in runs)
    doubled = sum(bool(run.verdict.doubled) for run in runs)
    diverged = sum(bool(run.verdict.diverged) for run in runs)
    print(f"{kills} kills, {lost} lost, {doubled} doubled, {diverged} diverged")
    return int(bool(lost or doubled or diverged))


if __name__ == "__main__":
    sys.exit(main())
