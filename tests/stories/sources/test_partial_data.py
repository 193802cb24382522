"""A sick region behind a partial answer never recovers an incident; the same run with whole data does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.core.incident.incident import IncidentState
from bot.core.model.samples import Series, minute_of
from bot.slack.blocks import draw
from tests.contracts.odd_server import OddServer, odd_server
from tests.stories.sources.partial_source import LOST, Regions, Watch
from tests.support.wired import START

FOREVER = 10**9
SICK = minute_of(START) + 10
HER = Series("refunds", "", "her")


@pytest.fixture
def server() -> Iterator[OddServer]:
    with odd_server() as running:
        yield running


@pytest.fixture
def watch(tmp_path: Path, server: OddServer) -> Iterator[Watch]:
    made = Watch(tmp_path, server.url)
    yield made
    made.close()


def sick(watch: Watch, server: OddServer, until: int = FOREVER) -> Regions:
    """Ten good minutes, ten bad ones; the incident is open and somebody has it."""
    regions = Regions(server, SICK, until, now=lambda: watch.minute)
    watch.live(20)
    watch.take()
    assert watch.house.incident().state is IncidentState.RESPONDING
    return regions


def test_with_whole_data_a_region_that_is_well_again_recovers(watch: Watch, server: OddServer) -> None:
    sick(watch, server, until=SICK + 15)
    watch.live(60)
    assert watch.house.incident().state is IncidentState.RECOVERED
    assert "doubted" not in watch.house.kinds()


def test_a_sick_region_behind_a_partial_answer_never_does(watch: Watch, server: OddServer) -> None:
    regions = sick(watch, server)
    regions.away_from, regions.away_until = watch.minute, FOREVER
    seen = set()
    for _ in range(90):
        watch.live(1)
        seen.add(watch.house.incident().state)
    assert seen == {IncidentState.RESPONDING}
    clock = watch.house.monitor.clock_of(watch.house.incident(), watch.house.clock.now())
    assert clock is not None
    assert f"in doubt: prom: {LOST}" in clock.sentence
    assert watch.house.incident().breaches[0].cleared_at is None


def test_the_reason_stands_wherever_the_number_stands(watch: Watch, server: OddServer) -> None:
    regions = sick(watch, server)
    regions.away_from, regions.away_until = watch.minute, FOREVER
    watch.live(12)
    house = watch.house
    now, incident, agent = house.clock.now(), house.incident(), house.watched.agents["refunds"]
    cards = (
        house.views.incident_card(incident, now),
        house.views.page_card(incident, "You own refunds", now),
        house.views.announcement_card(incident, now),
        house.views.agent_card(agent, now),
        house.views.fleet_card(now, off_normal=False),
        house.views.recovery_card(incident, now),
    )
    for card in cards:
        assert "us-store is away" in str(draw(card).blocks), card
    assert "us-store is away" in house.views.catchup_card(incident, now).now_line
    line = house.views.incident_card(incident, now).lines[0]
    assert (line.status, line.doubt) == ("unknown", f"prom: {LOST}")


def test_the_timeline_says_it_once_an_episode(watch: Watch, server: OddServer) -> None:
    regions = sick(watch, server)
    regions.away_from, regions.away_until = watch.minute, watch.minute + 20
    watch.live(40)
    told = [one.entry.text for one in watch.house.store.entries(1) if one.entry.kind == "doubted"]
    assert told == [f"The numbers are in doubt: HER: prom: {LOST}", "The numbers are whole again."]


def test_whole_data_that_comes_late_clears_the_doubt(watch: Watch, server: OddServer) -> None:
    regions = sick(watch, server)
    away = watch.minute
    regions.away_from, regions.away_until = away, away + 20
    watch.live(19)
    assert all(row.doubt for row in watch.house.store.minutes(HER, away + 2, away + 17))
    watch.live(5)
    rows = watch.house.store.minutes(HER, away, away + 20)
    assert [row.doubt for row in rows if row.doubt] == []
    assert all(row.value is not None and row.value > 10 for row in rows)


def test_a_doubtful_minute_still_opens_an_incident_and_says_so(watch: Watch, server: OddServer) -> None:
    regions = Regions(server, SICK, FOREVER, now=lambda: watch.minute)
    regions.remarks = ["remote_read: context deadline exceeded"]
    watch.live(20)
    (incident,) = watch.house.store.open_incidents()
    assert "in doubt: prom: remote_read: context deadline exceeded" in incident.breaches[0].why


def test_what_the_engine_says_of_the_query_is_no_partial_data(watch: Watch, server: OddServer) -> None:
    regions = sick(watch, server, until=SICK + 15)
    remark = 'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "x" (1:6)'
    regions.remarks = [remark]
    watch.live(60)
    assert watch.house.incident().state is IncidentState.RECOVERED
    assert watch.poller.doubts.take_remarks() == [f"her: prom: {remark}"]
    assert watch.poller.doubts.told(watch.house.clock.now()) == {}
