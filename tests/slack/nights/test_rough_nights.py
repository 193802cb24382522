"""What goes wrong between people and Slack: double taps, two at once, stale buttons, lost cards, rooms and scopes.

Each says something sensible, and nothing is lost.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bot.localslack.server import LocalSlack
from bot.slack import ids
from tests.slack.nights.waiting import AGENTS, Night
from tests.support.wired import ANA, BO


@pytest.fixture
def night(night: Night) -> Night:
    night.breach()
    return night


def kinds(night: Night, kind: str) -> int:
    return night.house.kinds().count(kind)


def test_a_double_tap_is_one_act_and_both_are_answered(night: Night) -> None:
    for _ in range(2):
        assert night.click("ana", "page/1/ana/slack", ids.ACK)["acked"]
    night.town.heard("@ana", "You have INC-0001")
    night.say("ana", "/incident status", "INC-0001 refunds")
    assert kinds(night, "acknowledged") == 1
    for _ in range(2):
        night.click("ana", "card/page", ids.LOWER)
    night.say("ana", "/autonomy refunds", "read and answer; no writes")
    assert kinds(night, "rung_lowered") == 1, "a second tap does not lower it twice"
    assert night.house.store.epoch("refunds") == 1


def test_two_people_at_once_are_one_act_each_and_both_hear_what_is_so(night: Night) -> None:
    night.everybody_joins()
    before = max(one["ts"] for one in night.town.messages(night.room))
    with ThreadPoolExecutor(2) as people:
        taps = [people.submit(night.click, user, "card/page", ids.LOWER) for user in ("ana", "ben")]
        assert all(tap.result()["acked"] for tap in taps)
    heard = {night.town.heard(night.room, "refunds", user, before)["text"] for user in ("ana", "ben")}
    night.house.deliver()
    assert kinds(night, "rung_lowered") == 1
    assert {words[:16] for words in heard} == {"Step down reques", "refunds is on re"}
    assert night.house.incident().rungs.rung == "read-only"


def test_a_stale_button_says_what_is_so_and_changes_nothing(night: Night) -> None:
    night.house.commands.paging.acknowledge(ANA, 1)
    night.house.commands.lifecycle.resolve(ANA, 1, override="a drill")
    version = night.house.incident().version
    night.click("ana", "card/page", ids.ACK)
    assert night.town.heard(night.room, "The incident is resolved: acknowledged is not possible now.")["ephemeral"]
    assert night.house.incident().version == version


def test_a_restore_that_was_answered_meanwhile_is_said(night: Night) -> None:
    night.house.commands.paging.acknowledge(ANA, 1)
    assert not night.house.commands.autonomy.approve_restore(BO, 1).ok
    night.say("ana", "/incident approve", "No restore is waiting for an answer.")


def test_a_card_that_somebody_deleted_is_posted_again_once(night: Night) -> None:
    first = night.card("card/incident")
    night.town.api("chat.delete", channel=first.channel, ts=first.ts)
    night.say("ana", "/incident sev 1 it spreads", "INC-0001 is SEV1")
    again = night.card("card/incident/again")
    assert again.ts != first.ts
    shown = next(one for one in night.town.messages(night.room) if one["ts"] == again.ts)
    assert "SEV1" in str(shown["blocks"])
    night.say("ana", "/incident sev 2 less", "INC-0001 is SEV2")
    shown = next(one for one in night.town.messages(night.room) if one["ts"] == again.ts)
    assert "SEV2" in str(shown["blocks"])


def test_a_card_that_an_app_wrote_over_shows_the_truth_after_the_next_act(night: Night) -> None:
    card = night.card("card/incident")
    night.town.api("chat.update", channel=card.channel, ts=card.ts, text="all fine", blocks=[])
    night.say("ana", "/incident sev 1 it spreads", "INC-0001 is SEV1")
    shown = next(one for one in night.town.messages(night.room) if one["ts"] == card.ts)
    assert "SEV1" in str(shown["blocks"])


def test_an_archived_channel_moves_the_conversation_to_the_agents(night: Night) -> None:
    night.town.api("conversations.archive", channel=night.room)
    night.say("ana", "/incident 1 update holding on read-only", "Update added", AGENTS)
    said = night.told(AGENTS)
    assert "nothing can be posted in its own channel (" in said
    assert "Update: holding on read-only" in said
    night.say("ana", "/incident 1 ack", "You have INC-0001", AGENTS)
    assert kinds(night, "effect_failed") == 0


def test_a_bot_that_was_removed_from_the_channel_comes_back(night: Night) -> None:
    night.town.api("conversations.leave", channel=night.room)
    night.say("ana", "/incident 1 update holding", "Update added", AGENTS)
    assert "Update: holding" in night.told()


def test_a_bot_that_may_not_come_back_goes_on_in_the_agents_channel(night: Night) -> None:
    night.town.do("faults", fault="refuse", method="chat.postMessage", error="not_in_channel", times=1)
    night.town.do("faults", fault="refuse", method="conversations.join", error="missing_scope", times=9)
    night.say("ana", "/incident 1 update holding", "Update added", AGENTS)
    assert "nothing can be posted in its own channel (" in night.told(AGENTS)
    assert "Update: holding" in night.told(AGENTS)


def test_a_renamed_person_is_the_same_person(night: Night, server: LocalSlack) -> None:
    night.say("ana", "/incident ack", "You have INC-0001")
    person = server.slack.people["U0ANA"]
    server.slack.people["U0ANA"] = replace(person, real_name="Ana Costa")
    night.say("ana", "/incident role lead", "Ana Silva is lead of INC-0001")
    assert night.house.incident().roles == {"lead": "ana"}
    assert night.house.incident().acked_by == "ana"


@pytest.mark.parametrize(
    ("method", "line", "hears", "still"),
    [
        ("pins.add", "/incident sev 1 it spreads", "INC-0001 is SEV1", "SEV1"),
        ("bookmarks.list", "/incident postmortem", "The draft is being written", "Postmortem draft"),
        ("conversations.canvases.create", "/incident postmortem", "The draft is being written", "No canvas: "),
        ("files.getUploadURLExternal", "/incident postmortem", "The draft is being written", "could not be shared"),
        ("conversations.setTopic", "/incident contain by hand", "INC-0001 is declared contained", "contained"),
        ("conversations.invite", "/incident role scribe @chloe", "Cy Dow is scribe", "scribe Cy Dow"),
    ],
)
def test_a_lost_scope_is_said_and_stops_nothing(night: Night, method: str, line: str, hears: str, still: str) -> None:
    night.say("ana", "/incident ack", "You have INC-0001")
    night.town.do("faults", fault="refuse", method=method, error="missing_scope", times=9)
    night.say("ana", line, hears)
    night.house.deliver()
    assert still in night.told()
