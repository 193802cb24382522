"""A whole night on the local Slack: the real engine and store behind the real Slack side, with a movable clock."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.core.cards.answer import Card
from bot.core.model.fleet import Fleet
from bot.core.model.people import Person, Way
from bot.core.model.rungs import DEFAULT_LADDER
from bot.localslack.server import LocalSlack
from bot.ports.chat import Receipt
from bot.slack.client.chat import SlackChat
from bot.slack.client.web_api import writing_client
from tests.slack.town import Town
from tests.support.wired import WiredEngine, fleet

USERS = {"ana": "U0ANA", "bo": "U0BEN", "cleo": "U0CHLOE", "dan": "U0EVE"}
NAMES = {"ana": "Ana Silva", "bo": "Bo Lind", "cleo": "Cy Dow", "dan": "Eve Ops"}
AGENTS = "C0AGENTS"


class Paging(SlackChat):
    """The chat, and the pager of kind `slack` on it, as one: what `House` wants."""

    kind = "slack"

    def page(self, person: Person, way: Way, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        return self.direct_to(person, way.target or person.slack, card, key, repeat=repeat)

    def settle(self, person: Person, receipt: Receipt, card: Card, key: str) -> None:
        del person
        self.edit(receipt, card, key)


def town_fleet() -> Fleet:
    people = {key: Person(key, NAMES[key], slack=user, phone="+44 20 7946 0001") for key, user in USERS.items()}
    refunds = replace(fleet().agents["refunds"], channel=AGENTS)
    return Fleet(people, {}, {"refunds": refunds}, DEFAULT_LADDER, responders=("dan",), announcements="C0GENERAL")


class Night:
    """INC-1 of refunds and the people on it. Commands and clicks go through Slack; `deliver` carries effects out."""

    def __init__(self, path: Path, server: LocalSlack, town: Town) -> None:
        chat: Any = Paging(writing_client(server.bot_token, server.api_url))
        self.town = town
        self.house = WiredEngine(path, watched=town_fleet(), chat=chat)
        self.house.settle_in()

    @property
    def room(self) -> str:
        return self.house.incident().channel

    def close(self) -> None:
        self.house.close()

    def breach(self) -> None:
        """HER goes to 18 %: Ana is paged and the channel is there."""
        self.house.live(3, her=18.0)
        assert self.room

    def everybody_joins(self) -> None:
        """Whoever is not in the incident's channel yet."""
        if not self.house.store.incidents(1):
            return
        there = self.town.look("channels")["channels"]
        members = next(one["members"] for one in there if one["id"] == self.room)
        for user in ("U0ANA", "U0BEN", "U0CHLOE", "U0DEV"):
            if user not in members:
                self.town.do("join", user=user, channel=self.room)

    def say(self, user: str, line: str, words: str, where: str = "") -> dict[str, Any]:
        """Type a command in the incident's channel, wait for the answer, and let what it wants be done."""
        channel = where or self.room
        last = max((one["ts"] for one in self.town.messages(channel, user=user)), default="")
        assert self.town.slash(user, channel, line)["acked"]
        answer = self.town.heard(channel, words, user=user, after=last)
        self.house.deliver()
        return answer

    def quietly(self, minutes: int, **values: float) -> None:
        """Minutes go by; what they want is delivered at their end only."""
        house = self.house
        for _ in range(minutes):
            house.clock.advance(60)
            house.feed(1, {**house.healthy(), **values})
            house.obey()
            house.detector.evaluate(["refunds"], house.clock.now())
            house.monitor.read_back()
            house.monitor.judge_all()
        house.deliver()

    def told(self, channel: str = "", user: str = "ana") -> str:
        """Everything that everybody sees in a channel."""
        seen = [one for one in self.town.messages(channel or self.room, user=user) if not one.get("ephemeral")]
        return "\n".join(f"{one['text']} {one.get('blocks')}" for one in seen)

    def entries(self) -> str:
        return "\n".join(one.entry.text for one in self.house.store.entries(1))

    def card(self, name: str) -> Receipt:
        found = self.house.store.receipt(f"inc-1/{name}")
        assert found is not None, name
        return found

    def click(self, user: str, name: str, action: str, **more: object) -> dict[str, Any]:
        """Tap a button of a posted card."""
        at = self.card(name)
        return self.town.do("click", user=user, channel=at.channel, ts=at.ts, action_id=action, **more)
