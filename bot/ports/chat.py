"""The chat where responders are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.core.cards.answer import Card
from bot.core.model.people import Person
from bot.core.paging.reachability import Account


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where something landed: for Slack `channel` and `ts`; for others an `id`. Plain strings."""

    channel: str = ""
    ts: str = ""
    id: str = ""


class Chat(Protocol):
    """The chat where responders are. `key` is the effect's: it makes a repeat findable."""

    def open_channel(self, name: str, topic: str, people: Sequence[Person], key: str) -> Receipt:
        """Create the channel, or adopt the one a lost answer made; invite people. Receipt.channel is its id."""
        ...

    def post(
        self,
        channel: str,
        card: Card,
        key: str,
        *,
        mention: Person | None = None,
        repeat: bool = False,
        below: Receipt | None = None,
        urgent: bool = False,
    ) -> Receipt:
        """Post a card. `repeat`: an earlier try may have landed, so look for the key before posting.

        `below`: in the thread of that message, and in the channel too. `urgent`: somebody is asked, so it goes before
        what only announces.
        """
        ...

    def say(
        self,
        channel: str,
        text: str,
        key: str,
        *,
        mention: Person | None = None,
        repeat: bool = False,
        urgent: bool = False,
    ) -> Receipt:
        """Post one plain line; `urgent` as in `post`."""
        ...

    def direct(self, person: Person, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Post a card to a person directly."""
        ...

    def edit(self, receipt: Receipt, card: Card, key: str) -> None:
        """Show a card's present state where it was posted. Raises Gone where the message is not there any more."""
        ...

    def remove(self, receipt: Receipt) -> None:
        """Delete a message of our own; one that is not there any more is done."""
        ...

    def bookmark(self, channel: str, title: str, receipt: Receipt) -> None:
        """Put a link to a message at the top of the channel; one of that title is replaced."""
        ...

    def canvas(self, channel: str, title: str, markdown: str) -> None:
        """Make a document the channel's canvas, or replace what the canvas holds."""
        ...

    def pin(self, receipt: Receipt) -> None:
        """Pin a message; already pinned is done."""
        ...

    def invite(self, channel: str, people: Sequence[Person]) -> None:
        """Invite people; those already there are done."""
        ...

    def topic(self, channel: str, text: str) -> None:
        """Set the channel's topic."""
        ...

    def chart_image(self, name: str, title: str, content: bytes, alt: str, key: str) -> Receipt:
        """Hand over a picture without posting it. Receipt.id is what a card names it by (`cards.Picture.file`)."""
        ...

    def upload(self, channel: str, name: str, title: str, content: bytes, comment: str, key: str) -> Receipt:
        """Upload one file and share it in the channel. Receipt.id is the file's id."""
        ...


class Directory(Protocol):
    """Knows people's accounts in the chat."""

    def account(self, person: Person) -> Account:
        """Whether the person's account could be paged now; `unknown` where nobody can say."""
        ...
