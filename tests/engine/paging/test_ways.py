"""Every way that a person lists is paged at once, and each of them hears that somebody answered (real HTTP pagers)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core.model.people import Person, Way
from bot.pagers import build_pagers
from bot.ports.errors import DeliveryError
from tests.contracts.odd_server import OddServer, odd_server
from tests.support.wired import ANA, WiredEngine, fleet

# Apprise itself asks for a module that Python is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

KEYS = ("a" * 32, "b" * 32)


@pytest.fixture
def server() -> Iterator[OddServer]:
    with odd_server() as running:
        running.answer = lambda asked: asked.json({}, 202)
        yield running


@pytest.fixture
def house(tmp_path: Path, server: OddServer) -> Iterator[WiredEngine]:
    """Ana is reached by Slack, two PagerDuty services and two Apprise URLs."""
    urls = (f"{server.url.replace('http', 'json')}/{path}" for path in ("sms", "push"))
    ways = (*(Way("pagerduty", key) for key in KEYS), *(Way("apprise", url) for url in urls))
    whole = fleet()
    people = {**whole.people, "ana": replace(whole.people["ana"], ways=ways)}
    made = WiredEngine(tmp_path, replace(whole, people=people), pagers=build_pagers(server.url))
    made.settle_in()
    yield made
    made.close()


def pagerduty(server: OddServer) -> list[tuple[str, str, str]]:
    """(action, first letter of the routing key, run of paging) of what PagerDuty was sent."""
    sent = [json.loads(asked.body) for asked in server.asked if asked.path == "/v2/enqueue"]
    return [(event["event_action"], event["routing_key"][0], event["dedup_key"].split("/")[3]) for event in sent]


def paths(server: OddServer) -> list[str]:
    return sorted(asked.path for asked in server.asked)


def test_every_way_is_paged_at_once_two_of_a_kind_as_well(house: WiredEngine, server: OddServer) -> None:
    house.live(2, her=18.0)
    assert paths(server) == ["/push", "/sms", "/v2/enqueue", "/v2/enqueue"]
    assert pagerduty(server) == [("trigger", "a", "1"), ("trigger", "b", "1")]
    sent = list(house.store.receipts("inc-1/page/1/"))
    ways = ("slack", "pagerduty", "pagerduty-2", "apprise", "apprise-2")
    assert sorted(sent) == sorted(f"inc-1/page/1/ana/{way}" for way in ways)


def test_with_slack_down_the_other_ways_go_out_and_nobody_else_is_woken(house: WiredEngine, server: OddServer) -> None:
    house.chat.refuse = [DeliveryError("no connection") for _ in range(1_000)]
    house.live(2, her=18.0)
    assert len(server.asked) == 4
    assert house.incident().escalation.paged == ("ana",)


def test_an_acknowledgement_is_shown_where_the_way_can(house: WiredEngine, server: OddServer) -> None:
    house.live(2, her=18.0)
    del server.asked[:]
    house.commands.paging.acknowledge(ANA, 1)
    house.deliver()
    assert pagerduty(server) == [("acknowledge", "a", "1"), ("acknowledge", "b", "1")]
    assert len(server.asked) == 2, "nobody is woken again by a text message"


def test_a_lapsed_acknowledgement_pages_under_a_new_dedup_key(house: WiredEngine, server: OddServer) -> None:
    """The alerts of the first run are acknowledged over there; a trigger merged into one would wake nobody."""
    house.live(2, her=18.0)
    house.commands.paging.acknowledge(ANA, 1)
    del server.asked[:]
    house.live(31, her=18.0)
    triggers = [event for event in pagerduty(server) if event[0] == "trigger"]
    assert triggers[:2] == [("trigger", "a", "2"), ("trigger", "b", "2")]


def test_a_false_alarm_is_resolved_everywhere(house: WiredEngine, server: OddServer) -> None:
    house.live(2, her=18.0)
    del server.asked[:]
    house.commands.lifecycle.cancel(ANA, 1, "a test deploy")
    house.deliver()
    assert pagerduty(server) == [("resolve", "a", "1"), ("resolve", "b", "1")]


def test_a_pager_that_is_down_is_said_and_the_others_stand(house: WiredEngine, server: OddServer) -> None:
    server.answer = lambda asked: asked.json({}, 400 if asked.path == "/v2/enqueue" else 200)
    house.live(2, her=18.0)
    texts = [entry.entry.text for entry in house.store.entries(1)]
    assert [text for text in texts if text.startswith("Page to ana by pagerduty-2: failed (PagerDuty answered 400")]
    assert house.incident().escalation.paged == ("ana",), "other ways landed, so nobody else is woken"


def test_ways_of_a_kind_are_told_apart() -> None:
    ways = (Way("apprise", "x"), Way("pagerduty", "y"), Way("apprise", "z"), Way("apprise", "w"))
    named = Person("ana", "Ana", ways=ways).named_ways()
    assert {name: way.target for name, way in named.items()} == {
        "apprise": "x",
        "pagerduty": "y",
        "apprise-2": "z",
        "apprise-3": "w",
    }
