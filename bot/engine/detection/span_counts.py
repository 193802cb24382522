"""What came over OTLP and how it was read: counted in memory, added to the database now and then, a row a minute."""

from collections import Counter
from threading import Lock

from bot.core.model.samples import minute_of
from bot.ports.clock import Clock
from bot.ports.store import TraceStore
from bot.ports.store.traces import SpanCount

NAMES = 300
"""Different rows in one minute: names come from outside."""
MORE = "others"
NAME = 200


class SpanCounts:
    """Safe to use from any thread."""

    def __init__(self, store: TraceStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = Lock()
        self._counts: Counter[tuple[int, str, str, str]] = Counter()

    def add(self, kind: str, name: str, detail: str, count: int = 1) -> None:
        """Count something; beyond so many different names it is counted among others."""
        if not count:
            return
        key = (minute_of(self._clock.now()), kind, _clean(name), _clean(detail))
        with self._lock:
            if key not in self._counts and len(self._counts) >= NAMES:
                key = (*key[:2], MORE, "")
            self._counts[key] += count

    def flush(self) -> None:
        """Add to what is stored. What cannot be stored now is kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        try:
            self._store.note_spans([SpanCount(*key, count) for key, count in counts.items()])
        except BaseException:
            with self._lock:
                self._counts.update(counts)
            raise


def _clean(text: str) -> str:
    """Text that any database and terminal can take."""
    return "".join(one if one.isprintable() else "?" for one in text[:NAME])
