"""One after another, so that what fails for one does not stop the rest."""

from collections.abc import Callable, Iterable
from typing import TypeVar

One = TypeVar("One")


def run_all(ones: Iterable[One], act: Callable[[One], None]) -> None:
    """Do it for each one, then raise all that went wrong, as an ExceptionGroup, for the tick's edge to report."""
    wrong: list[Exception] = []
    for one in ones:
        try:
            act(one)
        except Exception as error:  # noqa: BLE001 - the trouble of one must not leave the others unwatched
            wrong.append(error)
    if wrong:
        raise ExceptionGroup(f"{len(wrong)} failed", wrong)
