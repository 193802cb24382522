"""Stand-ins for ports, shipped: a chat in memory that keeps what Slack would show."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.core.cards.answer import Card
from bot.core.model.people import Person, Way
from bot.core.paging.reachability import Account
from bot.ports.chat import Receipt
from bot.ports.errors import DeliveryError, Gone


@dataclass(frozen=True, slots=True)
class Posted:
    """One message: where, what it shows now, under which key, and whom it mentions."""

    receipt: Receipt
    content: Card | str
    key: str
    mention: str = ""
    edits: int = 0


@dataclass
class StandInDirectory:
    """Everybody's account is live, but for those named otherwise."""

    accounts: dict[str, Account] = field(default_factory=dict)

    def account(self, person: Person) -> Account:
        """What was said of the person."""
        return self.accounts.get(person.key, "live")


@dataclass
class MemoryChat:
    """A chat, and the pager of kind `slack`, in memory. `refuse` raises for the next calls, oldest first."""

    kind: str = "slack"
    posts: dict[str, Posted] = field(default_factory=dict)
    """By effect key, in the order of posting."""
    topics: dict[str, str] = field(default_factory=dict)
    bookmarks: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    canvases: dict[str, str] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    pinned: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    refuse: list[DeliveryError] = field(default_factory=list)
    shut: dict[str, DeliveryError] = field(default_factory=dict)
    """Channels that take nothing, and why."""
    gone: set[str] = field(default_factory=set)
    """`ts` of messages that somebody deleted."""
    lacks: dict[str, DeliveryError] = field(default_factory=dict)
    """Methods (`open_channel`, `upload`) that the app has no scope for."""
    doubled: list[str] = field(default_factory=list)
    """Keys that were posted a second time: always empty, or a page went out twice."""
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def open_channel(self, name: str, topic: str, people: Sequence[Person], key: str) -> Receipt:
        """Create the channel once; a second time it is adopted."""
        with self._lock:
            self._maybe_refuse()
            self._needs("open_channel")
            channel = f"C-{name}"
            self.topics[channel] = topic
            self.members.setdefault(channel, []).extend(person.key for person in people)
            del key
            return Receipt(channel=channel)

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
        """Post a card."""
        del below, urgent
        return self._put(channel, card, key, mention, repeat=repeat)

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
        """Post a line."""
        del urgent
        return self._put(channel, text, key, mention, repeat=repeat)

    def direct(self, person: Person, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Post to a person."""
        return self._put(f"D-{person.key}", card, key, None, repeat=repeat)

    def page(self, person: Person, way: Way, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Page a person: a direct message."""
        del way
        return self.direct(person, card, key, repeat=repeat)

    def settle(self, person: Person, receipt: Receipt, card: Card, key: str) -> None:
        """Show on a page that it is answered."""
        del person
        self.edit(receipt, card, key)

    def edit(self, receipt: Receipt, card: Card, key: str) -> None:
        """Show a card's present state."""
        with self._lock:
            self._maybe_refuse()
            if receipt.ts in self.gone:
                raise Gone("message_not_found")
            old = self.posts[key]
            self.posts[key] = replace(old, content=card, edits=old.edits + 1)
            assert old.receipt == receipt  # noqa: S101 - a receipt is the one its key was given

    def remove(self, receipt: Receipt) -> None:
        """Delete a message."""
        with self._lock:
            self._maybe_refuse()
            self.gone.add(receipt.ts)

    def pin(self, receipt: Receipt) -> None:
        """Pin a message."""
        self.pinned.append(receipt.ts)

    def invite(self, channel: str, people: Sequence[Person]) -> None:
        """Invite people."""
        self.members.setdefault(channel, []).extend(person.key for person in people)

    def bookmark(self, channel: str, title: str, receipt: Receipt) -> None:
        """Put a link at the top of a channel."""
        self.bookmarks[channel, title] = receipt

    def canvas(self, channel: str, title: str, markdown: str) -> None:
        """Make a document the channel's canvas."""
        del title
        self.canvases[channel] = markdown

    def topic(self, channel: str, text: str) -> None:
        """Set a topic."""
        self.topics[channel] = text

    def chart_image(self, name: str, title: str, content: bytes, alt: str, key: str) -> Receipt:
        """Keep a picture."""
        del title, alt, key
        with self._lock:
            self._maybe_refuse()
            self.files[name] = content
            return Receipt(id=f"F{len(self.files):08d}")

    def upload(self, channel: str, name: str, title: str, content: bytes, comment: str, key: str) -> Receipt:
        """Keep a file."""
        del title, comment, key
        self._needs("upload")
        self.files[f"{channel}/{name}"] = content
        return Receipt(channel=channel, id=name)

    def _put(self, channel: str, content: Card | str, key: str, mention: Person | None, *, repeat: bool) -> Receipt:
        with self._lock:
            self._maybe_refuse()
            known = self.posts.get(key)
            if known is not None:
                if not repeat:
                    self.doubled.append(key)
                return known.receipt
            if channel in self.shut:
                raise self.shut[channel]
            receipt = Receipt(channel=channel, ts=f"{len(self.posts) + 1}.000001")
            self.posts[key] = Posted(receipt, content, key, mention.key if mention else "")
            return receipt

    def _needs(self, method: str) -> None:
        if method in self.lacks:
            raise self.lacks[method]

    def _maybe_refuse(self) -> None:
        if self.refuse:
            raise self.refuse.pop(0)
