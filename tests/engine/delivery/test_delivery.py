"""Done is written after sending; what cannot be done is said; nobody is asked twice for one thing."""

from typing import Any

import pytest

from bot.core.incident.effects import EditCard
from bot.engine.delivery.delivery import LONGEST_WAIT
from bot.ports.errors import DeliveryError
from tests.support.wired import ANA, WiredEngine


def _page(house: WiredEngine) -> str:
    return next(key for key in house.chat.posts if key.startswith("inc-1/page/"))


def test_a_send_that_failed_is_tried_again_and_goes_out_once(house: WiredEngine) -> None:
    house.chat.refuse = [DeliveryError("ratelimited", retry_after=2.0), DeliveryError("timeout", ambiguous=True)]
    house.live(2, her=18.0)
    house.deliver()
    assert _page(house) == "inc-1/page/1/ana/slack"
    assert house.chat.doubled == []


def test_a_page_that_cannot_be_sent_moves_to_the_next_and_is_said_with_the_number(house: WiredEngine) -> None:
    house.chat.refuse = [DeliveryError("user_disabled", permanent=True)]
    house.live(2, her=18.0)
    house.deliver()
    assert house.incident().escalation.paged == ("ana", "bo")
    assert "inc-1/page/2/bo/slack" in house.chat.posts
    assert "No page reached ana by any way (user_disabled). Call +44 20 7946 0001." in house.said()


def test_what_waits_for_a_channel_that_waits_itself_is_not_tried_meanwhile(house: WiredEngine) -> None:
    """In a storm each incident waits minutes for its channel: asking each half second held up pages."""
    house.chat.lacks["open_channel"] = DeliveryError("comes too soon", retry_after=3600.0, untried=True)
    house.live(2, her=18.0)
    house.commands.teamwork.note(ANA, 1, "holding", "update")
    for _ in range(5):
        house.deliver()
    with house.store.looking() as connection:
        waiting = connection.exec_driver_sql("SELECT kind, fence FROM outbox WHERE state = 'pending'").all()
    assert {kind for kind, _ in waiting} >= {"open_channel", "say"}
    assert max(fence for _, fence in waiting) == 1


def test_an_effect_that_fails_for_good_stands_in_the_timeline(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    house.chat.refuse = [DeliveryError("is_archived", permanent=True)]
    house.commands.teamwork.note(ANA, 1, "tell them", "update")
    house.deliver()
    texts = [entry.entry.text for entry in house.store.entries(1)]
    assert any("is_archived" in text for text in texts)


def test_an_acknowledged_page_that_waits_is_never_sent(house: WiredEngine) -> None:
    house.clock.advance(60)
    house.feed(2, {**house.healthy(), "her": 18.0})
    house.detector.evaluate(["refunds"], house.clock.now())
    house.commands.paging.acknowledge(ANA, 1)
    house.deliver()
    assert not [key for key in house.chat.posts if "/page/" in key]


def test_a_burst_of_edits_becomes_one_and_shows_the_present(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    key = "inc-1/card/incident"
    before = house.chat.posts[key].edits
    house.recorder.refresh([EditCard(1, "incident", f"burst-{n}") for n in range(10)])
    house.deliver()
    assert house.chat.posts[key].edits == before + 1


def test_an_edit_of_a_card_that_was_never_posted_is_dropped(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    house.recorder.refresh([EditCard(1, "recovery", "early")])
    house.deliver()
    assert not house.store.outstanding("inc-1/edit/recovery/early")


def test_everybody_sees_on_the_page_who_acknowledged(house: WiredEngine) -> None:
    house.live(2, her=18.0)
    house.commands.paging.acknowledge(ANA, 1)
    house.deliver()
    assert house.chat.posts[_page(house)].content.acked.startswith("Acknowledged by Ana Duarte")  # type: ignore[union-attr]


def test_after_a_restart_what_was_wanted_is_done_once(house: WiredEngine) -> None:
    house.clock.advance(60)
    house.feed(2, {**house.healthy(), "her": 18.0})
    house.detector.evaluate(["refunds"], house.clock.now())
    house.close()
    house.open()
    house.deliver()
    house.deliver()
    assert [key for key in house.chat.posts if "/page/" in key] == ["inc-1/page/1/ana/slack"]
    assert house.chat.doubled == []


def test_what_was_in_hand_when_the_database_went_away_is_done_once_and_at_once(
    house: WiredEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.live(2, her=18.0)
    house.recorder.refresh([EditCard(1, "incident", f"away-{n}") for n in range(3)])
    house.commands.teamwork.note(ANA, 1, "tell them", "update")
    finish, away = house.store.finish, [OSError("the database is away")]

    def finish_later(*told: Any, **more: Any) -> bool:  # noqa: ANN401 - whatever the method takes
        if away:
            raise away.pop()
        return finish(*told, **more)

    monkeypatch.setattr(house.store, "finish", finish_later)
    with pytest.raises(OSError, match="away"):
        house.deliver()
    house.deliver()
    assert sum(house.store.backlog().values()) == 0
    assert house.chat.doubled == []


@pytest.mark.parametrize("asked", [1e9, float("inf"), 86_400.0])
@pytest.mark.parametrize("untried", [False, True])
def test_who_asks_for_years_of_patience_gets_a_minute(house: WiredEngine, asked: float, untried: bool) -> None:
    house.chat.refuse = [DeliveryError("too many requests", retry_after=asked, untried=untried)] * 50
    house.live(2, her=18.0)
    with house.store.looking() as connection:
        rows = connection.exec_driver_sql("SELECT lane, due_at - created_at FROM outbox WHERE state = 'pending'").all()
    waits = {lane: wait for lane, wait in rows if wait > 0}
    assert waits
    assert all(wait <= LONGEST_WAIT[lane] + 60 for lane, wait in waits.items())


def test_what_went_wrong_is_stored_and_told_without_secrets(house: WiredEngine) -> None:
    house.chat.refuse = [DeliveryError("refused Bearer abc.def-12345678", permanent=True)]
    house.live(2, her=18.0)
    house.deliver()
    assert "abc.def-12345678" not in house.said()
    assert "refused Bearer [redacted]" in house.said()
