"""A page as a push notification of ntfy (https://docs.ntfy.sh/publish/#publish-as-json).

Each page carries a `sequence_id` made from the effect's key. From version 2.16 on, a server takes a message with a
known sequence for an update of the same notification; an older one shows a second. So a repeat is sent: at worst it
rings twice, and it is never lost.

Nothing is settled: a notification cannot be taken back from a phone without ringing again on older servers.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from bot.core.cards.answer import Card
from bot.core.cards.page import PageCard
from bot.core.model.people import Person, Way
from bot.pagers.http import PagerHttp, no_object
from bot.pagers.ntfy.topic import topic_of
from bot.pagers.text import channel_link, inert, page_of, written
from bot.ports.chat import Receipt

PRIORITIES: Final[Mapping[str, int]] = {"SEV1": 5, "SEV2": 5, "SEV3": 4, "SEV4": 3}
"""5 rings through most "do not disturb" settings; 3 is an ordinary notification."""
LONGEST: Final = 4_000
"""Bytes of a message; what is longer than 4,096 becomes an attachment that a lock screen does not show."""


class NtfyPager:
    """Implements `ports.Pager` for ways of kind `ntfy`."""

    kind: str = "ntfy"

    def __init__(self, client: PagerHttp) -> None:
        self._client = client

    def page(self, person: Person, way: Way, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Publish; a repeat carries the same sequence."""
        del repeat
        topic, sequence = topic_of(person, way), sequence_of(key)
        body = json.dumps({"topic": topic.name, "sequence_id": sequence, **_message(page_of(card))}).encode()
        headers = {"content-type": "application/json", **topic.headers}
        self._client.send(topic.server, body, headers, explain=lambda said: _reason(said, topic.name), doubt=no_object)
        return Receipt(id=sequence)

    def settle(self, person: Person, receipt: Receipt, card: Card, key: str) -> None:
        """Do nothing: see above."""


def sequence_of(key: str) -> str:
    """The sequence of an effect's key: ntfy allows 64 letters, digits, `-` and `_`."""
    return f"stepdown-{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def _message(card: PageCard) -> dict[str, object]:
    """Everything but where it goes. A tap opens the incident's channel, once there is one."""
    text, link = written(card), channel_link(card.header)
    found: dict[str, object] = {
        "title": text.title,
        "message": text.body.encode()[:LONGEST].decode(errors="ignore"),
        "priority": PRIORITIES[card.header.severity],
        "tags": ["rotating_light", card.header.severity, inert(card.header.agent)],
    }
    return {**found, "click": link} if link else found


def _reason(body: bytes, topic: str) -> str:
    """What ntfy says against a message (`{"code": 40301, "http": 403, "error": "forbidden"}`), without the topic."""
    try:
        told = json.loads(body)
    except ValueError:
        return ""
    said = told.get("error") if isinstance(told, dict) else None
    return inert(said.replace(topic, "(topic)")) if isinstance(said, str) else ""
