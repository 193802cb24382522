"""A process beside the bot: bounded in time both ways, whatever else the bot has open."""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.worker_process import WorkerProcess
from tests.support.patience import until

SELECT_ENDS = 1_024
"""From this descriptor on `select` knows none; the listener alone may hold four times as many."""


@pytest.fixture
def worker() -> Iterator[WorkerProcess]:
    made = WorkerProcess("tests.worker_process.reversing", parts=2, patience=30)
    yield made
    made.close()


def test_it_answers_part_by_part(worker: WorkerProcess) -> None:
    large = bytes(range(256)) * 20_000
    assert worker.ask(b"abc", large) == [b"cba", large[::-1]]
    assert worker.ask(b"", b"") == [b"", b""]


def test_one_that_stands_still_takes_no_more_than_its_time(worker: WorkerProcess) -> None:
    """A pipe takes 64 KiB; what is larger waits for the other side before there is an answer to wait for."""
    worker.ask(b"a", b"b")
    process = worker.process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    worker.patience = 0.2
    with pytest.raises(TimeoutError, match="it took too long"):
        worker.ask(b"", bytes(1_000_000))
    assert process.poll() is not None
    worker.patience = 30
    assert worker.ask(b"ab", b"") == [b"ba", b""]


def test_one_that_was_killed_is_replaced(worker: WorkerProcess) -> None:
    worker.ask(b"a", b"b")
    process = worker.process
    assert process is not None
    process.kill()
    process.wait()
    assert worker.ask(b"ab", b"") == [b"ba", b""]
    assert worker.process is not process


def test_it_works_above_a_thousand_open_files(worker: WorkerProcess) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * SELECT_ENDS), hard))
    try:
        with ExitStack() as open_files:
            while open_files.enter_context(Path(os.devnull).open("rb")).fileno() < SELECT_ENDS:
                pass
            assert worker.ask(b"ab", b"") == [b"ba", b""]
            assert worker.process is not None
            assert worker.process.stdout is not None
            assert worker.process.stdout.fileno() >= SELECT_ENDS
            worker.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_it_ends_when_its_input_does(worker: WorkerProcess) -> None:
    worker.ask(b"a", b"b")
    process = worker.process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    until("the end of the process", lambda: process.poll() is not None)
