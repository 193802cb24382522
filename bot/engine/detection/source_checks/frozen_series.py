"""Series that stand still in a way that living numbers do not: an exporter that hangs serves its last values for ever.

`SourceHealth` says it of a query whose every series stands still. One agent among many whose exporter hangs is seen
here, minute by minute, so that its copies prove no recovery.
"""

import threading
from dataclasses import dataclass

from bot.core.model.samples import MinuteRow, Series

COPIES = 25
"""Minutes of exactly the same numbers after which a further one is in doubt: fewer than the 30 that have to hold."""


@dataclass(slots=True)
class _Still:
    value: float | None
    n: float | None
    since: int
    newest: int


class FrozenSeries:
    """Told of each row of the present, in the order of minutes. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, Series], _Still] = {}

    def note(self, query: str, row: MinuteRow) -> str:
        """Why this row may be a copy; empty where it may be alive."""
        with self._lock:
            known = self._known.get((query, row.series))
            if known is None or (row.minute > known.newest and (row.value, row.n) != (known.value, known.n)):
                known = self._known[query, row.series] = _Still(row.value, row.n, row.minute, row.minute)
            known.newest = max(known.newest, row.minute)
            same = (row.value, row.n) == (known.value, known.n)
            stood = row.minute - known.since
        if stood < COPIES or not same or _may_rest(row):
            return ""
        return f"exactly the same numbers for {stood} min; it may be a copy of an old value"

    def forget(self, query: str) -> None:
        """The source is another one now, or gone."""
        with self._lock:
            for key in [key for key in self._known if key[0] == query]:
                del self._known[key]


def _may_rest(row: MinuteRow) -> bool:
    """Nothing and everything may rest (0 % escalated, 100 % good), and a level may rest on a whole number."""
    if row.value is None or row.n == 0 or row.value in {0.0, 100.0}:
        return True
    return row.value.is_integer() and row.n is None
