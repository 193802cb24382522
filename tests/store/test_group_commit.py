"""Transactions that share a commit: apart from one another when one fails, together on the disk before any returns."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from bot.store.database.sqlite import SqliteDatabase
from tests.support.patience import PATIENCE


@pytest.fixture
def database(tmp_path: Path) -> SqliteDatabase:
    made = SqliteDatabase(f"sqlite:///{tmp_path / 'x.db'}", None)
    with made.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE t (a INTEGER PRIMARY KEY)")
    return made


def commits(database: SqliteDatabase) -> list[float]:
    """The moments of the commits from now on."""
    found: list[float] = []
    event.listen(database._writes, "commit", lambda _: found.append(time.monotonic()))
    return found


def rows(database: SqliteDatabase) -> list[int]:
    with database.looking() as connection:
        return list(connection.exec_driver_sql("SELECT a FROM t ORDER BY a").scalars())


def insert(database: SqliteDatabase, number: int, *, fail: bool = False) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (?)", (number,))
        if fail:
            raise RuntimeError("inside")


def while_held(database: SqliteDatabase, works: list[Callable[[], None]]) -> list[threading.Thread]:
    """Let each begin to wait, in this order, behind a transaction that is open; then let them go."""
    turns = database._commits._turns
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    with database.writing() as connection:
        for number, thread in enumerate(threads, start=1):
            thread.start()
            while len(turns._waiting) + len(turns._yielding) < number:
                time.sleep(0.001)
        connection.exec_driver_sql("INSERT INTO t VALUES (0)")
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    return threads


def test_those_that_wait_for_one_another_share_a_commit(database: SqliteDatabase) -> None:
    seen = commits(database)
    while_held(database, [lambda number=number: insert(database, number) for number in range(1, 10)])  # type: ignore[misc]
    assert rows(database) == list(range(10))
    assert len(seen) == 1


def test_one_that_fails_takes_nobody_with_it(database: SqliteDatabase) -> None:
    def failing() -> None:
        with pytest.raises(RuntimeError, match="inside"):
            insert(database, 5, fail=True)

    while_held(database, [lambda: insert(database, 1), failing, lambda: insert(database, 2)])
    assert rows(database) == [0, 1, 2]


def test_the_first_that_fails_alone_leaves_nothing(database: SqliteDatabase) -> None:
    with pytest.raises(RuntimeError, match="inside"):
        insert(database, 1, fail=True)
    insert(database, 2)
    assert rows(database) == [2]


def test_the_last_that_fails_commits_the_others(database: SqliteDatabase) -> None:
    def failing() -> None:
        with pytest.raises(RuntimeError, match="inside"):
            insert(database, 5, fail=True)

    while_held(database, [lambda: insert(database, 1), failing])
    assert rows(database) == [0, 1]


def test_nobody_returns_before_it_is_on_the_disk(database: SqliteDatabase) -> None:
    """What has returned has been committed: another connection sees it."""
    missing: list[int] = []

    def work(number: int) -> None:
        insert(database, number)
        if number not in rows(database):
            missing.append(number)

    while_held(database, [lambda number=number: work(number) for number in range(1, 40)])  # type: ignore[misc]
    assert missing == []


def test_a_commit_that_fails_fails_for_all_of_them(database: SqliteDatabase) -> None:
    told: list[str] = []

    def refuse(_: object) -> None:
        raise OSError("disk full")

    def work(number: int) -> None:
        try:
            insert(database, number)
        except OSError as error:
            told.append(str(error))

    event.listen(database._writes, "commit", refuse)
    with pytest.raises(OSError, match="disk full"):
        while_held(database, [lambda: work(1), lambda: work(2)])
    event.remove(database._writes, "commit", refuse)
    for _ in range(200):
        if len(told) == 2:
            break
        time.sleep(0.01)
    assert told == ["disk full"] * 2
    assert rows(database) == []
    insert(database, 3)
    assert rows(database) == [3]


def test_a_page_waits_for_no_card(database: SqliteDatabase) -> None:
    """Who yields comes last, and joins no group in which somebody presses."""
    seen, order = commits(database), list[int]()

    def work(number: int) -> None:
        insert(database, number)
        order.append(number)

    def card(number: int) -> None:
        with database.yielding():
            work(number)

    while_held(database, [lambda: card(1), lambda: card(2), lambda: work(8), lambda: work(9)])
    assert set(order[:2]) == {8, 9}
    assert len(seen) == 2
    assert rows(database) == [0, 1, 2, 8, 9]
