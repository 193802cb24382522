"""What needs a program of the distribution, and an honest account of what did not run.

A test marked `chromium` or `prometheus` drives that very program. Without it the test does not run, and the
run says so by name and reason. With `CI` set such a test has failed, whoever skipped it and why: a pipeline
that is green because its browser was missing is worse than a red one.
"""

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from bench.harness.postgres import PostgresServer

# How long an example takes on a busy machine says nothing about what it shows. Few of them: the suite is run often.
settings.register_profile(
    "stepdown", settings(), deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("stepdown")

StatsLine = tuple[list[tuple[str, dict[str, bool]]], str]
pytest_plugins = ["tests.support.leftovers"]

MEMORY = Path("/dev/shm")  # noqa: S108 - a file system, no file name that somebody could guess
MEMORY_NEEDED = 4 << 30
"""Bytes that have to be free there; a run leaves less than one behind."""


def keep_in_memory() -> None:
    """Put what tests write into memory where there is room: they commit a hundred thousand times, and a disk is slow.

    Nothing here pulls the plug of a machine: what is killed are processes, and their files stay. `TMPDIR` wins.
    """
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


keep_in_memory()  # before anything asks for a temporary folder; the workers and every bot of a test inherit it
PROGRAMS = {"chromium": "/usr/bin/chromium", "prometheus": "prometheus", "faketime": "faketime"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--random-order-seed", default="", help="run the files in the random order of this seed")


def shuffled(items: list[pytest.Item], seed: str) -> list[pytest.Item]:
    """The items with their files in an order that the seed decides; within a file they stay as they are."""
    files = sorted({item.path for item in items})
    random.Random(seed).shuffle(files)  # noqa: S311 - an order, no secret
    place = {path: number for number, path in enumerate(files)}
    return sorted(items, key=lambda item: place[item.path])


def missing_program(item: pytest.Item) -> str | None:
    """The first program that one of the test's marks promises and this machine lacks."""
    marks = (mark for mark in PROGRAMS if item.get_closest_marker(mark))
    return next((mark for mark in marks if shutil.which(PROGRAMS[mark]) is None), None)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist writes the groups into the names
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long begins first, one test of a group at a time: bots on a fast clock starve each other.

    Several groups, so that none alone is longer than the rest of the suite: the nights of tests/crash, the image that
    is built, and all others.
    """
    if seed := config.getoption("random_order_seed"):
        items[:] = shuffled(items, seed)
    for item in items:
        if item.get_closest_marker("slow"):
            # Several real processes on two processors: one more try, counted in the closing line, before it is red.
            item.add_marker(pytest.mark.flaky(reruns=1))
            if not item.get_closest_marker("xdist_group"):
                item.add_marker(pytest.mark.xdist_group("heavy"))
        elif "/slack/nights/" in item.nodeid:
            # Slack's three seconds for an answer are real ones, and a machine may stand still for as long.
            item.add_marker(pytest.mark.flaky(reruns=1))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if program := missing_program(item):
        pytest.skip(f"{program} is not installed (Debian package: {program}; `make browsers` brings it)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    did_not_run = report.skipped and not hasattr(report, "wasxfail")
    if os.environ.get("CI") and did_not_run and any(item.get_closest_marker(mark) for mark in PROGRAMS):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} must run in CI, and did not: {reason_of(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if os.environ.get("CI") and report.skipped:  # a module skipped whole does not get to show its marks
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid} must run in CI, and did not: {reason_of(report)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, object, object]:
    """Half an emoji in a failed assertion cannot be sent to pytest-xdist: the whole run would end with it."""
    return printable((yield))


def printable(value: object) -> object:
    """The same, with what has no UTF-8 written as an escape."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {printable(key): printable(item) for key, item in value.items()}
    return type(value)(map(printable, value)) if isinstance(value, list | tuple) else value


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why a report is a skip: pytest keeps (path, line, reason)."""
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    return str(report.longrepr)


def skip_lines(reports: Iterable[pytest.TestReport | pytest.CollectReport]) -> list[str]:
    return [f"{report.nodeid}: {reason_of(report)}" for report in reports]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.section("did not run")
        for line in skip_lines(skipped):
            terminalreporter.line(line)


@pytest.hookimpl(trylast=True)  # when the reporter is there
def pytest_configure(config: pytest.Config) -> None:
    """The closing line names the tests that had to run again: a number alone hides which one is unsteady."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.build_summary_stats_line = partial(with_names, reporter, reporter.build_summary_stats_line)


def with_names(reporter: pytest.TerminalReporter, line: Callable[[], StatsLine]) -> StatsLine:
    """The parts of the closing line, those that ran again by name."""
    parts, colour = line()
    again = ", ".join(dict.fromkeys(report.nodeid for report in reporter.stats.get("rerun", [])))
    return [(f"{text} ({again})" if text.endswith(" rerun") else text, markup) for text, markup in parts], colour


@pytest.fixture(scope="session")
def postgres() -> Iterator["PostgresServer"]:
    """A real PostgreSQL of this worker's own. Ask it for a `fresh` database; it may be crashed and resumed."""
    from bench.harness.postgres import PostgresServer  # noqa: PLC0415 - this file is also tried alone, in a folder without bench

    server = PostgresServer().start()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with the newest schema, once on each engine. The SQLite one is not there yet: opening creates it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'stepdown.db'}"
    return str(request.getfixturevalue("postgres").fresh())


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent
