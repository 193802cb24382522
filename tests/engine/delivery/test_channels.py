"""A room that is shut, a card that was deleted, a scope that was lost: said sensibly, and nothing is lost."""

import time

import pytest

from bot.core.cards.incident import IncidentCard
from bot.ports.errors import DeliveryError, Shut
from tests.support.wired import ANA, WiredEngine


@pytest.fixture
def working(house: WiredEngine) -> WiredEngine:
    house.commands.lifecycle.declare(ANA, "refunds", "paying twice")
    house.deliver()
    house.commands.paging.acknowledge(ANA, 1)
    house.deliver()
    return house


def lines_in(house: WiredEngine, channel: str) -> list[str]:
    return [
        str(one.content)
        for one in house.chat.posts.values()
        if one.receipt.channel == channel and isinstance(one.content, str)
    ]


def test_an_archived_channel_moves_the_conversation_to_the_agents_and_says_so_once(working: WiredEngine) -> None:
    room = working.incident().channel
    working.chat.shut[room] = Shut("the channel is archived")
    working.commands.teamwork.note(ANA, 1, "holding", "update")
    working.commands.teamwork.task(ANA, 1, "ask finance")
    working.deliver()
    said = lines_in(working, "C-refunds")
    assert "Ana Duarte: Update: holding" in said
    assert "Ana Duarte: Task: ask finance" in said
    notice = "INC-0001: nothing can be posted in its own channel (the channel is archived). It goes on here."
    assert said.count(notice) == 1
    assert [entry for entry in working.kinds() if entry == "effect_failed"] == []


def test_a_deleted_card_is_posted_again_once(working: WiredEngine) -> None:
    key = "inc-1/card/incident"
    first = working.chat.posts[key]
    working.chat.gone.add(first.receipt.ts)
    working.commands.lifecycle.set_severity(ANA, 1, "SEV1")
    working.deliver()
    again = working.chat.posts[f"{key}/again"]
    assert isinstance(again.content, IncidentCard)
    assert again.content.header.severity == "SEV1"
    working.commands.lifecycle.set_severity(ANA, 1, "SEV2")
    working.deliver()
    shown = working.chat.posts[f"{key}/again"].content
    assert isinstance(shown, IncidentCard)
    assert shown.header.severity == "SEV2", "from now on that one is edited"
    working.chat.gone.add(again.receipt.ts)
    working.commands.lifecycle.set_severity(ANA, 1, "SEV3")
    working.deliver()
    assert len([one for one in working.chat.posts if one.startswith(key)]) == 2, "whoever deletes it twice means it"


def test_without_the_scope_for_channels_the_incident_is_worked_on_in_the_agents(house: WiredEngine) -> None:
    house.chat.lacks["open_channel"] = DeliveryError("missing_scope: channels:manage", permanent=True)
    house.commands.lifecycle.declare(ANA, "refunds", "paying twice")
    house.deliver()
    house.commands.paging.acknowledge(ANA, 1)
    house.commands.teamwork.note(ANA, 1, "holding", "update")
    house.deliver()
    said = lines_in(house, "C-refunds")
    assert any("has no channel of its own (missing_scope: channels:manage)" in line for line in said)
    assert "Ana Duarte: Update: holding" in said
    assert {"inc-1/card/incident", "inc-1/card/phase-detection"} <= set(house.chat.posts)


def test_a_draft_that_cannot_be_shared_is_kept_and_people_are_told_where(working: WiredEngine) -> None:
    working.chat.lacks["upload"] = DeliveryError("missing_scope: files:write", permanent=True)
    working.commands.lifecycle.postmortem(ANA, 1)
    working.deliver()
    assert working.incident().postmortem.endswith(".md")
    told = [line for line in lines_in(working, working.incident().channel) if "could not be shared here" in line]
    assert len(told) == 1
    assert "missing_scope: files:write" in told[0]
    assert working.incident().postmortem in told[0]


def test_bookmarks_and_the_canvas_are_made_and_their_lack_stops_nothing(working: WiredEngine) -> None:
    room = working.incident().channel
    assert {(room, "refunds"), (room, "Runbook")} <= set(working.chat.bookmarks)
    working.commands.lifecycle.postmortem(ANA, 1)
    working.deliver()
    assert "INC-0001" in working.chat.canvases[room]


def test_the_topic_names_the_owner_as_people_know_them(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    room = house.incident().channel
    assert house.chat.topics[room].endswith("refunds on full · owner Ana Duarte")
    house.commands.autonomy.step_down(ANA, "refunds", "read-only", "loop")
    house.deliver()
    assert house.chat.topics[room].endswith("refunds on read-only · owner Ana Duarte")


def test_a_topic_that_was_refused_is_not_set_over_a_younger_one(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    house.commands.autonomy.step_down(ANA, "refunds", "watched", "loop")
    soon, late = time.time() + 600, time.time() + 7200
    for job in house.store.claim("slack", soon, 50, lease=30):
        house.store.retry(job, late if "/topic/" in job.key else soon, "server_error")
    house.commands.autonomy.step_down(ANA, "refunds", "read-only", "loop")
    house.deliver()
    room = house.incident().channel
    assert house.chat.topics[room].endswith("refunds on read-only · owner Ana Duarte")
    with house.store.writing() as connection:
        due = "UPDATE outbox SET due_at = 1 WHERE state = 'pending' AND key LIKE '%/topic/%'"
        assert connection.exec_driver_sql(due).rowcount == 1, "the older one waits while the younger one is done"
    house.deliver()
    assert house.chat.topics[room].endswith("refunds on read-only · owner Ana Duarte")
