"""Recorded samples kept in memory so that they can be replayed again: 28 bytes each."""

from array import array
from collections.abc import Iterable, Iterator

from bot.engine.reports.backtest import Sample

NOTHING = float("nan")


class KeptSamples:
    """Keeps what goes through `keep`; iterating gives it again, in the same order."""

    def __init__(self) -> None:
        self._minutes, self._keys = array("q"), array("L")
        self._values, self._counts = array("d"), array("d")
        self._places: dict[tuple[str, str, str], int] = {}

    def keep(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """Pass samples on, and remember them."""
        for sample in samples:
            minute, key, value, n = sample
            self._minutes.append(minute)
            self._keys.append(self._places.setdefault(key, len(self._places)))
            self._values.append(NOTHING if value is None else value)
            self._counts.append(NOTHING if n is None else n)
            yield sample

    def __iter__(self) -> Iterator[Sample]:
        keys = list(self._places)
        columns = zip(self._minutes, self._keys, self._values, self._counts, strict=True)
        for minute, place, value, n in columns:
            # what is not a number is neither a value nor a count, so nothing is lost
            yield minute, keys[place], None if value != value else value, None if n != n else n  # noqa: PLR0124 - NaN
