"""A new fleet file may rename a rung that an open incident is on: the incident is still shown, and can still be run."""

from dataclasses import replace

import pytest

from bot.core.cards.autonomy import AutonomyCard
from bot.core.incident.incident import IncidentState
from bot.core.model.rungs import Ladder
from tests.support.wired import ANA, WiredEngine, fleet


@pytest.fixture
def renamed(house: WiredEngine) -> WiredEngine:
    """Incident 1 stepped `refunds` down to `approval`, which is called `asks` by now."""
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "loop")
    house.deliver()
    rungs = tuple(replace(one, name="asks") if one.name == "approval" else one for one in house.watched.ladder)
    house.watched = fleet(ladder=Ladder(rungs))
    return house


def test_the_cards_are_still_drawn(renamed: WiredEngine) -> None:
    incident, now = renamed.incident(), renamed.clock.now()
    card = renamed.views.autonomy_card(incident, incident.rungs.epoch, now)
    assert isinstance(card, AutonomyCard)
    assert (card.from_rung, card.to_rung, card.may) == ("full", "approval", "do nothing; the fallback serves users")
    assert renamed.views.recovery_card(incident, now).restore_to == ""
    assert renamed.views.home_card(ANA, now)


def test_it_counts_as_the_bottom_so_nothing_is_lower(renamed: WiredEngine) -> None:
    answer = renamed.commands.autonomy.step_down(ANA, "refunds", None)
    assert "lowest rung already" in answer.text


def test_a_restore_is_judged_and_refused_in_words(renamed: WiredEngine) -> None:
    answer = renamed.commands.autonomy.ask_restore(ANA, "refunds", "it is calm")
    assert not answer.ok
    assert "has not recovered yet" in answer.text


def test_its_tray_offers_what_the_command_would_do(renamed: WiredEngine) -> None:
    renamed.commands.paging.acknowledge(ANA, 1)
    renamed.live(60)
    incident, now = renamed.incident(), renamed.clock.now()
    assert (incident.state, incident.rungs.state) == (IncidentState.RECOVERED, "confirmed")
    assert renamed.views.tray_card(incident, now).restore_to == "read-only"
    answer = renamed.commands.autonomy.ask_restore(ANA, "refunds", "it is calm")
    assert answer.ok
    assert renamed.incident().rungs.restore_to == "read-only"


def test_where_the_normal_rung_went_it_says_so(house: WiredEngine) -> None:
    house.commands.autonomy.step_down(ANA, "refunds", "approval", "loop")
    house.watched = fleet(ladder=Ladder(tuple(one for one in house.watched.ladder if one.name != "full")))
    answer = house.commands.autonomy.ask_restore(ANA, "refunds", "it is calm")
    assert answer.text == "full, the normal rung when this incident opened, is not on the ladder any more."
