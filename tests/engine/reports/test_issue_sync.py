"""Follow-ups that are tracked elsewhere as well: linked once, tried again, and by one replica."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.core.incident.followups import Followup
from bot.engine.reports.issue_sync import IssueSync
from bot.ports.errors import DeliveryError
from tests.support.wired import ANA, WiredEngine


@dataclass
class Board:
    """Keeps what it was asked for; refuses as often as it is told to."""

    refusals: int = 0
    asked: list[str] = field(default_factory=list)

    def link(self, followup: Followup, owner: str, installation: str) -> str:
        assert (owner, bool(installation)) == ("Ana Duarte", True)
        self.asked.append(followup.id)
        if self.refusals:
            self.refusals -= 1
            raise DeliveryError("GitHub answered 502")
        return f"https://github.example/{followup.id}"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WiredEngine]:
    made = WiredEngine(tmp_path)
    made.settle_in()
    made.live(2, her=18.0)
    made.commands.teamwork.note(ANA, 1, "write the missing eval", "followup")
    yield made
    made.close()


def issue_sync(house: WiredEngine, rung_cache: Board, said: list[str]) -> IssueSync:
    return IssueSync(house.store, house.recorder, house.get_fleet, house.clock, rung_cache, said.append)


def test_a_follow_up_is_linked_once_by_whichever_replica(house: WiredEngine) -> None:
    rung_cache, said = Board(), list[str]()
    for _ in range(2):
        issue_sync(house, rung_cache, said).tick()
    house.clock.advance(600)
    issue_sync(house, rung_cache, said).tick()
    assert rung_cache.asked == ["1-1"]
    [known] = house.store.followups()
    assert known.link == "https://github.example/1-1"
    assert said == []


def test_what_fails_is_said_and_tried_again_in_the_next_round(house: WiredEngine) -> None:
    rung_cache, said = Board(refusals=1), list[str]()
    issue_sync(house, rung_cache, said).tick()
    assert said == ["follow-up 1-1 is not tracked yet: GitHub answered 502"]
    house.clock.advance(301)
    issue_sync(house, rung_cache, said).tick()
    assert rung_cache.asked == ["1-1", "1-1"]
    assert house.store.followups()[0].link
