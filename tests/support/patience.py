"""How long a test waits for what must come true. It costs nothing where all is well, and a busy machine passes.

There is one limit for all, since no test is about the time that something takes: that is for `bench/`. Where a short
limit is what a test is about (a source that gives up, a page that has to be late), it stands there and says so.
"""

import time
from collections.abc import Callable

PATIENCE = 180.0
"""Seconds."""
BROWSER = PATIENCE * 1_000
"""The same for Playwright, in milliseconds."""


def until(what: str, true: Callable[[], object], said: Callable[[], object] = lambda: "", every: float = 0.05) -> None:
    """Wait until it is true, looking every few hundredths of a second. `said`: what to tell where it never is."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for {what}: {said()}"
        time.sleep(every)
