"""Samples asked of a source for a replay: range by range, tried again, kept, and gone on with."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.core.backtest.agent_replay import ReplayEvent
from bot.core.model.fleet import Fleet
from bot.core.model.samples import Sample, Series, minute_start
from bot.core.model.slis import PollQuery, SourceSpec
from bot.engine.reports.backtest import Backtest
from bot.ports.errors import SourceError
from bot.ports.sources import Fetch
from bot.sources.backfill import RANGE, Archive, queries_of
from bot.sources.recordings import RecordingError
from tests.core.sample_data import HER
from tests.replay.recording_files import START, fleet_of

QUERY = PollQuery("her", "prom", "her", "ratio", {"bad": "b", "total": "t"}, {"agent": "agent"})
DAY = 1440


@dataclass
class Recalling:
    """A source that remembers a day: HER 2 %, and 30 % for half an hour. Fails as often as it is told to."""

    failures: int = 0
    asked: list[tuple[int, int]] = field(default_factory=list)

    def fetch(self, query: PollQuery, first: int, last: int) -> Fetch:
        self.asked.append((first, last))
        if self.failures:
            self.failures -= 1
            raise SourceError("answered with 503")
        minutes = reversed(range(first, last + 1))  # whatever order: it is put right
        return Fetch(tuple(self.sample(query, minute) for minute in minutes))

    def sample(self, query: PollQuery, minute: int) -> Sample:
        ill = 600 <= minute - START < 630
        return Sample(Series("refunds", "", query.sli), minute_start(minute), 30.0 if ill else 2.0, 100.0)

    def close(self) -> None:
        """Nothing is held."""


def archive(source: Recalling, keep: Path | None = None) -> Archive:
    return Archive([QUERY], {"prom": source}, keep, pause=lambda _: None)


def played(source: Recalling, keep: Path | None = None) -> list[ReplayEvent]:
    told: list[ReplayEvent] = []
    Backtest(fleet_of(HER), told.append).run(archive(source, keep).samples(START, START + DAY - 1))
    return told


def test_a_day_is_asked_in_ranges_and_comes_in_order_of_time() -> None:
    source = Recalling()
    rows = list(archive(source).samples(START + 10, START + DAY - 1))
    assert [row.minute for row in rows] == list(range(START + 10, START + DAY))
    assert [last - first + 1 for first, last in source.asked] == [RANGE - 10, RANGE, RANGE, RANGE]


def test_what_would_have_been_is_found_in_it() -> None:
    kinds = [one.event for one in played(Recalling())]
    assert kinds == ["breach", "incident_opened", "cleared", "recovery_began", "recovery_held"]


def test_a_range_that_fails_is_asked_again() -> None:
    source = Recalling(failures=3)
    assert len(list(archive(source).samples(START, START + 9))) == 10
    assert len(source.asked) == 4


def test_a_source_that_stays_away_says_from_when_on_and_how_to_go_on(tmp_path: Path) -> None:
    with pytest.raises(
        RecordingError, match=r"source prom: her from 2026-03-03 00:00 UTC on: answered with 503; with --keep"
    ):
        list(archive(Recalling(failures=9)).samples(START, START + 9))
    with pytest.raises(RecordingError, match="run it again to go on from"):
        list(archive(Recalling(failures=9), tmp_path).samples(START, START + 9))


def cut_off(source: Recalling, keep: Path) -> Iterator[int]:
    for row in archive(source, keep).samples(START, START + DAY - 1):
        if row.minute - START == 2 * RANGE:
            source.failures = 99
        yield row.minute


def test_a_run_that_was_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    first = Recalling()
    with pytest.raises(RecordingError):
        list(cut_off(first, tmp_path))
    second = Recalling()
    assert played(second, tmp_path) == played(Recalling())
    assert [low - START for low, _ in second.asked] == [3 * RANGE]
    third = Recalling()
    assert played(third, tmp_path) == played(Recalling())
    assert third.asked == []


def test_a_kept_answer_that_was_broken_is_named(tmp_path: Path) -> None:
    list(archive(Recalling(), tmp_path).samples(START, START + 9))
    [file] = tmp_path.iterdir()
    file.write_text("[1, 2")
    with pytest.raises(RecordingError, match=f"{file.name}: is not an answer that was kept here"):
        list(archive(Recalling(), tmp_path).samples(START, START + 9))


def test_a_source_that_nobody_asks_is_refused_with_those_there_are() -> None:
    spec = SourceSpec("prom", "prometheus")
    watched = fleet_of(HER)
    fleet = Fleet(
        {}, {"prom": spec, "push": SourceSpec("push", "samples")}, watched.agents, watched.ladder, queries=(QUERY,)
    )
    assert queries_of(fleet, "prometheus") == queries_of(fleet, "prom") == (QUERY,)
    with pytest.raises(RecordingError, match=r"--from push: .*sources that are asked: prom \(kinds: prometheus\)"):
        queries_of(fleet, "push")
