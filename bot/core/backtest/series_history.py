"""The last fortnight of one series, small enough to keep a thousand of them: 16 bytes a minute in blocks of a day.

A frozen row costs about 200 bytes as an object; a thousand series of fifteen days would take 4 GB. Rows are made again
when somebody asks for them. Nothing is lost: an answered minute, an idle one, one without an answer and one that was
never there all come back as they went in.
"""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from math import inf, isfinite, isnan

from bot.core.detection.evidence.weighing import UNCOUNTED
from bot.core.model.samples import MinuteRow, Series

DAY = 24 * 60
ABSENT, NO_ANSWER = -3.0, -2.0
"""What stands for n where it is not a number of tasks, besides UNCOUNTED."""
NO_VALUE = float("nan")


class _Block:
    """One UTC day: values and counts by minute, and the lowest and highest value among them."""

    __slots__ = ("counts", "high", "low", "values")

    def __init__(self) -> None:
        self.values = array("d", [NO_VALUE]) * DAY
        self.counts = array("d", [ABSENT]) * DAY
        self.low, self.high = inf, -inf


_NOTHING = _Block()
"""A day without a row."""


class SeriesHistory(Mapping[int, MinuteRow]):
    """Rows of one series by minute. Put them in order of time; blocks older than `days` are forgotten."""

    def __init__(self, series: Series, days: int) -> None:
        self._series = series
        self._days = days
        self._blocks: dict[int, _Block] = {}
        self._day = -1
        self._block = _Block()
        self.first: int | None = None

    def put(self, minute: int, value: float | None, n: float | None) -> None:
        """Store a minute; the newest word on it wins."""
        day, place = divmod(minute, DAY)
        if day != self._day:
            self._turn_to(day, minute)
        block = self._block
        if value is None or not isfinite(value) or (n is not None and not (isfinite(n) and n >= 0)):
            block.values[place] = NO_VALUE
            block.counts[place] = 0.0 if n == 0 else NO_ANSWER
            return
        block.values[place] = value
        block.counts[place] = UNCOUNTED if n is None else n
        block.low = min(block.low, value)
        block.high = max(block.high, value)

    def _turn_to(self, day: int, minute: int) -> None:
        if self.first is None:
            self.first = minute
        if day not in self._blocks:
            self._blocks[day] = _Block()
            for old in [each for each in self._blocks if each <= day - self._days]:
                del self._blocks[old]
        self._day, self._block = day, self._blocks[day]

    def range(self) -> tuple[float, float]:
        """The lowest and the highest value kept; (inf, -inf) where there is none."""
        blocks = self._blocks.values()
        return min((block.low for block in blocks), default=inf), max((block.high for block in blocks), default=-inf)

    def between(self, first: int, end: int) -> Iterator[MinuteRow]:
        """Rows of the minutes from `first` up to but not including `end`, in order."""
        for day in range(first // DAY, (end - 1) // DAY + 1):
            block = self._blocks.get(day)
            if block is not None:
                start = day * DAY
                yield from self._rows(block, start, max(first - start, 0), min(end - start, DAY))

    def columns(self, first: int, end: int) -> tuple[Sequence[float], Sequence[float]]:
        """Values and counts of the minutes from `first` up to but not including `end`, one a minute, as kept here."""
        values, counts = array("d"), array("d")
        for day in range(first // DAY, (end - 1) // DAY + 1):
            block = self._blocks.get(day) or _NOTHING
            low, high = max(first - day * DAY, 0), min(end - day * DAY, DAY)
            values += block.values[low:high]
            counts += block.counts[low:high]
        return values, counts

    def hours(self, first: int, end: int, wanted: int, lead: int) -> Iterator[MinuteRow]:
        """Of the same minutes only those in the hour of the day of `wanted`, and `lead` minutes before each."""
        hour = wanted // 60 % 24 * 60
        for day in range(first // DAY - 1, end // DAY + 2):
            start = day * DAY + hour
            yield from self.between(max(first, start - lead), min(end, start + 60))

    def _rows(self, block: _Block, start: int, low: int, high: int) -> Iterator[MinuteRow]:
        counted = zip(range(start + low, start + high), block.values[low:high], block.counts[low:high], strict=True)
        for minute, value, n in counted:
            if n != ABSENT:
                yield self._row(minute, value, n)

    def _row(self, minute: int, value: float, n: float) -> MinuteRow:
        return MinuteRow(self._series, minute, None if isnan(value) else value, n if n >= 0 else None)

    def __getitem__(self, minute: int) -> MinuteRow:
        block = self._blocks[minute // DAY]
        n = block.counts[minute % DAY]
        if n == ABSENT:
            raise KeyError(minute)
        return self._row(minute, block.values[minute % DAY], n)

    def __iter__(self) -> Iterator[int]:
        for day, block in sorted(self._blocks.items()):
            yield from (day * DAY + place for place, n in enumerate(block.counts) if n != ABSENT)

    def __len__(self) -> int:
        return sum(DAY - block.counts.count(ABSENT) for block in self._blocks.values())
