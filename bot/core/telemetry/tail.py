"""Percentiles that merge: the values of many tasks as counts in bins a fiftieth wide (DDSketch).

A percentile of percentiles is no percentile, so what is kept of a minute is not its p95 but all its values, each in a
bin whose middle is at most 1 % from it. Counts in bins add up: minutes merge into windows, workflows into their agent,
in any order and with the same answer as if every task had been counted at once (Masson, Rim and Lee, VLDB 2019;
`docs/decisions/0028-percentiles-from-sketches.md`).

The percentile p is the value that at most 100 - p % of the tasks exceed. So "p95 is past the line" and "more than 5 %
of the tasks are past the line" are the same sentence, and detection, budgets and recovery weigh the second, which is a
share of counted tasks however heavy the tail is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from json import dumps, loads
from math import inf, sqrt

from ddsketch.mapping import LogarithmicMapping
from ddsketch.store import DenseStore

from bot.core.model.samples import MinuteRow

ACCURACY = 0.01
"""Relative error of a value: a bin reaches from 1 % below its middle to 1 % above."""

SURE = 1.96
"""Standard errors of `TailSketch.between`: 95 of 100 times the percentile of the tasks to come lies in it."""

_BINS = LogarithmicMapping(ACCURACY)
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class TailSketch:
    """The values of some tasks. `bins` holds (bin, tasks) in ascending order, `zeros` the tasks without any value.

    `percentile` (50 to 99.9) is the one that is asked for; it changes nothing that is kept.
    """

    percentile: float
    zeros: float = 0.0
    bins: tuple[tuple[int, float], ...] = ()

    @classmethod
    def of(cls, percentile: float, values: Iterable[float]) -> "TailSketch":
        """The sketch of these values, each 0 or more."""
        store, zeros = DenseStore(), 0.0
        for value in values:
            if value > _BINS.min_possible:
                store.add(_BINS.key(value))
            else:
                zeros += 1
        return cls(percentile, zeros, _bins(store))

    @property
    def n(self) -> float:
        """Tasks."""
        return self.zeros + sum(count for _, count in self.bins)

    @property
    def value(self) -> float:
        """The percentile, at most 1 % from that of the tasks themselves; 0 without tasks."""
        return self._at(self.percentile / 100)

    def above(self, line: float) -> float:
        """Tasks past a line. What shares a bin with the line is on it: a line of 20 calls is passed from 21 on."""
        if line <= _BINS.min_possible:
            return sum(count for _, count in self.bins)
        on = _BINS.key(line)
        return sum(count for key, count in self.bins if key > on)

    def share_above(self, line: float) -> float:
        """The same in percent of all tasks; 0 without tasks."""
        return 100 * self.above(line) / self.n if self.n else 0.0

    def between(self) -> tuple[float, float]:
        """Where the percentile may lie as so few tasks can tell: the values SURE standard errors of rank around it.

        Infinite where so few tasks set no upper bound.
        """
        share, n = self.percentile / 100, max(self.n, 1.0)
        error = SURE * sqrt(share * (1 - share) / n)
        high = share + error + 1 / n
        return self._at(max(share - error, 0.0)), self._at(high) if high <= 1 else inf

    def scaled(self, by: float) -> "TailSketch":
        """Every count times `by`: a fifth of five minutes stands for one of them."""
        return TailSketch(self.percentile, self.zeros * by, tuple((key, count * by) for key, count in self.bins))

    def _at(self, share: float) -> float:
        """The value that at most 1 - `share` of the tasks exceed."""
        rank = share * self.n * (1 - _ROUNDING)
        if rank <= self.zeros or not self.bins:
            return 0.0
        return float(_BINS.value(_store(self.bins).key_at_rank(rank - self.zeros - 1, lower=False)))

    def text(self) -> str:
        """As it is stored: percentile, zeros, bins as steps from one to the next, counts."""
        keys = [key for key, _ in self.bins]
        steps = [*keys[:1], *(after - before for before, after in pairwise(keys))]
        return dumps([self.percentile, self.zeros, steps, [count for _, count in self.bins]], separators=(",", ":"))


@lru_cache(maxsize=8192)
def read(stored: str) -> TailSketch:
    """Read what `TailSketch.text` gave. Raises ValueError for anything else."""
    percentile, zeros, steps, counts = loads(stored)
    return TailSketch(percentile, zeros, tuple(zip(accumulate(steps), counts, strict=True)))


def merged(tails: Iterable[TailSketch], percentile: float) -> TailSketch:
    """All tasks of these sketches as one, whatever the order."""
    store, zeros = DenseStore(), 0.0
    for tail in tails:
        store.merge(_store(tail.bins))
        zeros += tail.zeros
    return TailSketch(percentile, zeros, _bins(store))


def merged_rows(rows: Iterable[MinuteRow], percentile: float) -> TailSketch:
    """The same of stored minutes; those without a tail hold no task."""
    return merged((read(row.tail) for row in rows if row.tail), percentile)


def _store(bins: Iterable[tuple[int, float]]) -> DenseStore:
    store = DenseStore()
    for key, count in bins:
        store.add(key, count)
    return store


def _bins(store: DenseStore) -> tuple[tuple[int, float], ...]:
    filled = ((place + store.offset, count) for place, count in enumerate(store.bins) if count)
    return tuple((key, int(count) if count == int(count) else count) for key, count in filled)
