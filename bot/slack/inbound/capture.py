"""Messages of an incident's channel, taken over into its timeline by a pin or an emoji (`slack.md`, "Cards").

:pushpin: or a pin makes a note, :ballot_box_with_check: a task, :memo: a follow-up, each at the message's own time and
once, however often Slack tells of it. The receipt is a reaction of ours: whoever does not see it has to try again.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from bot.engine.commands.commands import Commands
from bot.slack.access import Access
from bot.slack.client.web_api import SlackClient, SlackError, call
from bot.slack.text import slack_id, unescape, whole

SORTS: Final[Mapping[str, str]] = {"pushpin": "note", "ballot_box_with_check": "task", "memo": "followup"}
"""Emoji -> what the message becomes."""
PIN: Final = "pushpin"
RECEIPT: Final = "inbox_tray"
LONGEST: Final = 1_000
_MARKUP = re.compile(r"<([@#!]?)([^>|]+)(?:\|([^>]*))?>")

Body = Mapping[str, Any]
Tell = Callable[[str, str, str], None]
"""(user, channel, words): say it to one person only."""

log = structlog.get_logger("stepdown.slack")


class Capture:
    """Takes messages over. `own_user`: the bot's user id, whose pins and reactions mean nothing."""

    def __init__(
        self, commands: Commands, access: Access, client: SlackClient, own_user: Callable[[], str], tell: Tell
    ) -> None:
        self._commands = commands
        self._access = access
        self._client = client
        self._own_user = own_user
        self._tell = tell

    def on_reaction(self, event: Body) -> None:
        """`reaction_added`."""
        item = event.get("item") or {}
        if event.get("reaction") in SORTS and item.get("type") == "message":
            self._take(event, SORTS[event["reaction"]], str(item["channel"]), str(item["ts"]))

    def on_pin(self, event: Body) -> None:
        """`pin_added`."""
        item = event.get("item") or {}
        ts = str((item.get("message") or {}).get("ts") or item.get("ts") or "")
        if item.get("type") == "message" and ts:
            self._take(event, SORTS[PIN], str(event.get("channel_id") or item.get("channel") or ""), ts)

    def _take(self, event: Body, sort: str, channel: str, ts: str) -> None:
        user = str(event.get("user") or "")
        incident_id = self._commands.queries.incident_in(channel)
        if incident_id is None or user in ("", self._own_user()):
            return
        caller = self._access.caller(user)
        if caller.stranger:
            return
        try:
            message = self._message(channel, ts)
        except SlackError as error:
            self._tell(user, channel, f"That message could not be read ({error}). Write it down with /incident note.")
            return
        text = f"{self._author(message)}: {self._readable(str(message.get('text') or ''))}"
        said_at = datetime.fromtimestamp(float(ts), UTC)
        answer = self._commands.teamwork.capture(
            caller.actor, incident_id, text, sort, f"{channel}|{ts}|{sort}", said_at
        )
        if not answer.ok:
            self._tell(user, channel, answer.text)
            return
        self._receipt(user, channel, ts, answer.text)

    def _message(self, channel: str, ts: str) -> Body:
        """The message itself, in a thread or not."""
        asked = {"channel": channel, "latest": ts, "oldest": ts, "inclusive": True, "limit": 1}
        found: list[Body] = call(self._client.conversations_history, **asked)["messages"]
        if not found:
            replies = call(self._client.conversations_replies, channel=channel, ts=ts, limit=1)["messages"]
            found = [one for one in replies if one.get("ts") == ts]
        if not found:
            raise SlackError("it is gone", permanent=True)
        return found[0]

    def _author(self, message: Body) -> str:
        user = str(message.get("user") or "")
        return self._access.actor(user).name if user else str(message.get("username") or "somebody")

    def _readable(self, text: str) -> str:
        """Slack's markup as people read it: names for mentions, labels with their addresses for links."""

        def plain(found: re.Match[str]) -> str:
            kind, target, label = found[1], found[2], found[3] or ""
            if kind == "@":
                return f"@{self._access.actor(target).name}"
            return f"#{label or target}" if kind == "#" else label or target

        return whole(unescape(_MARKUP.sub(plain, text)))[:LONGEST].strip() or "(no text)"

    def _receipt(self, user: str, channel: str, ts: str, words: str) -> None:
        try:
            call(self._client.reactions_add, channel=channel, timestamp=ts, name=RECEIPT)
        except SlackError as error:
            if error.code != "already_reacted":
                log.info(
                    "no emoji shows that a message was taken over; the person is told",
                    channel=slack_id(channel),
                    ts=slack_id(ts),
                    why=str(error),
                )
                self._tell(user, channel, words)
