"""A drill begun from the home tab: the same form as `/tabletop start` without words, for those who may respond."""

import json

import pytest

from bot.core.model.people import Actor
from bot.slack import ids
from tests.exercises.setup import ANA, DAN, TOWN, House

START = ids.tabletop("start")


def home(house: House, user: str) -> str:
    house.does("home", user=user)
    return str(house.until("the home tab", lambda: shown(house, user)))


def shown(house: House, user: str) -> str:
    view = json.dumps(house.asks("home", user=user)["view"])
    return view if "Declare incident" in view else ""


@pytest.mark.slow
def test_a_drill_begins_from_the_home_tab(house: House) -> None:
    assert START in home(house, DAN)
    house.does("click", user=DAN, home=True, action_id=START)
    form = house.until("the form", lambda: house.asks("views", user=DAN)["views"])[-1]
    house.types(ANA, TOWN, "/tabletop start")
    typed = house.until("the other form", lambda: house.asks("views", user=ANA)["views"])[-1]
    assert [block["block_id"] for block in form["blocks"]] == [block["block_id"] for block in typed["blocks"]]

    values = {"PLAYBOOK": "retry-loop", "agent": "refunds", "players": [ANA], "speed": "60x"}
    refused(house)
    filled = {name: {"value": value} for name, value in values.items()}
    house.does("submit", user=DAN, view_id=form["id"], values=filled)
    live = house.live()
    assert live.exercise.participants.players == ("ana",)
    house.until("the answer", lambda: "Exercise 1 begins in #drill-0001-refunds" in house.sees(DAN, f"@{DAN}"))


def refused(house: House) -> None:
    """Whoever may not respond may send the form in vain."""
    eve = Actor("eve", "Eve", "U0EVE", responder=False)
    answer = house.stage.app.exercises.ask(eve, TOWN, "start", {"PLAYBOOK": "retry-loop", "agent": "refunds"})
    assert not answer.ok
    assert "Eve is not among the responders of refunds" in answer.text
    assert not house.stage.app.exercises.live_exercises
