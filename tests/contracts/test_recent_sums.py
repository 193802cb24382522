"""What a database adds up of minutes, on each engine, is what we add up of the same rows."""

import random
from collections.abc import Iterator

import pytest

from bot.core.detection.literal_rule import answered
from bot.core.detection.recent_sums import recent_sums_of
from bot.core.model.recent_sums import RecentSums
from bot.core.model.samples import MinuteRow, Series
from bot.store import SqlStore

LAST = 20


@pytest.fixture
def store(database_url: str) -> Iterator[SqlStore]:
    made = SqlStore.open(database_url)
    yield made
    made.close()


def odd_series(number: int) -> list[MinuteRow]:
    """Minutes with gaps; with counts, without, or mixed; some idle, some without an answer."""
    dice = random.Random(number)  # noqa: S311 - numbers for a table
    counts: list[list[float | None]] = [[0.0, 3.0, 100.0], [None], [0.0, 5.0, None]]
    of = counts[number % 3]
    values = [None, 0.0, 5.0, dice.uniform(0, 100)]
    series = Series("refunds", "", f"sli{number}")
    kept = sorted(dice.sample(range(LAST + 1), 1 + number % LAST))
    return [MinuteRow(series, minute, dice.choice(values), dice.choice(of)) for minute in kept]


def rounded(seen: RecentSums) -> tuple[object, ...]:
    """The seen, with sums as they are whatever the order of adding up."""
    sums = (f"{number:.9g}" for pooled in (*seen.recent, *seen.closed) for number in pooled)
    return (*seen[:5], *sums)


def test_the_same_sums(store: SqlStore) -> None:
    every = [odd_series(number) for number in range(24)]
    store.put_minutes([row for rows in every for row in rows])
    for closed in (3, 12, LAST):
        found = {series: rounded(seen) for series, seen in store.recent_sums(["refunds"], 0, LAST, closed).items()}
        wanted = {rows[0].series: recent_sums_of(rows, closed) for rows in every}
        assert found == {series: rounded(seen) for series, seen in wanted.items() if seen is not None}
    assert store.recent_sums(["somebody"], 0, LAST, LAST) == {}


@pytest.mark.parametrize(("first", "last"), [(0, LAST), (18, LAST), (4, 6)])
def test_the_same_series_are_heard(store: SqlStore, first: int, last: int) -> None:
    every = [odd_series(number) for number in range(24)]
    store.put_minutes([row for rows in every for row in rows])
    told = {rows[0].series for rows in every if any(answered(row) and first <= row.minute <= last for row in rows)}
    assert set(store.heard(first, last)) == told


def test_minutes_of_some_series(store: SqlStore) -> None:
    every = [odd_series(number) for number in range(3)]
    store.put_minutes([row for rows in every for row in rows])
    wanted = [every[0][0].series, Series("refunds", "", "never heard of")]
    assert store.minutes_of_series(wanted, 0, LAST) == {wanted[0]: every[0]}
