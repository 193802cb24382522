"""A page that does not get through holds up nobody, is not given up, and uses up no rounds."""

import pytest

from bot.ports.errors import DeliveryError
from tests.support.wired import ANA, WiredEngine


@pytest.fixture
def down(house: WiredEngine) -> WiredEngine:
    """No way out, and a wall clock that moves only with `_deliver`."""
    at = [1_000.0]
    house.wall = lambda: at[0]
    house.at = at  # type: ignore[attr-defined]
    house.close()
    house.open()
    house.chat.refuse = [DeliveryError("no answer from Slack")] * 5_000
    house.live(2, her=18.0)
    return house


def _pages(house: WiredEngine) -> list[str]:
    return [key for key in house.chat.posts if "/page/" in key]


def _deliver(house: WiredEngine, times: int) -> None:
    """Twenty seconds go by, so often, each time with everything that is due."""
    for _ in range(times):
        house.at[0] += 20.0  # type: ignore[attr-defined]
        house.deliver()


def test_the_next_person_is_paged_while_the_page_is_tried_on(down: WiredEngine) -> None:
    house = down
    _deliver(house, 6)
    assert house.incident().escalation.paged[:2] == ("ana", "bo")
    assert "inc-1/page/1/ana/slack: late" not in house.said()
    assert any("late" in entry.entry.text for entry in house.store.entries(1) if entry.entry.kind == "page_settled")
    assert house.store.outstanding("inc-1/page/1/ana/slack")


def test_an_outage_of_every_way_uses_up_no_rounds(down: WiredEngine) -> None:
    house = down
    _deliver(house, 24)
    state = house.incident().escalation
    assert state.rounds == 1
    assert not state.exhausted
    assert [timer.kind for timer in house.incident().timers if timer.kind == "escalate"] == ["escalate"]


def test_when_the_way_is_back_everybody_is_paged_once_by_the_youngest(down: WiredEngine) -> None:
    house = down
    _deliver(house, 24)
    house.chat.refuse = []
    _deliver(house, 24)
    people = [key.split("/")[3] for key in _pages(house)]
    assert set(house.incident().escalation.paged) == set(people)
    assert len(people) == len(set(people))
    assert house.chat.doubled == []


def test_late_pages_are_not_sent_to_those_who_need_not_come_any_more(down: WiredEngine) -> None:
    house = down
    _deliver(house, 8)
    house.commands.paging.acknowledge(ANA, 1)
    house.chat.refuse = []
    _deliver(house, 8)
    assert _pages(house) == []
