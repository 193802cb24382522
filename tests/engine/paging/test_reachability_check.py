"""Holes in who can be reached are found before they are needed (`product.md` section 6)."""

from dataclasses import replace

from bot.core.model.people import Person, Way
from bot.core.paging.reachability import Hole, holes
from tests.support.wired import WiredEngine, fleet


def whole() -> dict[str, Person]:
    """People who can be reached by two ways and a phone."""
    return {key: replace(person, ways=(Way("sms", "x"),)) for key, person in fleet().people.items()}


def texts(found: list[Hole]) -> str:
    return "\n".join(hole.text for hole in found)


def test_who_has_two_ways_and_a_phone_has_no_hole() -> None:
    ways = frozenset({"slack", "sms"})
    assert holes(fleet(people=whole()), ways, dict.fromkeys(whole(), "live")) == []


def test_slack_alone_is_a_hole_but_not_a_grave_one() -> None:
    found = [hole for hole in holes(fleet(), frozenset({"slack"}), {}) if hole.person == "ana"]
    assert "Slack alone" in texts(found)
    assert not any(hole.grave for hole in found)
    assert found[0].agents == ("refunds",)


def test_a_deactivated_account_without_another_way_is_grave() -> None:
    [found] = [hole for hole in holes(fleet(), frozenset({"slack"}), {"ana": "gone"}) if hole.person == "ana"]
    assert found.grave
    assert "deactivated" in found.text


def test_a_slack_that_does_not_answer_says_nothing_about_accounts() -> None:
    ways = frozenset({"slack", "sms"})
    assert holes(fleet(people=whole()), ways, dict.fromkeys(whole(), "unknown")) == []


def test_a_way_that_does_not_work_here_is_named() -> None:
    found = holes(fleet(people=whole()), frozenset({"slack"}), {})
    assert "lists sms, which this Stepdown cannot page by" in texts(list(found))


def test_no_deputy_and_no_phone_are_said() -> None:
    agents = {"refunds": replace(fleet().agents["refunds"], deputy="")}
    people = {**whole(), "ana": replace(whole()["ana"], phone="")}
    found = texts(list(holes(fleet(agents=agents, people=people), frozenset({"slack", "sms"}), {})))
    assert "refunds has no deputy: when ana cannot be had, cleo is next" in found
    assert "has no phone number" in found


def said(house: WiredEngine) -> list[str]:
    return [
        text
        for key, posted in house.chat.posts.items()
        if key.startswith("notice/reach")
        for text in [str(posted.content)]
    ]


def test_the_check_runs_at_start_and_once_a_day_and_speaks_when_something_changed(house: WiredEngine) -> None:
    house.watched = fleet(people=whole())
    house.pagers = {"sms": house.chat}
    house.close()
    house.open()
    house.upkeep.tick()
    house.deliver()
    assert said(house) == []
    house.directory.accounts["bo"] = "gone"
    house.upkeep.tick()
    house.deliver()
    assert said(house) == [], "once a day"
    house.later(24 * 60)
    house.upkeep.tick()
    house.upkeep.tick()
    house.deliver()
    [text] = said(house)
    assert "Bo Lindgren (bo): the Slack account U0BO is deactivated" in text
    assert any("Bo Lindgren" in line for line in house.logged)
    house.later(24 * 60)
    house.upkeep.tick()
    house.deliver()
    assert len(said(house)) == 1, "the same holes are not news"


def test_a_restart_on_the_same_day_looks_again_but_says_nothing_twice(house: WiredEngine) -> None:
    house.directory.accounts["ana"] = "gone"
    house.upkeep.tick()
    house.deliver()
    before = len(said(house))
    house.close()
    house.open()
    house.upkeep.tick()
    house.deliver()
    assert len(said(house)) == before == 1
    assert any(hole.grave for hole in house.reach.holes)
