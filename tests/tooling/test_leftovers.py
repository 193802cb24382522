"""A test that leaves something running is an error, named; what belongs to a shared fixture is not."""

from pathlib import Path

from tests.tooling.nested_suite import nested_suite, run

CASES = """
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import leftovers

leftovers.PATIENCE = 0.3
OVER = threading.Event()
STARTED = threading.Event()


@pytest.fixture(scope="module")
def pool():
    made = ThreadPoolExecutor(1, thread_name_prefix="shared")
    made.submit(int).result()
    yield made
    OVER.set()
    made.shutdown()


@pytest.fixture(scope="module")
def server():
    thread = threading.Thread(target=OVER.wait, name="shared-server")
    thread.start()
    return thread


def work():
    STARTED.set()
    OVER.wait()


def test_leaves_a_thread():
    threading.Thread(target=OVER.wait, name="a-thread-of-mine", daemon=True).start()


def test_leaves_a_timer():
    timer = threading.Timer(60, print)
    timer.name = "a-timer-of-mine"
    timer.daemon = True
    timer.start()


def test_leaves_work_in_a_shared_pool(pool):
    pool.submit(work)
    assert STARTED.wait(60)


def test_ends_what_it_began(server):
    OVER.set()
    thread = threading.Thread(target=int)
    thread.start()
    with ThreadPoolExecutor(2) as pool:
        pool.submit(int).result()


def test_something_late_that_ends_by_itself():
    threading.Timer(0.05, int).start()
"""


def test_what_is_left_running_is_an_error_of_its_test(repository: Path, tmp_path: Path) -> None:
    done = run(nested_suite(repository, tmp_path, CASES), tmp_path / "empty")
    errors = [line for line in done.stdout.splitlines() if line.startswith("ERROR ")]
    assert [line.split("::")[1].split(" ")[0] for line in errors] == [
        "test_leaves_a_thread",
        "test_leaves_a_timer",
        "test_leaves_work_in_a_shared_pool",
    ], done.stdout
    for name in ("a-thread-of-mine, at ", "a-timer-of-mine, at ", "shared_0, at "):
        assert name in done.stdout
    assert done.stdout.splitlines()[-1].startswith("5 passed, 3 errors in ")
