"""Five minutes in one row, so that two weeks of history stay small and keep what they say (`architecture.md`).

A ratio is kept as sums, never as a mean of ratios: `n` tasks in all, and `total`, the sum of value times n; a gauge
with counts the same way. One without keeps sum, lowest, highest and median: the median of 5-minute means was measured
11 % off the true median, that of 5-minute medians 0.2 %.

Beside what they say as one, `parts` keeps what each of the five said. Noise cannot be learned from sums: what
neighbouring minutes do not share is gone from them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from json import dumps, loads
from statistics import median

from bot.core.model.samples import MinuteRow, Series
from bot.core.telemetry.tail import merged, read

SPAN = 5
"""Minutes in one row."""

DIGITS = 9
"""Of a part's numbers: a share of less than a billion tasks comes back as the tasks it was made of."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """The answered minutes of one series in the five that begin with minute `slot` * SPAN.

    `seen` has bit i set when minute i of the five is in it. `n` is None where the source tells no counts; `total` is
    then the sum of the values.
    """

    slot: int
    seen: int
    n: float | None
    total: float
    low: float
    high: float
    middle: float
    tail: str = ""
    """Of a percentile: what all their tasks took (`telemetry.tail`)."""
    parts: str = ""
    """What each minute of `seen` said, in order, as JSON: [value], [value times n, n] or [value times n, n, tail].

    Empty where an older version rolled them.
    """

    @property
    def minutes(self) -> int:
        """How many minutes are in it."""
        return self.seen.bit_count()

    @property
    def value(self) -> float:
        """What the five minutes say as one: pooled by counts, or the median where there are none."""
        if self.tail:
            return read(self.tail).value
        return self.middle if self.n is None else self.total / self.n


def roll(rows: Sequence[MinuteRow], known: Rolled | None = None) -> Rolled | None:
    """Roll the rows of one slot of one series, and join them to what was rolled before.

    A minute that is in there already keeps its first word: it cannot be taken out of a sum. Rows without a value, in
    doubt, or with a count of 0, are left out: a five has no room for the mark. None where nothing is left.
    """
    before = known.seen if known is not None else 0
    usable = [row for row in rows if row.value is not None and row.n != 0 and not row.doubt]
    fresh = [row for row in usable if not before & _bit(row.minute)]
    if not fresh:
        return known
    values = [row.value for row in fresh if row.value is not None]
    counted = all(row.n is not None for row in fresh) and (known is None or known.n is not None)
    slot = fresh[0].minute // SPAN
    seen = sum(_bit(minute) for minute in {row.minute for row in fresh})
    n = sum(row.n or 0.0 for row in fresh) if counted else None
    total = sum((row.value or 0.0) * (row.n or 0.0) for row in fresh) if counted else sum(values)
    tail = _merged_text([row.tail for row in fresh if row.tail])
    parts = _parts_text({row.minute % SPAN: _Part.of(row) for row in fresh})
    made = Rolled(slot, seen, n, total, min(values), max(values), median(values), tail, parts)
    return made if known is None else _joined(known, made, values)


def _joined(known: Rolled, made: Rolled, values: Sequence[float]) -> Rolled:
    """Sums add up. The median of what was rolled stands for each of its minutes."""
    n, total = None, made.total
    if known.n is not None and made.n is not None:
        n, total = known.n + made.n, known.total + made.total
    elif known.n is None:
        total += known.total
    else:
        total += known.value * known.minutes
    middle = median([known.middle] * known.minutes + list(values))
    return Rolled(
        known.slot,
        known.seen | made.seen,
        n,
        total,
        min(known.low, made.low),
        max(known.high, made.high),
        middle,
        _merged_text([tail for tail in (known.tail, made.tail) if tail]),
        _parts_text(_parts(known) | _parts(made)) if known.parts else "",
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """One minute of the five: the sum of value times n (the value itself without counts), n, and its tasks."""

    told: float
    n: float | None = None
    tail: object = None

    @classmethod
    def of(cls, row: MinuteRow) -> "_Part":
        value = row.value or 0.0
        if row.n is None:
            return cls(_short(value))
        return cls(_short(value * row.n), _short(row.n), loads(row.tail) if row.tail else None)

    def plain(self) -> list[object]:
        return [each for each in (self.told, self.n, self.tail) if each is not None]

    def minute(self, series: Series, minute: int) -> MinuteRow:
        value = self.told if self.n is None else self.told / self.n
        n = None if self.n is None else float(self.n)
        return MinuteRow(series, minute, float(value), n, tail=_compact(self.tail) if self.tail else "")


def _short(number: float) -> float:
    """The number to DIGITS, and a whole one without its decimal point."""
    told = float(f"{number:.{DIGITS}g}")
    return int(told) if told.is_integer() else told


def _parts(rolled: Rolled) -> dict[int, _Part]:
    """What each minute said, by its place in the five."""
    places = (place for place in range(SPAN) if rolled.seen & (1 << place))
    return {place: _Part(*part) for place, part in zip(places, loads(rolled.parts), strict=True)}


def _parts_text(parts: Mapping[int, _Part]) -> str:
    return _compact([parts[place].plain() for place in sorted(parts)])


def _compact(told: object) -> str:
    return dumps(told, separators=(",", ":"))


def _merged_text(tails: Sequence[str]) -> str:
    """Tails add up like the counts they are; the percentile is that of the newest."""
    told = [read(tail) for tail in tails]
    return merged(told, told[-1].percentile).text() if told else ""


def minutes_of(series: Series, rolled: Rolled) -> Iterator[MinuteRow]:
    """As minutes again, as they came.

    Where an older version rolled them, each has the value of the five and its share of the count, so that sums stay
    what they were.
    """
    if rolled.parts:
        yield from told_of(series, rolled)
        return
    share = None if rolled.n is None else rolled.n / rolled.minutes
    tail = read(rolled.tail).scaled(1 / rolled.minutes).text() if rolled.tail else ""
    for place in range(SPAN):
        if rolled.seen & (1 << place):
            yield MinuteRow(series, rolled.slot * SPAN + place, rolled.value, share, tail=tail)


def told_of(series: Series, rolled: Rolled) -> Iterator[MinuteRow]:
    """The minutes as they came; none where an older version rolled them."""
    for place, part in _parts(rolled).items() if rolled.parts else ():
        yield part.minute(series, rolled.slot * SPAN + place)


def history_of(series: Series, rolled: Rolled) -> Iterator[MinuteRow]:
    """As a baseline wants it: with counts one row, whose scatter is that of all its tasks; without, as minutes."""
    if rolled.n is None:
        yield from minutes_of(series, rolled)
    else:
        yield MinuteRow(series, rolled.slot * SPAN, rolled.value, rolled.n, tail=rolled.tail)


def _bit(minute: int) -> int:
    return 1 << minute % SPAN
