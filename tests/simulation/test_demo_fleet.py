"""The demo's fleet file, workspace and world speak of the same people, channels, agents and queries."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot import sources
from bot.config import parse_fleet
from bot.core.model.fleet import Fleet
from bot.core.model.rungs import DEFAULT_LADDER
from bot.core.model.samples import Sample, Series
from bot.core.model.slis import SourceSpec
from bot.localslack.state.workspace import Workspace
from bot.ports.sources import Source
from bot.runtime.registry import REGISTRY
from bot.simulation.clock import MovableClock
from bot.simulation.demo_fleet import AGENTS, CHANNELS, FAILING, PEOPLE, fleet_text, story, workspace
from bot.simulation.exposition import QUERIES
from bot.simulation.faults import RETRY_LOOP, WAITING_FOR_PEOPLE
from bot.simulation.metrics_server import MetricsServer
from bot.simulation.world import World

URL = "http://127.0.0.1:9090"


@pytest.fixture(scope="module")
def fleet() -> dict[str, Any]:
    read: dict[str, Any] = YAML(typ="safe").load(fleet_text(URL))
    return read


def texts(entry: object) -> Iterator[str]:
    for value in entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else [entry]:
        if isinstance(value, dict | list):
            yield from texts(value)
        elif isinstance(value, str):
            yield value


def test_the_sources_are_at_the_metrics_server(fleet: dict[str, Any]) -> None:
    assert {source["url"] for source in fleet["sources"].values()} == {URL}


def test_every_query_is_one_that_is_served(fleet: dict[str, Any]) -> None:
    asked = {text for text in texts(fleet["sources"]["metrics"]["slis"]) if "(" in text}
    assert asked == set(QUERIES)


def test_the_agents_are_those_of_the_world(fleet: dict[str, Any]) -> None:
    for simulated in AGENTS:
        agent = fleet["agents"][simulated.key]
        assert agent["workflows"] == list(simulated.workflows)
        assert agent["control"]["fallback_rung"] == simulated.fallback_rung
        sources = {sli["source"] for sli in agent.get("slis", fleet["slis"]).values()}
        assert sources == {"metrics" if simulated.metrics == "prometheus" else "support-desk"}
    assert set(fleet["agents"]) == {agent.key for agent in AGENTS}


def test_everybody_and_every_channel_is_in_the_workspace(fleet: dict[str, Any]) -> None:
    slack = Workspace.load(workspace())
    members = {user.name: user.user_id for user in slack.users}
    assert members == {key: person["slack"] for key, person in fleet["people"].items()}
    assert {channel.name: channel.id for channel in slack.channels} == CHANNELS
    assert all("@app" in channel.members and len(channel.members) == len(PEOPLE) + 1 for channel in slack.channels)
    used = {agent["channel"] for agent in fleet["agents"].values()} | {fleet["announcements"]}
    assert used == set(CHANNELS.values())
    assert fleet["responder_group"] == slack.usergroups[0].id
    assert fleet["responders"] == slack.usergroups[0].users


def test_one_agent_of_each_kind(fleet: dict[str, Any]) -> None:
    assert {agent.dialect for agent in AGENTS} == {"ofrep", "plain"}
    assert {agent.metrics for agent in AGENTS} == {"prometheus", "json"}
    assert fleet["agents"][FAILING]["owner"] == "ana"
    assert fleet["agents"][FAILING]["runbook"] == "retry-loop"


def test_nothing_secret_and_nothing_foreign_stands_in_it(fleet: dict[str, Any]) -> None:
    addresses = set(re.findall(r"https?://[^/\s]+", fleet_text(URL)))
    assert addresses == {URL}
    assert all(re.fullmatch(r"\+44 20 7946 0\d{3}", person.phone) for person in PEOPLE), "a range for fiction"


def test_the_story_ends_on_rungs_that_slow_the_fault_to_a_third() -> None:
    told = story()
    assert told.agent == FAILING
    assert told.teller in {person.key for person in PEOPLE}
    assert {rung for rung in DEFAULT_LADDER.names() if told.fault.left.get(rung, 1) <= 1 / 3} == set(told.enough)
    assert story(breaks_after=1, fixed_after=2).breaks_after == 1


def test_rungs_named_in_the_data_are_on_the_ladder() -> None:
    assert {*RETRY_LOOP.left, *WAITING_FOR_PEOPLE} <= set(DEFAULT_LADDER.names())
    assert set(WAITING_FOR_PEOPLE) == {rung.name for rung in DEFAULT_LADDER if rung.waits_for_people}


# --- the real loader and the real sources on it ------------------------------------------------------


@pytest.fixture
def world() -> World:
    return World(MovableClock(datetime(2026, 3, 2, 2, 14, 30, tzinfo=UTC)), AGENTS)


@pytest.fixture
def metrics(world: World) -> Iterator[MetricsServer]:
    server = MetricsServer(world)
    server.start()
    yield server
    server.stop()


def loaded(metrics: MetricsServer) -> Fleet:
    return parse_fleet("fleet.yaml", fleet_text(metrics.url).encode(), {}, REGISTRY)


def _built(spec: SourceSpec, world: World) -> Source:
    source = sources.build(spec, world.clock)
    assert source is not None
    return source


def asked(fleet: Fleet, world: World, first: int, last: int) -> dict[Series, list[Sample]]:
    """Every sample of these minutes that the fleet's sources give; they must not complain."""
    found: dict[Series, list[Sample]] = {}
    with ExitStack() as stack:
        built = {key: _built(spec, world) for key, spec in fleet.sources.items()}
        for source in built.values():
            stack.enter_context(closing(source))
        for query in fleet.queries:
            fetch = built[query.source].fetch(query, first, last)
            assert fetch.warnings == ()
            for sample in fetch.samples:
                found.setdefault(sample.series, []).append(sample)
    return found


def test_the_sources_read_what_the_world_counted(metrics: MetricsServer, world: World) -> None:
    fleet, minute = loaded(metrics), world.closed_minute()
    found = asked(fleet, world, minute, minute)
    assert set(found) == {series for agent in fleet.agents.values() for series in agent.series()}
    for key in fleet.agents:
        tally = world.whole(key, minute)
        read = {sli: found[Series(key, "", sli)][0] for sli in ("dqr", "tie", "her", "aqdd")}
        assert read["dqr"].value == pytest.approx(100 * tally.good / tally.tasks)
        assert read["tie"].value == pytest.approx(tally.calls / tally.tasks, abs=1e-4)
        assert read["her"].value == pytest.approx(100 * tally.escalated / tally.tasks)
        assert read["aqdd"].value == tally.pending
        assert [read[sli].n for sli in ("dqr", "tie", "her")] == [tally.tasks] * 3


def test_the_sources_read_three_days_of_history(metrics: MetricsServer, world: World) -> None:
    fleet, last = loaded(metrics), world.closed_minute()
    found = asked(fleet, world, last - 4319, last)
    assert all(len(samples) == 4320 for series, samples in found.items() if series.agent != "support")
    assert {len(samples) for series, samples in found.items() if series.agent == "support"} == {1}, "JSON has no past"


def test_a_suspended_agent_is_idle_and_not_unknown(metrics: MetricsServer, world: World) -> None:
    for name in world.rungs(FAILING):
        world.obey(FAILING, name, "suspended")
    assert isinstance(world.clock, MovableClock)
    world.clock.advance(120)
    minute = world.closed_minute()
    found = asked(loaded(metrics), world, minute, minute)
    assert [
        (found[Series(FAILING, "", sli)][0].value, found[Series(FAILING, "", sli)][0].n) for sli in ("dqr", "tie")
    ] == [
        (None, 0),
        (None, 0),
    ]
