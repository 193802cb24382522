"""The demo's fleet file, workspace and world speak of the same people, channels, agents and queries."""

import re
from collections.abc import Iterator

import pytest
from ruamel.yaml import YAML

from bot.core.model import DEFAULT_LADDER
from bot.localslack.workspace import Workspace
from bot.tabletop.demo_fleet import AGENTS, CHANNELS, FAILING, PEOPLE, fleet_text, story, workspace
from bot.tabletop.exposition import QUERIES
from bot.tabletop.faults import RETRY_LOOP, WAITING_FOR_PEOPLE

URL = "http://127.0.0.1:9090"


@pytest.fixture(scope="module")
def fleet() -> dict:
    return YAML(typ="safe").load(fleet_text(URL))


def texts(entry: object) -> Iterator[str]:
    for value in entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else [entry]:
        if isinstance(value, dict | list):
            yield from texts(value)
        elif isinstance(value, str):
            yield value


def test_the_sources_are_at_the_metrics_server(fleet: dict) -> None:
    assert {source["url"] for source in fleet["sources"].values()} == {URL}


def test_every_query_is_one_that_is_served(fleet: dict) -> None:
    asked = {text for text in texts(fleet["sources"]["metrics"]["slis"]) if "(" in text}
    assert asked == set(QUERIES)


def test_the_agents_are_those_of_the_world(fleet: dict) -> None:
    for simulated in AGENTS:
        agent = fleet["agents"][simulated.key]
        assert agent["workflows"] == list(simulated.workflows)
        assert agent["control"]["fallback_rung"] == simulated.fallback_rung
        sources = {sli["source"] for sli in agent.get("slis", fleet["slis"]).values()}
        assert sources == {"metrics" if simulated.metrics == "prometheus" else "support-desk"}
    assert set(fleet["agents"]) == {agent.key for agent in AGENTS}


def test_everybody_and_every_channel_is_in_the_workspace(fleet: dict) -> None:
    slack = Workspace.load(workspace())
    members = {user.name: user.user_id for user in slack.users}
    assert members == {key: person["slack"] for key, person in fleet["people"].items()}
    assert {channel.name: channel.id for channel in slack.channels} == CHANNELS
    assert all("@app" in channel.members and len(channel.members) == len(PEOPLE) + 1 for channel in slack.channels)
    used = {agent["channel"] for agent in fleet["agents"].values()} | {fleet["announcements"]}
    assert used == set(CHANNELS.values())
    assert fleet["responder_group"] == slack.usergroups[0].id
    assert fleet["responders"] == slack.usergroups[0].users


def test_one_agent_of_each_kind(fleet: dict) -> None:
    assert {agent.dialect for agent in AGENTS} == {"ofrep", "plain"}
    assert {agent.metrics for agent in AGENTS} == {"prometheus", "json"}
    assert fleet["agents"][FAILING]["owner"] == "ana"
    assert fleet["agents"][FAILING]["runbook"] == "retry-loop"


def test_nothing_secret_and_nothing_foreign_stands_in_it(fleet: dict) -> None:
    addresses = set(re.findall(r"https?://[^/\s]+", fleet_text(URL)))
    assert addresses == {URL}
    assert all(re.fullmatch(r"\+44 20 7946 0\d{3}", person.phone) for person in PEOPLE), "a range for fiction"


def test_the_story_ends_on_rungs_that_stop_the_fault() -> None:
    told = story()
    assert told.agent == FAILING
    assert told.teller in {person.key for person in PEOPLE}
    assert {rung for rung in DEFAULT_LADDER.names() if told.fault.left.get(rung, 1) == 0} == set(told.enough)
    assert story(breaks_after=1, fixed_after=2).breaks_after == 1


def test_rungs_named_in_the_data_are_on_the_ladder() -> None:
    assert {*RETRY_LOOP.left, *WAITING_FOR_PEOPLE} <= set(DEFAULT_LADDER.names())
    assert set(WAITING_FOR_PEOPLE) == {rung.name for rung in DEFAULT_LADDER if rung.waits_for_people}
