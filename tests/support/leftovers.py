"""A test leaves nothing running behind: neither a thread of its own nor work in a pool that others share.

What is left behind lands in a later test: a late call in a shared local Slack, a log line, a CPU that is busy. After
each test, when its own fixtures are gone, the threads that it began are waited for; what goes on is named and is an
error of that test. Threads begun by a fixture that outlives the test (module, package, session) belong to that fixture.
"""

import re
import sys
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import thread as pools
from types import FrameType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.fixtures import SubRequest

PATIENCE = 60.0
"""Seconds until what goes on is an error; most ends within milliseconds, and a busy machine takes its time."""
LOOK_EVERY = 0.01

ON_DEMAND = {
    "slack-work": "workers of the Slack side that tests/slack share",
    "slack-forms": "see slack-work",
    "slack-http": "see slack-work",
    "AnyIO worker thread": "workers of a web server that tests share",
    "process_request_thread": "kept-alive connections of a server that tests share",
}
"""Threads that what is shared begins when it is asked for something: allowed while something is shared, and idle."""
LIBRARY_POOL = re.compile(r"ThreadPoolExecutor-\d+_\d+$")
"""Workers of Bolt's and Apprise's pools, which both never end; ours have names of their own."""

_BEGAN = pytest.StashKey[frozenset[threading.Thread]]()
_shared: set[threading.Thread] = set()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(request: "SubRequest") -> Generator[None, object, object]:
    """Remember what a fixture begins that outlives the test."""
    before = set(threading.enumerate())
    try:
        return (yield)
    finally:
        if request.scope != "function":
            _shared.difference_update([one for one in _shared if not one.is_alive()])
            _shared.update(set(threading.enumerate()) - before)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    item.stash[_BEGAN] = frozenset(threading.enumerate())
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    result = yield
    left = wait_for(lambda: left_behind(item.stash[_BEGAN]))
    if left:
        pytest.fail(f"left running by {item.nodeid}:\n  " + "\n  ".join(left), pytrace=False)
    return result


def wait_for(left: Callable[[], list[str]], patience: float | None = None) -> list[str]:
    """What is left once nothing is, or the patience is over."""
    deadline = time.monotonic() + (PATIENCE if patience is None else patience)
    while (found := left()) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    return found


def left_behind(before: frozenset[threading.Thread]) -> list[str]:
    """Threads that began since and are nobody else's, and workers of any pool that are at work; where each stands."""
    frames = sys._current_frames()
    return [
        f"{one.name}{_where(frames.get(one.ident or 0))}"
        for one in threading.enumerate()
        if at_work(one, frames) or not (one in before or one in _shared or _on_demand(one))
    ]


def busy_pools() -> list[str]:
    """Workers of pools in this process that are at work, by name."""
    frames = sys._current_frames()
    return [one.name for one in threading.enumerate() if at_work(one, frames)]


def at_work(one: threading.Thread, frames: dict[int, FrameType]) -> bool:
    """Whether a worker of a pool runs something, or has something to run. False for every other thread."""
    queue = pools._threads_queues.get(one)  # the one place that says whose queue it is
    if queue is None:
        return False
    frame = frames.get(one.ident or 0)
    idle = frame is None or frame.f_code is pools._worker.__code__  # it waits there
    return not idle or queue.qsize() > 0


def _on_demand(one: threading.Thread) -> bool:
    if LIBRARY_POOL.fullmatch(one.name):
        return True
    return any(name in one.name for name in ON_DEMAND) and any(owner.is_alive() for owner in _shared)


def _where(frame: FrameType | None) -> str:
    return f", at {frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}" if frame else ""
