"""Handing the pager over until a time: stored, in force at once, shown, and over by itself (`product.md` section 6)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.incident.effects import Notice
from bot.core.incident.incident import IncidentState
from bot.core.model.people import EscalationStep
from bot.engine.commands.on_call_override import until_when
from tests.support.wired import ANA, BO, EVE, START, WiredEngine


def paged(house: WiredEngine, number: int = 1) -> list[str]:
    return [key.split("/")[3] for key in house.chat.posts if key.startswith(f"inc-{number}/page/")]


def breach(house: WiredEngine) -> None:
    house.live(2, her=18.0)


def test_who_covers_is_paged_instead_and_told_why(house: WiredEngine) -> None:
    answer = house.commands.overrides.cover(ANA, "me", "dan", "8h")
    assert answer.ok
    assert "Dan Okoro has the pager of Ana Duarte until" in answer.text
    breach(house)
    assert paged(house) == ["dan"]
    assert any("You cover for ana, owner of refunds." in entry.entry.text for entry in house.store.entries(1))
    assert "You cover for ana, owner of refunds." in str(house.chat.posts["inc-1/page/1/dan/slack"].content)
    assert house.incident().roster.covers == {"ana": "dan"}


def test_who_covers_for_the_deputy_is_not_told_that_the_deputy_owns_it(house: WiredEngine) -> None:
    """Ana owns it and covers for Bo, the deputy: she is paged as its owner, and later in his place."""
    assert house.commands.overrides.cover(ANA, "bo", "ana", "8h").ok
    breach(house)
    said = [entry.entry.text for entry in house.store.entries(1)]
    assert any("You own refunds." in text for text in said)
    house.live(12, her=18.0)
    said = [entry.entry.text for entry in house.store.entries(1)]
    assert any("You cover for bo, deputy of refunds" in text for text in said)
    assert not any("bo, owner of" in text or "ana, deputy of" in text for text in said)


def test_who_covers_is_answerable_like_the_owner(house: WiredEngine) -> None:
    house.commands.overrides.cover(ANA, "me", "bo", "8h")
    breach(house)
    assert house.commands.paging.acknowledge(BO, 1).ok
    assert house.incident().state is IncidentState.RESPONDING


def test_cover_ends_by_itself_and_says_so_once(house: WiredEngine) -> None:
    house.commands.overrides.cover(ANA, "me", "dan", "60m")
    house.later(61)
    house.upkeep.tick()
    house.upkeep.tick()
    house.deliver()
    said = [text for text in house.said().splitlines() if "has the pager again" in text]
    assert said == ["Ana Duarte has the pager again; Dan Okoro no longer covers."]
    house.settle_in()
    breach(house)
    assert paged(house) == ["ana"]


def test_cover_survives_a_restart(house: WiredEngine) -> None:
    house.commands.overrides.cover(ANA, "me", "dan", "8h")
    house.close()
    house.open()
    breach(house)
    assert paged(house) == ["dan"]


def test_an_open_incident_keeps_the_roster_it_began_with(house: WiredEngine) -> None:
    breach(house)
    house.commands.overrides.cover(ANA, "me", "dan", "8h")
    house.later(5)
    house.tick()
    assert set(paged(house)) == {"ana"}


def test_taking_it_back_before_the_time(house: WiredEngine) -> None:
    house.commands.overrides.cover(ANA, "me", "dan", "8h")
    assert house.commands.overrides.covers().text == "Dan Okoro covers for Ana Duarte until 2026-03-02 10:00 UTC."
    assert house.commands.overrides.end_cover(ANA).ok
    assert house.commands.overrides.covers().text == "Everybody has their own pager."
    assert not house.commands.overrides.end_cover(ANA).ok
    breach(house)
    assert paged(house) == ["ana"]


def test_a_second_cover_replaces_the_first(house: WiredEngine) -> None:
    house.commands.overrides.cover(ANA, "me", "dan", "8h")
    house.later(1)
    house.commands.overrides.cover(ANA, "me", "cleo", "1h")
    breach(house)
    assert paged(house) == ["cleo"]


def test_cover_in_a_circle_leaves_everybody_their_own_pager(house: WiredEngine) -> None:
    house.commands.overrides.cover(ANA, "ana", "bo", "8h")
    house.commands.overrides.cover(BO, "bo", "ana", "8h")
    breach(house)
    assert paged(house) == ["ana"]


def test_whoever_covers_the_coverer_is_paged(house: WiredEngine) -> None:
    house.commands.overrides.cover(ANA, "me", "bo", "8h")
    house.commands.overrides.cover(BO, "me", "dan", "8h")
    breach(house)
    assert paged(house) == ["dan"]


def test_when_nobody_answers_everyone_is_paged_the_covered_owner_too(house: WiredEngine) -> None:
    house.commands.overrides.cover(ANA, "me", "dan", "8h")
    breach(house)
    house.live(31, her=18.0)
    assert "ana" in paged(house)


def test_both_are_told(house: WiredEngine) -> None:
    house.commands.overrides.cover(ANA, "me", "dan", "8h")
    house.deliver()
    assert "Dan Okoro has the pager of Ana Duarte until 2026-03-02 10:00 UTC." in house.said()
    house.watched = replace(house.watched, announcements="")
    house.later(1)
    house.commands.overrides.cover(ANA, "me", "bo", "8h")
    house.deliver()
    assert {key.rsplit("/", 1)[-1] for key in house.chat.posts if key.startswith("notice/")} >= {"ana", "bo"}


@pytest.mark.parametrize(
    ("by", "until", "why"),
    [
        ("ana", "8h", "has that pager already"),
        ("nobody", "8h", "nobody"),
        ("dan", "soon", "is not a time to cover until"),
        ("dan", "40d", "31 days at most"),
        ("dan", "2026-03-01 09:00", "has passed already"),
        ("dan", "99999999999999999999d", "is not a time"),
    ],
)
def test_what_cannot_be_is_refused_in_words(house: WiredEngine, by: str, until: str, why: str) -> None:
    answer = house.commands.overrides.cover(ANA, "me", by, until)
    assert not answer.ok
    assert why in answer.text
    assert house.store.covers(house.clock.now()) == []


def test_a_stranger_moves_no_pager(house: WiredEngine) -> None:
    assert not house.commands.overrides.cover(EVE, "ana", "bo", "8h").ok
    house.commands.overrides.cover(ANA, "me", "bo", "8h")
    assert not house.commands.overrides.end_cover(EVE, "ana").ok


def test_a_time_is_meant_where_the_person_lives() -> None:
    now = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)
    assert until_when("09:00", now, "UTC") == datetime(2026, 3, 29, 9, 0, tzinfo=UTC)
    # Berlin moves its clocks that night: 09:00 there is 07:00 UTC, not 08:00
    assert until_when("09:00", now, "Europe/Berlin") == datetime(2026, 3, 29, 7, 0, tzinfo=UTC)
    assert until_when("2026-03-30 09:00", now, "America/New_York") == datetime(2026, 3, 30, 13, 0, tzinfo=UTC)
    assert until_when("90m", now, "UTC") - now == timedelta(minutes=90)
    assert until_when("22:30", now, "UTC") - now == timedelta(days=1)


def test_words_without_an_incident_go_out_once_across_a_lost_answer(house: WiredEngine) -> None:
    house.store.enqueue([Notice("x", "hello")], house.wall())
    house.store.enqueue([Notice("x", "hello")], house.wall())
    house.deliver()
    assert house.said() == "hello"
    assert house.chat.posts["notice/x"].receipt.channel == "C-incidents"
    assert house.later(1) > START


def test_an_open_incident_keeps_the_policy_it_began_with(house: WiredEngine) -> None:
    breach(house)
    slower = replace(house.watched.escalation, steps=(EscalationStep(0, "owner"), EscalationStep(600, "manager")))
    house.watched = replace(house.watched, escalation=slower)
    house.later(10)
    house.tick()
    house.later(5)
    house.tick()
    assert "bo" in paged(house), "the deputy, as the policy said when it began"


def test_a_list_of_agents_shows_who_covers(house: WiredEngine) -> None:
    house.commands.overrides.cover(ANA, "me", "dan", "8h")
    card = house.commands.queries.agent("refunds").card
    assert "Dan Okoro covers until 10:00 UTC" in str(card)
