"""A page taken at PagerDuty is taken here: the right one, by the right person, once."""

from dataclasses import replace
from typing import Any

import pytest

from bot.engine.commands.inbound_acknowledgements import InboundAcknowledgements
from bot.pagers.pagerduty.adapter import Alert, paged_run
from tests.support.wired import ANA, WiredEngine


@pytest.fixture
def elsewhere(house: WiredEngine) -> InboundAcknowledgements:
    house.live(2, her=18.0)
    return InboundAcknowledgements(house.store, house.commands, house.get_fleet, paged_run, "PagerDuty")


def _alert(house: WiredEngine) -> Alert:
    incident = house.incident()
    return Alert(incident.id, int(incident.opened_at.timestamp()), incident.escalation.episode, "ana")


def test_taking_it_there_stops_paging_here(house: WiredEngine, elsewhere: InboundAcknowledgements) -> None:
    elsewhere.acknowledged(str(_alert(house)), "Bo Lindgren")
    assert house.incident().acked_by == "bo"
    assert not [timer for timer in house.incident().timers if timer.kind == "escalate"]
    assert house.store.entries(1)[-1].entry.actor.name == "Bo Lindgren (in PagerDuty)"


def test_a_name_nobody_has_stands_for_the_one_who_was_paged(
    house: WiredEngine, elsewhere: InboundAcknowledgements
) -> None:
    elsewhere.acknowledged(str(_alert(house)), "A. Duarte")
    assert house.incident().acked_by == "ana"
    assert "as A. Duarte (in PagerDuty)" in house.store.entries(1)[-1].entry.actor.name


@pytest.mark.parametrize(
    ("names", "who", "acked_by"),
    [
        ({"bo": "Jose\u0301 Li\u0301n"}, "José Lín", "bo"),
        ({"bo": "José  Lín"}, "JOSÉ\u00a0LÍN", "bo"),
        ({"bo": "Wei Zhang", "cleo": "Wei Zhang"}, "Wei Zhang", "ana"),
        ({"ana": "Wei Zhang", "bo": "Wei Zhang"}, "Wei Zhang", "ana"),
    ],
    ids=["one letter or two", "case and spaces", "two who were not paged", "two, and one was paged"],
)
def test_names_are_compared_as_people_write_them(
    house: WiredEngine, elsewhere: InboundAcknowledgements, names: dict[str, str], who: str, acked_by: str
) -> None:
    """Of two people of one name the first in the file was taken for whoever it was."""
    alert, people = str(_alert(house)), house.watched.people
    renamed = {key: replace(people[key], name=name) for key, name in names.items()}
    house.watched = replace(house.watched, people={**people, **renamed})
    elsewhere.acknowledged(alert, who)
    assert house.incident().acked_by == acked_by


def test_who_has_it_keeps_it(house: WiredEngine, elsewhere: InboundAcknowledgements) -> None:
    house.commands.paging.acknowledge(ANA, 1)
    assert elsewhere.acknowledged(str(_alert(house)), "Bo Lindgren")
    assert house.incident().acked_by == "ana"


@pytest.mark.parametrize("other", [{"episode": 2}, {"opened": 1}, {"incident_id": 7}])
def test_another_run_another_database_or_no_incident_change_nothing(
    house: WiredEngine, elsewhere: InboundAcknowledgements, other: dict[str, Any]
) -> None:
    before = house.incident()
    assert not elsewhere.acknowledged(str(replace(_alert(house), **other)), "Bo Lindgren")
    assert not elsewhere.closed(str(replace(_alert(house), **other)), "Bo Lindgren")
    assert not elsewhere.acknowledged("somebody else's key", "Bo Lindgren")
    assert house.incident() == before


def test_closing_it_there_takes_it_and_closes_nothing_here(
    house: WiredEngine, elsewhere: InboundAcknowledgements
) -> None:
    elsewhere.closed(str(_alert(house)), "Bo Lindgren")
    assert house.incident().acked_by == "bo"
    assert house.incident().open
    assert "stays open here" in house.store.entries(1)[-1].entry.text
