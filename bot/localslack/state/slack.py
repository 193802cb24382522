"""The workspace itself: who and what is there, ids and timestamps, and the events it gives rise to.

Nothing here knows HTTP. Every change is made on the server's loop, one at a time; a thread that wants to look at a
whole moment from outside holds `lock`, as the Web API and the page do while they work.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable

from bot.localslack.state.clock import Clock
from bot.localslack.state.faults import Faults
from bot.localslack.state.journal import Journal
from bot.localslack.state.records import (
    RESPONSE_SECONDS,
    SCOPE_FAMILY,
    TICKET_SECONDS,
    TRIGGER_SECONDS,
    Canvas,
    Conversation,
    Group,
    Kind,
    Person,
    ResponseUrl,
    Scheduled,
    StoredFile,
    Trigger,
    View,
)
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.state.workspace import Workspace

Event = Json


class Slack:
    """The state of one local workspace. `outlet` is called with each event the app is to get."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self.workspace = workspace
        self.clock = clock
        self.lock = threading.RLock()
        self.url = ""
        self.outlet: Callable[[Event], None] = lambda _event: None
        self.watchers: list[Callable[[], None]] = []
        self.journal = Journal()
        self.faults = Faults()
        self.version = 0
        self.clear()

    # -- the beginning ---------------------------------------------------------------------------

    def clear(self) -> None:
        """Back to the workspace as it was loaded: same ids, no messages."""
        self.counters: Counter[str] = Counter()
        self.last_ts = (0, 0)
        self.people: dict[str, Person] = {}
        self.groups: dict[str, Group] = {}
        self.conversations: dict[str, Conversation] = {}
        self.files: dict[str, StoredFile] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[str]] = {}
        self.homes: dict[str, str] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.tickets: dict[str, float] = {}
        self.canvases: dict[str, Canvas] = {}
        self.scheduled: dict[str, Scheduled] = {}
        self.journal.clear()
        self.faults.clear()
        self._people()
        self._groups()
        self._channels()
        self.touch()

    def _people(self) -> None:
        app = self.workspace.app
        for user in self.workspace.users:
            self.people[user.user_id] = Person(
                id=user.user_id,
                name=user.name,
                real_name=user.real_name or user.name,
                email=user.email,
                tz=user.tz,
                is_bot=user.is_bot,
                is_restricted=user.is_restricted,
                deleted=user.deleted,
                is_admin=user.is_admin,
            )
        bot = Person(id=app.bot_user_id, name="app", real_name=app.display_name, is_bot=True)
        bot.name = "".join(letter for letter in app.display_name.lower() if letter.isalnum()) or "app"
        self.people[bot.id] = bot

    def _groups(self) -> None:
        for group in self.workspace.usergroups:
            group_id = group.id or self.next_id("S")
            users = [self.workspace.user_id(name) for name in group.users]
            self.groups[group_id] = Group(group_id, group.handle, group.name or group.handle, users)

    def _channels(self) -> None:
        for channel in self.workspace.channels:
            members = [self.workspace.user_id(name) for name in channel.members]
            creator = members[0] if members else self.bot_user
            kind: Kind = "group" if channel.is_private else "channel"
            made = self.add_conversation(channel.name, kind, creator, members, channel.id)
            made.topic = {"value": channel.topic, "creator": creator, "last_set": made.created}
            made.purpose = {"value": channel.purpose, "creator": creator, "last_set": made.created}

    # -- ids and time ----------------------------------------------------------------------------

    @property
    def bot_user(self) -> str:
        """The app's own user id."""
        return self.workspace.app.bot_user_id

    @property
    def team_id(self) -> str:
        """The workspace's id."""
        return self.workspace.team.id

    def next_id(self, prefix: str) -> str:
        """The next id of a kind (`C0001`, `F00000001`), skipping those a workspace file has taken."""
        digits = 8 if prefix == "F" else 4  # Slack's blocks take no shorter file id
        taken = self.conversations.keys() | self.groups.keys() | self.people.keys()
        while True:
            self.counters[prefix] += 1
            made = f"{prefix}{self.counters[prefix]:0{digits}d}"
            if made not in taken:
                return made

    def next_ts(self) -> str:
        """A timestamp that no message of the workspace has, later than all before it."""
        seconds, micros = divmod(round(self.clock.now() * 1_000_000), 1_000_000)
        latest = max((seconds, micros), (self.last_ts[0], self.last_ts[1] + 1))
        self.last_ts = (latest[0] + latest[1] // 1_000_000, latest[1] % 1_000_000)
        return f"{self.last_ts[0]}.{self.last_ts[1]:06d}"

    def now(self) -> int:
        """Whole seconds since 1970."""
        return int(self.clock.now())

    # -- finding ---------------------------------------------------------------------------------

    def person(self, user_id: object, error: str = "user_not_found") -> Person:
        """The person with this id, or a refusal named `error`."""
        found = self.people.get(str(user_id))
        if found is None:
            raise Refusal(error)
        return found

    def person_called(self, name: str) -> Person:
        """The person with this id or name (with or without @)."""
        plain = name.removeprefix("@")
        found = (person for person in self.people.values() if plain in {person.id, person.name})
        if (person := next(found, None)) is None:
            raise Refusal("user_not_found", detail=f"no user {name!r}; there are: {self._names()}")
        return person

    def _names(self) -> str:
        return ", ".join(person.name for person in self.people.values())

    def conversation(self, channel: object) -> Conversation:
        """The conversation with this id, or `channel_not_found`."""
        found = self.conversations.get(str(channel))
        if found is None:
            raise Refusal("channel_not_found")
        return found

    def channel_named(self, name: str) -> Conversation | None:
        """The channel or private channel of this name (with or without #)."""
        plain = name.removeprefix("#")
        named = (found for found in self.conversations.values() if found.kind in {"channel", "group"})
        return next((found for found in named if found.name == plain), None)

    def direct(self, users: Iterable[str]) -> Conversation:
        """The direct message between exactly these people, made when there is none yet."""
        members = sorted(set(users))
        for found in self.conversations.values():
            if found.kind in {"im", "mpim"} and sorted(found.members) == members:
                return found
        if len(members) == 2:  # noqa: PLR2004  two people make a direct message, more a group of them
            return self.add_conversation("", "im", self.bot_user, members)
        names = "--".join(self.people[member].name for member in members)
        return self.add_conversation(f"mpdm-{names}-1", "mpim", self.bot_user, members)

    def add_conversation(
        self, name: str, kind: Kind, creator: str, members: list[str], given_id: str = ""
    ) -> Conversation:
        """A new conversation, empty, with Slack's defaults."""
        prefix = {"channel": "C", "group": "C", "im": "D", "mpim": "G"}[kind]
        created = self.now()
        nothing = {"value": "", "creator": "", "last_set": 0}
        made = Conversation(
            id=given_id or self.next_id(prefix),
            name=name,
            kind=kind,
            creator=creator,
            created=created,
            members=list(members),
            topic=dict(nothing),
            purpose=dict(nothing),
        )
        self.conversations[made.id] = made
        return made

    # -- what people's acts entitle the app to -----------------------------------------------------

    def add_trigger(self, user: str, view_id: str | None = None) -> Trigger:
        """A fresh trigger, good for three seconds and one modal; no other run of a workspace makes the same."""
        made = Trigger(
            id=f"{self.next_ts()}.{self.team_id}",
            user=user,
            due=self.clock.patience() + TRIGGER_SECONDS,
            view_id=view_id,
        )
        self.triggers[made.id] = made
        return made

    def add_response_url(
        self, channel: str, user: str, message_ts: str | None = None, thread_ts: str | None = None
    ) -> str:
        """The address of a fresh response URL."""
        made = ResponseUrl(
            id=self.next_id("R"),
            channel=channel,
            user=user,
            due=self.clock.now() + RESPONSE_SECONDS,
            message_ts=message_ts,
            thread_ts=thread_ts,
        )
        self.response_urls[made.id] = made
        return f"{self.url}/response/{made.id}"

    def new_ticket(self) -> str:
        """A ticket for one WebSocket handshake."""
        ticket = self.next_id("ticket-")
        self.tickets[ticket] = self.clock.patience() + TICKET_SECONDS
        return ticket

    # -- what happens ------------------------------------------------------------------------------

    def touch(self) -> None:
        """Tell who watches (pages, long polls) that something changed."""
        self.version += 1
        for watcher in self.watchers:
            watcher()

    def emit(self, event: Event, subscription: str | None = None) -> None:
        """Send an event to the app if its manifest asks for it; `subscription` defaults to the type."""
        if self.workspace.app.manifest.subscribes(subscription or event["type"]):
            self.outlet({"event_ts": self.next_ts(), **event})

    def emit_message(self, conversation: Conversation, event: Event) -> None:
        """A message event, if the app is in the conversation."""
        if self.bot_user in conversation.members:
            event |= {"type": "message", "channel": conversation.id, "channel_type": conversation.kind}
            self.emit(event, f"message.{subscription_family(conversation)}")


def subscription_family(conversation: Conversation) -> str:
    """The word Slack's scopes and subscriptions have for this kind of conversation."""
    return SCOPE_FAMILY[conversation.kind]
