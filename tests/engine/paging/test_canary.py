"""The weekly test page: by the real path, once, and loud when it does not land (`product.md` section 13)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.core.cards.page import PageCard
from bot.ports.errors import DeliveryError
from bot.simulation.clock import MovableClock
from tests.support.wired import WiredEngine, fleet

TUESDAY = datetime(2026, 3, 3, 10, 5, tzinfo=UTC)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WiredEngine]:
    made = WiredEngine(tmp_path, canary_to="ana", clock=MovableClock(TUESDAY))
    yield made
    made.close()


def pages(house: WiredEngine) -> list[str]:
    return [key for key in house.chat.posts if key.startswith("inc-0/page/")]


def tick(house: WiredEngine) -> None:
    house.upkeep.tick()
    house.deliver()
    house.upkeep.tick()
    house.deliver()


def test_it_goes_out_once_a_week_and_says_that_it_is_a_test(watched: WiredEngine) -> None:
    tick(watched)
    tick(watched)
    [key] = pages(watched)
    card = watched.chat.posts[key].content
    assert isinstance(card, PageCard)
    assert card.headline.startswith("TEST PAGE")
    last = watched.store.last_once_marker("canary")
    assert last is not None
    assert (last.period, last.outcome) == ("2026-W10", "ok")
    assert watched.canary.trouble() == ""
    watched.later(7 * 24 * 60)
    tick(watched)
    assert len(pages(watched)) == 2


def test_a_restart_does_not_send_it_again(watched: WiredEngine) -> None:
    watched.upkeep.tick()
    watched.close()
    watched.open()
    tick(watched)
    assert len(pages(watched)) == 1


def test_one_that_fails_is_loud_until_the_next_one_lands(watched: WiredEngine) -> None:
    watched.chat.refuse.append(DeliveryError("account_inactive", permanent=True))
    tick(watched)
    assert "THE TEST PAGE FAILED (2026-W10, to ana): slack: failed (account_inactive)" in watched.said()
    assert "account_inactive" in watched.canary.trouble()
    watched.later(1)
    watched.canary.send("by hand")
    tick(watched)
    assert watched.canary.trouble() == ""


def test_one_that_waits_too_long_counts_as_lost(watched: WiredEngine) -> None:
    watched.upkeep.tick()
    watched.later(11)
    watched.upkeep.tick()
    assert "slack: pending" in watched.canary.trouble()


def test_somebody_who_cannot_be_paged_at_all_is_loud(watched: WiredEngine) -> None:
    watched.watched = fleet(people={})
    tick(watched)
    assert "ana cannot be paged by any way" in watched.canary.trouble()


@pytest.mark.parametrize("when", [datetime(2026, 3, 3, 3, 0, tzinfo=UTC), datetime(2026, 3, 7, 12, 0, tzinfo=UTC)])
def test_nobody_is_woken_by_a_test_at_night_or_on_a_weekend(tmp_path: Path, when: datetime) -> None:
    house = WiredEngine(tmp_path, canary_to="ana", clock=MovableClock(when))
    tick(house)
    assert pages(house) == []
    house.close()


def test_without_a_person_there_is_no_canary(house: WiredEngine) -> None:
    tick(house)
    assert pages(house) == []
