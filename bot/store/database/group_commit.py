"""Write transactions that come at once share one commit: the disk is waited for once for all of them.

A commit costs 4 to 6 ms of waiting for the disk, and at four incidents a second SQLite's one writer spent most of its
time so. Whoever ends a transaction while others wait to begin one leaves the commit to them: the next one goes on in
the same transaction of the database, behind a savepoint, so that what it does may fail by itself. The last one commits,
and only then does any of them return. So what has returned is on the disk, as before; what fails in the commit failed
for all of them.

A page does not wait for cards: work that yields joins only a group in which everybody does.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

from sqlalchemy import Connection

from bot.store.database.fair_lock import FairLock

MOST: Final = 16
"""Transactions to a commit: the first of them waits for what the others do."""


class _Group:
    """Transactions that are committed as one. Touched by whoever has the turn, but for `over`."""

    def __init__(self, whole: AbstractContextManager[Connection]) -> None:
        self._whole = whole
        self.connection = whole.__enter__()
        self.size = 0
        self.pressing = False
        """Whether somebody in it does not yield."""
        self.over = threading.Event()
        self.error: BaseException | None = None

    def member(self) -> AbstractContextManager[object]:
        """What keeps one transaction apart from the others: the first one needs nothing, it is alone if it fails."""
        self.size += 1
        return self.connection.begin_nested() if self.size > 1 else nullcontext()

    def end(self, failure: BaseException | None) -> None:
        """Commit, or roll back for a failure; then everybody in it may return."""
        try:
            if failure is None:
                self._whole.__exit__(None, None, None)
            else:
                self._whole.__exit__(type(failure), failure, failure.__traceback__)
        except BaseException as error:
            self.error = error
            raise
        finally:
            self.over.set()


class GroupCommit:
    """One write transaction at a time, each within `begin`; those that wait for one another commit together."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]], yields: Callable[[], bool]) -> None:
        self._begin = begin
        self._yields = yields
        self._turns = FairLock(yields, self._finish)
        self._open: _Group | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: on the disk when this returns, or not at all."""
        self._turns.__enter__()
        group = self._joined()
        try:
            with group.member():
                yield group.connection
        except BaseException as failure:
            self._leave(group, failure)
            raise
        if not self._leave(group, None):
            group.over.wait()
            if group.error is not None:
                raise group.error

    def _joined(self) -> _Group:
        """The group that is open, or a new one. Our turn ends where none can be begun."""
        try:
            group = self._open = self._open or _Group(self._begin())
        except BaseException:
            self._turns.pass_on()
            raise
        group.pressing = group.pressing or not self._yields()
        return group

    def _leave(self, group: _Group, failure: BaseException | None) -> bool:
        """Leave the commit to the next in turn, or commit; returns whether it is done."""
        failed = failure if group.size == 1 else None  # a later one was rolled back to its savepoint
        if failed is None and group.size < MOST and self._turns.hand_over(yielding=not group.pressing):
            return False
        try:
            self._finish(failed)
        finally:
            self._turns.pass_on()
        return True

    def _finish(self, failure: BaseException | None = None) -> None:
        """Commit what is open, or roll it back for a failure."""
        group, self._open = self._open, None
        if group is not None:
            group.end(failure)
