"""Who writes to SQLite next: who has waited longest."""

import threading
import time

import pytest

from bot.store.database.fair_lock import FairLock


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    turns, came = FairLock(), list[int]()

    def take(number: int) -> None:
        with turns:
            came.append(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(20)]
    with turns:
        for waiting, thread in enumerate(threads, start=1):
            thread.start()
            while len(turns._waiting) < waiting:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert came == list(range(20))


def test_one_that_comes_again_and_again_keeps_nobody_out() -> None:
    turns, done = FairLock(), threading.Event()
    rounds = 0

    def busy() -> None:
        nonlocal rounds
        while not done.is_set():
            with turns:
                rounds += 1

    greedy = threading.Thread(target=busy)
    greedy.start()
    for _ in range(50):
        with turns:
            pass
    done.set()
    greedy.join()
    assert rounds > 0


def _fail(turns: FairLock) -> None:
    with turns:
        raise RuntimeError("inside")


def test_an_error_inside_hands_the_turn_on() -> None:
    turns = FairLock()
    with pytest.raises(RuntimeError, match="inside"):
        _fail(turns)
    with turns:
        pass
