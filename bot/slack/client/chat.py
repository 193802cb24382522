"""Outbound: cards and lines into channels and direct messages (`ports.Chat`).

Every post carries its effect's key as message metadata. A repeat looks for the key in the channel's history and adopts
what it finds, so that an answer that was lost does not become a second message.
"""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import structlog
from slack_sdk.web import SlackResponse

from bot.core.cards.answer import Card
from bot.core.model.people import Person
from bot.ports.chat import Receipt
from bot.ports.errors import DeliveryError, Gone, Shut
from bot.slack import blocks
from bot.slack.blocks import Drawn
from bot.slack.client import channel_setup
from bot.slack.client.rate_limiter import RateLimiter
from bot.slack.client.web_api import SlackClient, SlackError
from bot.slack.text import clip_escaped, plain, user_mention

EVENT_TYPE: Final = "stepdown_effect"
PAGE_OF_HISTORY: Final = 200
MOST_PAGES: Final = 5
MOST_TOPIC: Final = 250
MOST_NAME: Final = 80
ADOPT_WITHIN: Final = 24 * 3600
"""Seconds: an older channel of the same name belongs to an earlier installation's incident."""
SUFFIXES: Final = ("", "-2", "-3", "-4", "-5")
GONE: Final = frozenset({"message_not_found", "cant_update_message"})
SHUT: Final = frozenset({"is_archived", "not_in_channel", "channel_not_found"})
_WAS_THERE = frozenset({"already_in_channel", "cant_invite_self"})
_CANNOT_LOOK = frozenset({"missing_scope", "not_in_channel", "method_not_supported_for_channel_type"})

log = structlog.get_logger("stepdown.slack")


class SlackChat:
    """Implements `ports.Chat`. Raises DeliveryError and nothing else of its own."""

    def __init__(self, client: SlackClient, pace: RateLimiter | None = None) -> None:
        self._client = client
        self._pace = pace or RateLimiter(math.inf)
        self._direct: dict[str, str] = {}
        self._half_made: dict[str, str] = {}
        """Effect key -> the channel it made, where the rest is still to be done."""

    # Messages.

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
        """Post a card, or adopt the one that an earlier try left."""
        drawn = _addressed(blocks.draw(card), mention)
        return self._send(channel, drawn, key, repeat=repeat, below=below, urgent=urgent)

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
        """Post one line. Whatever it holds, it mentions nobody but `mention`."""
        ping = mention.slack if mention and user_mention(mention.slack) else ""
        drawn = blocks.line(text, ping)
        if ping:
            drawn = Drawn(f"{user_mention(ping)} {drawn.text}", drawn.blocks)
        return self._send(channel, drawn, key, repeat=repeat, urgent=urgent)

    def direct(self, person: Person, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """Post a card to a person's direct messages."""
        return self.post(self._channel_with(person.name, person.slack), card, key, repeat=repeat)

    def direct_to(self, person: Person, user: str, card: Card, key: str, *, repeat: bool = False) -> Receipt:
        """The same, to another Slack user id than the person's own."""
        return self.post(self._channel_with(person.name, user), card, key, repeat=repeat)

    def found(self, person: Person, key: str) -> Receipt | None:
        """The direct message that carries the key; None where there is none."""
        return self._posted(self._channel_with(person.name, person.slack), key)

    def edit(self, receipt: Receipt, card: Card, key: str) -> None:
        """Show a card's present state; the message keeps its metadata.

        Slack looks an upload over before it lets a message show it: until then the card goes without its picture, and
        the edit is to be tried again.
        """
        del key
        drawn = blocks.draw(card)
        try:
            self._update(receipt, drawn)
        except SlackError as error:
            if error.code in GONE:
                raise Gone(str(error)) from error
            if error.code != "invalid_blocks" or not drawn.pictured:
                raise
            self._update(receipt, drawn.bare())
            raise SlackError("Slack does not show the picture yet", "picture_not_ready", retry_after=2.0) from error

    def remove(self, receipt: Receipt) -> None:
        """Delete a message; one that is gone is done. Slack keeps the thread below it."""
        try:
            self._pace.call(self._client.chat_delete, channel=receipt.channel, ts=receipt.ts)
        except SlackError as error:
            if error.code not in GONE:
                raise

    def _update(self, receipt: Receipt, drawn: Drawn) -> None:
        """Edit; a page in somebody's direct messages is edited before the cards of channels."""
        self._pace.post(
            self._client.chat_update,
            "",
            _is_direct(receipt.channel),
            channel=receipt.channel,
            ts=receipt.ts,
            text=drawn.text,
            blocks=list(drawn.blocks),
        )

    def _send(
        self,
        channel: str,
        drawn: Drawn,
        key: str,
        *,
        repeat: bool,
        below: Receipt | None = None,
        urgent: bool = False,
    ) -> Receipt:
        if repeat and (found := self._posted(channel, key)) is not None:
            return found
        try:
            return self._post(channel, drawn, key, below, urgent=urgent)
        except SlackError as error:
            if error.code != "invalid_blocks" or not drawn.pictured:
                raise
            return self._post(channel, drawn.bare(), key, below, urgent=urgent)  # a page waits for no picture

    def _post(self, channel: str, drawn: Drawn, key: str, below: Receipt | None, *, urgent: bool) -> Receipt:
        thread = {} if below is None else {"thread_ts": below.ts, "reply_broadcast": True}
        answer = self._posted_to(
            channel,
            urgent or _is_direct(channel),
            text=drawn.text,
            blocks=list(drawn.blocks),
            metadata={"event_type": EVENT_TYPE, "event_payload": {"effect": key}},
            unfurl_links=False,
            unfurl_media=False,
            **thread,
        )
        return Receipt(channel=answer["channel"], ts=answer["ts"])

    def _posted_to(self, channel: str, urgent: bool, **message: Any) -> SlackResponse:  # noqa: ANN401 - Slack's arguments
        """Post; a public channel the bot was removed from is joined again. Raises Shut for one that takes nothing.

        What goes to somebody directly is a page, and goes before anything else, as does what asks somebody.
        """
        try:
            return self._pace.post(self._client.chat_postMessage, channel, urgent, channel=channel, **message)
        except SlackError as error:
            if error.code not in SHUT:
                raise
            if error.code == "not_in_channel" and channel_setup.joined(self._client, channel):
                return self._pace.post(self._client.chat_postMessage, channel, urgent, channel=channel, **message)
            raise Shut(str(error)) from error

    def _posted(self, channel: str, key: str) -> Receipt | None:
        """The message that carries the key. Where the app may not look, a second page is better than none."""
        try:
            for message in self._history(channel):
                metadata = message.get("metadata") or {}
                if metadata.get("event_type") == EVENT_TYPE and metadata.get("event_payload", {}).get("effect") == key:
                    return Receipt(channel=channel, ts=message["ts"])
        except SlackError as error:
            if error.code not in _CANNOT_LOOK:
                raise
            log.warning("a post is repeated without a look whether it arrived", effect=key, why=str(error))
        return None

    def _history(self, channel: str) -> Iterator[Mapping[str, Any]]:
        """Messages newest first, with metadata, as far back as a lost effect can lie."""
        cursor = ""
        for _ in range(MOST_PAGES):
            answer = self._pace.call(
                self._client.conversations_history,
                channel=channel,
                limit=PAGE_OF_HISTORY,
                include_all_metadata=True,
                **({"cursor": cursor} if cursor else {}),
            )
            yield from answer["messages"]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _channel_with(self, name: str, user: str) -> str:
        if not user_mention(user):
            raise DeliveryError(f"{name} has no Slack user id", permanent=True)
        if user not in self._direct:
            self._direct[user] = self._pace.call(self._client.conversations_open, users=user)["channel"]["id"]
        return self._direct[user]

    # Channels.

    def bookmark(self, channel: str, title: str, receipt: Receipt) -> None:
        """A link to a message at the top of the channel."""
        channel_setup.bookmark(self._client, channel, title, receipt)

    def canvas(self, channel: str, title: str, markdown: str) -> None:
        """The channel's canvas."""
        channel_setup.canvas(self._client, channel, title, markdown)

    def open_channel(self, name: str, topic: str, people: Sequence[Person], key: str) -> Receipt:
        """Create a channel, or adopt the one a lost answer made.

        A topic that is refused, or that would come too soon, does not undo it: the next state brings one.
        """
        channel = self._half_made[key] = self._half_made.get(key) or self._created(name, key)
        for what, act in (
            (
                "purpose",
                lambda: self._pace.call(self._client.conversations_setPurpose, channel=channel, purpose=_purpose(key)),
            ),
            ("topic", lambda: self.topic(channel, topic)),
            ("invitation", lambda: self.invite(channel, people)),
        ):
            try:
                act()
            except SlackError as error:
                if not error.permanent and not (what == "topic" and error.untried):
                    raise  # the rest is done at the next try; after a restart the channel is found again by its name
                log.warning("a new channel lacks something", what=what, effect=key, why=str(error))
        del self._half_made[key]
        return Receipt(channel=channel)

    def _created(self, name: str, key: str) -> str:
        """The id of a channel that is ours. A stranger's channel of that name is left alone."""
        for suffix in SUFFIXES:
            wanted = name[: MOST_NAME - len(suffix)].rstrip("-") + suffix
            try:
                channel: str = self._pace.call(self._client.conversations_create, name=wanted)["channel"]["id"]
            except SlackError as error:
                if error.code != "name_taken":
                    raise
                if (found := self._ours(wanted, key)) is not None:
                    return found
            else:
                return channel
        raise SlackError(f"channels named {name} to {name}{SUFFIXES[-1]} exist and are not ours", permanent=True)

    def _ours(self, name: str, key: str) -> str | None:
        """The channel of that name, if our own bot made it for this very effect and not long ago."""
        me = self._pace.call(self._client.auth_test)["user_id"]
        for channel in self._own_channels():
            if channel["name"] != name or channel.get("creator") != me:
                continue
            purpose = (channel.get("purpose") or {}).get("value", "")
            fresh = time.time() - float(channel.get("created", 0)) < ADOPT_WITHIN
            if fresh and purpose in ("", _purpose(key)):
                return str(channel["id"])
        return None

    def _own_channels(self) -> Iterator[Mapping[str, Any]]:
        """Channels the bot is in: whoever creates one is in it."""
        cursor = ""
        while True:
            answer = self._pace.call(
                self._client.users_conversations,
                types="public_channel",
                exclude_archived=True,
                limit=PAGE_OF_HISTORY,
                **({"cursor": cursor} if cursor else {}),
            )
            yield from answer["channels"]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def pin(self, receipt: Receipt) -> None:
        """Pin a message; already pinned is done."""
        try:
            self._pace.call(self._client.pins_add, channel=receipt.channel, timestamp=receipt.ts)
        except SlackError as error:
            if error.code != "already_pinned":
                raise

    def invite(self, channel: str, people: Sequence[Person]) -> None:
        """Invite people; those already there are done. Names those who could not be invited."""
        names = {person.slack: person.name for person in people if user_mention(person.slack)}
        if not names:
            return
        try:
            # `force`: one bad account does not keep the others out.
            answer = self._pace.call(self._client.conversations_invite, channel=channel, users=list(names), force=True)
        except SlackError as error:
            if error.code in _WAS_THERE:
                return
            if error.code in SHUT:
                raise Shut(str(error)) from error
            raise
        refused = [one for one in answer.get("errors") or [] if one.get("error") not in _WAS_THERE]
        if refused:
            told = "; ".join(f"{names.get(one.get('user'), '?')} ({one.get('error')})" for one in refused)
            raise SlackError(f"could not invite {told}", permanent=True)

    def topic(self, channel: str, text: str) -> None:
        """Set the channel's topic."""
        shown = clip_escaped(plain(text, MOST_TOPIC), MOST_TOPIC)
        try:
            self._pace.call(self._client.conversations_setTopic, channel=channel, topic=shown)
        except SlackError as error:
            if error.code in SHUT:
                raise Shut(str(error)) from error
            raise

    # Files.

    def chart_image(self, name: str, title: str, content: bytes, alt: str, key: str) -> Receipt:
        """Upload a picture without sharing it: cards show it by its id. A repeat makes another, which nobody sees."""
        file_id = self._uploaded(name, title, content, alt)
        self._pace.call(self._client.files_completeUploadExternal, files=[{"id": file_id, "title": plain(title, 200)}])
        log.info("a file was uploaded", name=name, effect=key)
        return Receipt(id=file_id)

    def _uploaded(self, name: str, title: str, content: bytes, alt: str = "") -> str:
        extra = {"alt_txt": plain(alt or title, 1_000)}
        given = self._pace.call(self._client.files_getUploadURLExternal, filename=name, length=len(content), **extra)
        self._client.send(given["upload_url"], content, "application/octet-stream")
        return str(given["file_id"])

    def upload(self, channel: str, name: str, title: str, content: bytes, comment: str, key: str) -> Receipt:
        """Upload one file and share it. The same file shared a moment ago is adopted."""
        if (found := self._shared(channel, name, len(content))) is not None:
            return found
        file_id = self._uploaded(name, title, content)
        extra = {"initial_comment": clip_escaped(plain(comment, 1_000), 1_000)} if comment else {}
        done = self._pace.call(
            self._client.files_completeUploadExternal,
            files=[{"id": file_id, "title": plain(title, 200)}],
            channel_id=channel,
            **extra,
        )
        log.info("a file was uploaded", name=name, effect=key)
        return Receipt(channel=channel, id=done["files"][0]["id"])

    def _shared(self, channel: str, name: str, size: int) -> Receipt | None:
        """A file of that name and size among the newest messages: a share whose answer was lost. Files carry no key."""
        try:
            newest = self._pace.call(self._client.conversations_history, channel=channel, limit=PAGE_OF_HISTORY)[
                "messages"
            ]
        except SlackError as error:
            if error.code not in _CANNOT_LOOK:
                raise
            return None
        for message in newest:
            for file in message.get("files") or []:
                if (file.get("name"), file.get("size")) == (name, size):
                    return Receipt(channel=channel, ts=message["ts"], id=file["id"])
        return None


def _is_direct(channel: str) -> bool:
    """Whether a channel id is that of somebody's direct messages."""
    return channel.startswith("D")


def _addressed(drawn: Drawn, mention: Person | None) -> Drawn:
    """The card below a line that mentions one person, where one is to be mentioned."""
    ping = user_mention(mention.slack) if mention else ""
    if not ping:
        return drawn
    first = {"type": "section", "block_id": "mention", "text": {"type": "mrkdwn", "text": ping, "verbatim": True}}
    return Drawn(f"{ping} {drawn.text}", (first, *drawn.blocks))


def _purpose(key: str) -> str:
    """What marks a channel as made for one effect."""
    return f"Made by Stepdown for {key}"
