"""Answers that come at once are judged together, and nobody's are forgotten."""

import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from bot.engine.detection.evaluation_queue import EvaluationQueue
from tests.support.patience import PATIENCE, until

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def test_what_comes_while_it_judges_is_judged_together() -> None:
    begun, go_on = threading.Event(), threading.Event()
    judged: list[tuple[list[str], datetime]] = []

    def evaluate(agents: Collection[str], received_at: datetime) -> None:
        judged.append((sorted(agents), received_at))
        begun.set()
        assert go_on.wait(PATIENCE)

    queue = EvaluationQueue(evaluate)
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(queue.submit, ["a"], NOW)
        assert begun.wait(PATIENCE)
        late = [
            threads.submit(queue.submit, agents, NOW + timedelta(seconds=at))
            for at, agents in ((5, ["b", "c"]), (4, ["a", "c"]))
        ]
        until("both to wait", lambda: queue.waiting == {"a", "b", "c"})
        assert not any(one.done() for one in late), "they return when they were judged"
        go_on.set()
        for one in (first, *late):
            one.result(PATIENCE)
    assert judged == [(["a"], NOW), (["a", "b", "c"], NOW + timedelta(seconds=4))]


def test_each_of_those_who_wait_learns_what_went_wrong_and_the_next_are_judged() -> None:
    judged: list[str] = []

    def evaluate(agents: Collection[str], received_at: datetime) -> None:
        del received_at
        judged.extend(agents)
        if "bad" in agents:
            raise LookupError("no such agent")

    queue = EvaluationQueue(evaluate)
    with pytest.raises(LookupError, match="no such agent"):
        queue.submit(["bad"], NOW)
    queue.submit(["good"], NOW)
    assert judged == ["bad", "good"]
