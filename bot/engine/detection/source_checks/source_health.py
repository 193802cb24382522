"""What a source's answers look like over time: frozen, stale, or by a clock that is off (`product.md` section 3).

A source that answers is not yet one that tells the truth: an exporter that hangs serves the same numbers for ever.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.model.samples import Sample, Series, minute_of
from bot.core.model.slis import PollQuery
from bot.engine.detection.source_checks.frozen_series import FrozenSeries
from bot.ports.sources import Fetch

SKEW = 30.0
"""Seconds that a source's clock may be off."""
STALE = 5
"""Minutes that the newest sample of a query that answers may be behind the last minute asked for."""
FROZEN = 30
"""Minutes of exactly the same numbers in every series of a query. Counts of real work never agree for so long."""

_Print = tuple[tuple[Series, float | None, float | None], ...]


@dataclass(slots=True)
class _Known:
    newest: int
    print: _Print
    since: int
    telling: bool


class SourceHealth:
    """Told of each answer; asked for what is odd. `oddities` are by (source, what)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.series = FrozenSeries()
        self._known: dict[tuple[str, str], _Known] = {}
        self._asked: dict[tuple[str, str], int] = {}
        self._skews: dict[str, float] = {}

    def note(self, query: PollQuery, found: Fetch, last: int) -> None:
        """One answer, to a question that reached up to minute `last`."""
        minutes: dict[int, list[Sample]] = {}
        for sample in found.samples:
            if sample.value is not None:
                minutes.setdefault(minute_of(sample.at), []).append(sample)
        with self._lock:
            if found.skew is not None:
                self._skews[query.source] = found.skew
            self._asked[query.source, query.name] = last
            for minute in sorted(minutes):
                self._note_minute((query.source, query.name), minute, minutes[minute])

    def _note_minute(self, key: tuple[str, str], minute: int, samples: Sequence[Sample]) -> None:
        known = self._known.get(key)
        if known is not None and minute <= known.newest:
            return
        seen = tuple(sorted((sample.series, sample.value, sample.n) for sample in samples))
        if known is None or known.print != seen:
            self._known[key] = _Known(minute, seen, minute, _telling(samples))
        else:
            known.newest = minute

    def forget(self, source: str) -> None:
        """The source is another one now, or gone."""
        with self._lock:
            self._skews.pop(source, None)
            for key in [key for key in self._known if key[0] == source]:
                del self._known[key]
            asked = [key for key in self._asked if key[0] == source]
            for key in asked:
                del self._asked[key]
        for _, query in asked:
            self.series.forget(query)

    def oddities(self, now: datetime) -> Mapping[tuple[str, str], str]:
        """(source, what is odd: skew, stale or frozen) -> in words."""
        del now
        with self._lock:
            odd = {
                (source, "skew"): f"source {source}: its clock is {skew:+.0f} s off ours"
                for source, skew in self._skews.items()
                if abs(skew) > SKEW
            }
            for (source, name), known in self._known.items():
                behind = self._asked.get((source, name), known.newest) - known.newest
                if behind > STALE:
                    odd[source, "stale"] = (
                        f"source {source}: it answers {name}, but its newest sample is {behind} min old"
                    )
                elif known.telling and known.newest - known.since >= FROZEN:
                    same = known.newest - known.since
                    odd[source, "frozen"] = f"source {source}: {name} has had exactly the same numbers for {same} min"
        return odd


def _telling(samples: Sequence[Sample]) -> bool:
    """Whether numbers like these move by themselves: a queue that is empty may be empty for hours."""
    return any(
        (sample.n is not None and sample.n > 1) or (sample.value is not None and sample.value != int(sample.value))
        for sample in samples
    )
