"""Whose phone rings for a drill: a player's, once, where it was asked for; nobody's else, ever."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from bot.core.model.fleet import Fleet
from bot.core.model.people import Way
from bot.exercises.live import LiveExercise
from tests.contracts.odd_server import OddServer, odd_server
from tests.exercises.setup import ANA, BO, CLEO, DAN, TOWN, House

SECRET = "whsec_" + base64.b64encode(b"a" * 32).decode()


@pytest.fixture
def phones() -> Iterator[OddServer]:
    with odd_server() as running:
        yield running


@pytest.fixture
def reached(house: House, phones: OddServer) -> House:
    """The house, where everybody has a phone: a webhook of their own."""
    host = house.stage.app.exercises
    fleet = host.dependencies.fleet()
    people = {
        key: replace(one, ways=(*one.ways, Way("webhook", f"{phones.url}/{key} {SECRET}")))
        for key, one in fleet.people.items()
    }
    with_phones: Fleet = replace(fleet, people=people)
    host.dependencies = replace(host.dependencies, fleet=lambda: with_phones)
    return house


def start(house: House, agent: str, players: str, more: str = "") -> LiveExercise:
    live_exercises = house.stage.app.exercises.live_exercises
    known = len(live_exercises)
    house.types(DAN, TOWN, f"/tabletop start retry-loop agent {agent} players {players} speed 30x {more}".strip())
    house.until("the drill", lambda: len(live_exercises) > known)
    return live_exercises[max(live_exercises)]


def messages(phones: OddServer) -> list[tuple[str, str, str]]:
    """(whose phone, what kind of message, its title), in the order in which they came."""
    told = [(asked.path.strip("/"), json.loads(asked.body)) for asked in phones.asked]
    return [(whose, body["type"], body["data"]["title"]) for whose, body in told]


def _asked_to_acknowledge(house: House, user: str) -> bool:
    return "Acknowledge" in house.sees(user, f"@{user}")


@pytest.mark.slow
def test_a_phone_rings_once_for_a_player_who_asked_for_it(reached: House, phones: OddServer) -> None:
    house = reached
    silent = start(house, "kyc", f"<@{BO}> <@{CLEO}>")
    ringing = start(house, "refunds", f"<@{ANA}> <@{DAN}>", "phones yes")
    for live, user in ((silent, BO), (ringing, ANA)):
        house.until("the page", partial(_asked_to_acknowledge, house, user))
        house.types(user, live.channel, "/incident ack")
    house.until("the answer on the phone", lambda: len(messages(phones)) >= 2)
    house.types(ANA, ringing.channel, f"/incident page <@{BO}> we need you")
    house.until("the refusal", lambda: "There is no person" in house.sees(ANA, ringing.channel))

    assert [(whose, kind) for whose, kind, _ in messages(phones)] == [
        ("ana", "page.opened"),
        ("ana", "page.acknowledged"),
    ]
    assert all(title.startswith("[EXERCISE] ") for _, _, title in messages(phones)), messages(phones)
    assert silent.engine.incidents()[0].acked_by == "bo"
    assert list(house.stage.app.store.incidents(5)) == []
