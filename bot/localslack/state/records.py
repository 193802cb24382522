"""What the local Slack remembers, in Slack's own shapes where they go over the wire (`body`)."""

from dataclasses import dataclass, field
from typing import Literal

from bot.localslack.state.refusal import Json

Kind = Literal["channel", "group", "im", "mpim"]
SCOPE_FAMILY: dict[Kind, str] = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}
RESPONSE_USES = 5
RESPONSE_SECONDS = 30 * 60
TRIGGER_SECONDS = 3.0
TICKET_SECONDS = 30.0


@dataclass(eq=False)
class Person:
    """A member of the workspace; the app's own bot user is one of them."""

    id: str
    name: str
    real_name: str
    email: str | None = None
    tz: str = "Etc/UTC"
    is_bot: bool = False
    is_restricted: bool = False
    deleted: bool = False
    is_admin: bool = False


@dataclass
class Group:
    """A user group."""

    id: str
    handle: str
    name: str
    users: list[str]


@dataclass
class Message:
    """One message; `only_for` names the one person who can see an ephemeral one.

    `revision` grows with every change, so that what was drawn of it can be kept until then. `plain` marks one
    whose only block Slack made of its text.
    """

    body: Json
    only_for: str | None = None
    revision: int = 0
    plain: bool = False

    @property
    def ts(self) -> str:
        """The message's id within its channel."""
        return str(self.body["ts"])

    @property
    def thread(self) -> str | None:
        """The ts of the parent, for a reply."""
        thread_ts = self.body.get("thread_ts")
        return thread_ts if thread_ts and thread_ts != self.body["ts"] else None


@dataclass
class Conversation:
    """A channel, private channel, direct message or group of direct messages."""

    id: str
    name: str
    kind: Kind
    creator: str
    created: int
    members: list[str]
    topic: Json = field(default_factory=dict)
    purpose: Json = field(default_factory=dict)
    archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    pins: list[Json] = field(default_factory=list)
    bookmarks: list[Json] = field(default_factory=list)
    canvas_id: str | None = None
    previous_names: list[str] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)

    @property
    def is_private(self) -> bool:
        """Whether outsiders cannot know of it."""
        return self.kind != "channel"

    def seen_by(self, user: str | None) -> list[Message]:
        """Messages in order; ephemeral ones only where they are for `user`."""
        return [message for message in self.messages.values() if message.only_for in {None, user}]

    def replies(self, thread_ts: str, user: str | None = None) -> list[Message]:
        """The replies of a thread, oldest first, without the parent."""
        return [message for message in self.seen_by(user) if message.thread == thread_ts]


@dataclass
class StoredFile:
    """An upload: announced (`content` None), delivered, then shared."""

    id: str
    name: str
    length: int
    user: str
    created: int
    alt_text: str = ""
    title: str = ""
    content: bytes | None = None
    shared: bool = False
    channels: list[str] = field(default_factory=list)


@dataclass
class View:
    """A modal or an App Home as its user sees it; `typed` holds what was filled in so far."""

    body: Json
    user: str
    typed: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Slack's id of the view."""
        return str(self.body["id"])


@dataclass
class Trigger:
    """A person's act that lets the app open one modal within three seconds.

    `view_id` is set where the act happened in a modal: only such a trigger may push.
    """

    id: str
    user: str
    due: float
    used: bool = False
    view_id: str | None = None


@dataclass
class ResponseUrl:
    """Where an answer to one interaction may be posted, five times within half an hour."""

    id: str
    channel: str
    user: str
    due: float
    message_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


@dataclass
class Canvas:
    """A document; `channel` is set for a channel's own one."""

    id: str
    title: str
    sections: list[Json]
    channel: str | None = None


@dataclass
class Scheduled:
    """A message that is to be posted at `post_at` (seconds since 1970)."""

    id: str
    channel: str
    post_at: int
    created: int
    arguments: Json
