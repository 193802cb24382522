"""What puts the minutes of a source's answers in doubt, besides the source's own word, and where that is told."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.core.model.samples import Sample, Series, minute_of, minute_start
from bot.core.model.slis import PollQuery, SourceSpec
from bot.engine.detection.poller import Poller
from bot.engine.detection.source_checks.frozen_series import COPIES
from bot.engine.health.self_monitor import ProcessReadings, SelfMonitor
from bot.ports.sources import Fetch
from bot.simulation.memory_chat import MemoryChat
from tests.stories.sources.partial_source import AtOnce
from tests.support.wired import HER, WiredEngine, fleet

SERIES = Series("refunds", "", "her")


class Answers:
    """A source that answers what it is told to for each minute asked."""

    def __init__(self) -> None:
        self.value, self.n, self.skew = 2.0, 100.0, 0.0
        self.degraded = ""
        self.moves = True
        self.asked = 0
        self.strangers: frozenset[tuple[str, str]] = frozenset()

    def fetch(self, query: PollQuery, first: int, last: int) -> Fetch:
        self.asked += 1
        samples = [self._sample(query, minute) for minute in range(first, last + 1)]
        warnings = (f"prom: {self.degraded}",) if self.degraded else ()
        return Fetch(tuple(samples), warnings, self.skew, strangers=self.strangers)

    def _sample(self, query: PollQuery, minute: int) -> Sample:
        n = self.n + (minute % 7 if self.moves else 0)
        return Sample(Series("refunds", "", query.sli), minute_start(minute), self.value, n, self.degraded)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def source() -> Answers:
    return Answers()


@pytest.fixture
def poller(house: WiredEngine, source: Answers) -> Poller:
    return made(house, source)


def made(house: WiredEngine, source: Answers) -> Poller:
    """A poller as every replica has one."""
    query = PollQuery("her", "prom", "her", "ratio", {"bad": "b", "total": "t"}, serves=frozenset({("refunds", "")}))
    agent = replace(fleet().agents["refunds"], slis=(("", HER),))
    spec = SourceSpec("prom", "prometheus", {})
    house.watched = fleet(sources={"prom": spec}, queries=(query,), agents={"refunds": agent})
    return Poller(
        house.store,
        house.get_fleet,
        {"prom": source},
        house.clock,
        AtOnce(),
        house.detector.evaluate,
        history_days=0.03,
        findings=house.engine.findings,
    )


def live(house: WiredEngine, poller: Poller, minutes: int) -> None:
    for _ in range(minutes):
        house.clock.advance(60)
        poller.tick()


def doubts(house: WiredEngine, minutes: int) -> Sequence[str]:
    newest = minute_of(house.clock.now())
    return [row.doubt for row in house.store.minutes(SERIES, newest - minutes, newest)]


@pytest.mark.parametrize(("skew", "says"), [(45.0, "45 s ahead of ours"), (-90.0, "90 s behind ours"), (29.0, "")])
def test_a_clock_that_is_off_puts_its_minutes_in_doubt(
    house: WiredEngine, poller: Poller, source: Answers, skew: float, says: str
) -> None:
    source.skew = skew
    live(house, poller, 3)
    assert {says in doubt and bool(doubt) is bool(says) for doubt in doubts(house, 3)} == {True}


def test_one_series_that_stands_still_is_in_doubt_before_a_hold_could_end(
    house: WiredEngine, poller: Poller, source: Answers
) -> None:
    live(house, poller, 3)
    source.moves = False
    live(house, poller, 60)
    told = doubts(house, 60)
    assert COPIES < 30
    assert sum(not doubt for doubt in told) < 30
    assert told[-1].endswith("min; it may be a copy of an old value")
    source.moves = True
    live(house, poller, 4)
    assert doubts(house, 3)[-2:] == ["", ""]


@pytest.mark.parametrize(("value", "n"), [(0.0, 100.0), (100.0, 100.0), (2.0, 0.0)])
def test_what_may_rest_is_in_no_doubt(
    house: WiredEngine, poller: Poller, source: Answers, value: float, n: float
) -> None:
    source.moves, source.value, source.n = False, value, n
    live(house, poller, 60)
    assert set(doubts(house, 60)) == {""}


def monitor(house: WiredEngine, poller: Poller) -> SelfMonitor:
    process = ProcessReadings(lambda: True, house.wall, lambda: 0.0, lambda: (10**12, 10**12), log=house.logged.append)
    return SelfMonitor(house.store, poller, house.get_fleet, house.clock, MemoryChat(), process)


def test_doubt_is_told_by_readiness_log_and_people_once_an_episode(
    house: WiredEngine, poller: Poller, source: Answers
) -> None:
    watch = monitor(house, poller)
    source.degraded = "one store did not answer"
    for _ in range(10):
        live(house, poller, 1)
        watch.look()
    assert not any("one store" in text for text in watch.problems())
    told = [text for text in watch.warnings() if "one store" in text]
    assert told == ["in doubt: her: 1 series, such as refunds/her: one store did not answer"]
    assert sum("one store" in line for line in house.logged) == 1
    assert all(not sign.unwell for sign in watch.look() if sign.key.startswith("doubt/"))
    source.degraded = ""
    for _ in range(10):
        live(house, poller, 1)
        watch.look()
    assert [text for text in watch.warnings() if "one store" in text] == []
    assert [line for line in house.logged if line.startswith("over: ")] == [f"over: {told[0]}"]


def test_what_a_source_reports_and_nobody_watches_is_found_with_the_first_answer(
    house: WiredEngine, poller: Poller, source: Answers
) -> None:
    agent = replace(house.watched.agents["refunds"], workflows=("refund",))
    house.watched = replace(house.watched, agents={"refunds": agent})
    source.strangers = frozenset({("refunds", "chargeback-v2")})
    live(house, poller, 1)
    assert [ticket.series.workflow for ticket in house.store.tickets(["refunds"])] == ["chargeback-v2"]


def test_a_fraction_where_percent_is_meant_is_doubted_from_the_first_answer_on(
    house: WiredEngine, source: Answers, poller: Poller
) -> None:
    """0.03 of 100 tasks is 3 %; read as percent it is 0.03 %, and no breach could ever be."""
    (asked,) = house.watched.queries
    house.watched = replace(house.watched, queries=(replace(asked, parts={"value": "v", "count": "n"}, percent=True),))
    source.value = 0.03
    poller.tick()
    newest = minute_of(house.clock.now()) - 1
    (row,) = house.store.minutes(SERIES, newest, newest)
    assert "is it a fraction? say `values_in: fraction`" in row.doubt
    source.value = 3.0
    live(house, poller, 1)
    (row,) = house.store.minutes(SERIES, newest + 1, newest + 1)
    assert row.doubt == ""


def test_what_a_region_that_was_away_left_in_doubt_is_asked_again_by_whoever_asks_next(
    house: WiredEngine, poller: Poller, source: Answers
) -> None:
    live(house, poller, 3)
    source.degraded = "us-store is away"
    live(house, poller, 10)
    assert sum(bool(doubt) for doubt in doubts(house, 12)) >= 8
    source.degraded = ""
    live(house, made(house, source), 1)
    assert set(doubts(house, 12)) == {""}
    polls = source.asked
    live(house, made(house, source), 1)
    assert source.asked == polls + 1, "once is enough, for another replica too"
