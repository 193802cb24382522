"""What stands on the page for one person looking at one place."""

from dataclasses import dataclass
from urllib.parse import urlencode

from bot.localslack.page.drawing import name_of
from bot.localslack.page.inspector import inspected
from bot.localslack.page.panels import Panels
from bot.localslack.page.timeline import Look, Timeline
from bot.localslack.people.actions import Acts
from bot.localslack.state.mrkdwn import mentioned
from bot.localslack.state.records import Conversation, Person
from bot.localslack.state.refusal import Json
from bot.localslack.transport.sockets import Sockets

HOME = "home"


@dataclass(frozen=True)
class Sight:
    """Who looks at what: a conversation, or None for the App Home; a panel beside it; the inspector below."""

    me: Person
    where: Conversation | None
    thread: str = ""
    panel: str = ""
    inspector: bool = False
    notice: str = ""

    @property
    def path(self) -> str:
        """The path of the place."""
        return f"/u/{self.me.name}/{self.where.id if self.where else HOME}"

    def url(self, **changes: str) -> str:
        """The address of the same place with other panels."""
        now = {"thread": self.thread, "panel": self.panel, "inspector": "1" if self.inspector else ""}
        query = {name: value for name, value in (now | changes).items() if value}
        return self.path + (f"?{urlencode(query)}" if query else "")


class Scene:
    """Builds the template's `it`."""

    def __init__(self, acts: Acts, sockets: Sockets, timeline: Timeline) -> None:
        self.acts = acts
        self.slack = acts.slack
        self.sockets = sockets
        self.timeline = timeline
        self.panels = Panels(self.slack, timeline)

    def build(self, sight: Sight) -> Json:
        """Everything the page shows."""
        me, where, app = sight.me, sight.where, self.slack.workspace.app
        look = Look(me, f"/u/{me.name}/act", sight.path, "m-", threads=True)
        it: Json = self._around(sight) | {
            "title": self._title(where, me) if where else f"{app.display_name} Home",
            "home": None,
            "panel": None,
            "modal": self._modal(me),
            "acts": look.acts,
            "version": self.slack.version,
            "stream": f"/u/{me.name}/stream",
            "notice": sight.notice,
            "close_url": sight.url(thread="", panel=""),
            "close_inspector_url": sight.url(inspector=""),
            "inspector_url": sight.url(inspector="" if sight.inspector else "1"),
            "inspector": sight.inspector,
            "inspected": inspected(self.slack, me) if sight.inspector else None,
        }
        if where is None:
            view = self.slack.views.get(self.slack.homes.get(me.id, ""))
            return it | {"home": view.body if view else {}}
        top = [
            entry for entry in where.seen_by(me.id) if not entry.thread or entry.body.get("subtype") or entry.only_for
        ]
        return it | {
            "where": self._where(where, me),
            "messages": self.timeline.draw(where, top, look),
            "box": self._box(where, me),
            "message_shortcuts": [one for one in self.slack.workspace.app.manifest.shortcuts if one.kind == "message"],
            "tabs": self.panels.tabs(sight.url, sight.panel, where),
            "panel": self.panels.panel(where, look, sight.thread, sight.panel),
        }

    # -- the frame -----------------------------------------------------------------------------------

    def _around(self, sight: Sight) -> Json:
        me, manifest = sight.me, self.slack.workspace.app.manifest
        mine = [entry for entry in self.slack.conversations.values() if me.id in entry.members]
        rows = [self._row(entry, sight) for entry in mine if not entry.archived]
        direct = self.slack.direct([me.id, self.slack.bot_user])
        return {
            "team": self.slack.workspace.team.name,
            "me": me,
            "people": self._people(sight),
            "channels": sorted((row for row in rows if not row["avatar"]), key=lambda row: str(row["name"])),
            "directs": [row for row in rows if row["avatar"]] or [self._row(direct, sight)],
            "joinable": self._joinable(me),
            "archived": [self._row(entry, sight) for entry in mine if entry.archived],
            "unread": sum(int(row["count"]) for row in rows),
            "app_name": self.slack.workspace.app.display_name,
            "app_user": self.slack.bot_user,
            "home_url": f"/u/{me.name}/{HOME}",
            "dm_url": f"/u/{me.name}/{direct.id}",
            "commands": manifest.commands,
            "shortcuts": [one for one in manifest.shortcuts if one.kind == "global"],
            **self._connection(),
        }

    def _connection(self) -> Json:
        if self.acts.deliveries.route is not self.sockets:
            return {"connected": True, "connection": "App reached by HTTP"}
        alive = sum(link.state == "open" for link in self.sockets.links)
        words = {0: "App not connected", 1: "App connected"}.get(alive, f"App connected {alive} times")
        return {"connected": alive > 0, "connection": words}

    def _people(self, sight: Sight) -> list[Json]:
        place = sight.where.id if sight.where else HOME
        return [
            {
                "id": person.id,
                "name": person.name,
                "real_name": person.real_name,
                "is_restricted": person.is_restricted,
                "unread": self._waiting(person),
                "href": f"/u/{person.name}/{place}",
            }
            for person in self.slack.people.values()
            if not person.is_bot and not person.deleted
        ]

    def _waiting(self, person: Person) -> int:
        """How many messages call for somebody: direct ones and mentions."""
        mine = (entry for entry in self.slack.conversations.values() if person.id in entry.members)
        return sum(self._unread(entry, person)[1] for entry in mine if not entry.archived)

    def _unread(self, where: Conversation, me: Person) -> tuple[int, int]:
        """Unread messages, and how many of them call for me."""
        since = where.read.get(me.id, "")
        new = [
            entry
            for entry in reversed(where.messages.values())
            if entry.ts > since and entry.only_for in {None, me.id} and entry.body.get("user") != me.id
        ]
        new = [entry for entry in new if "subtype" not in entry.body or entry.body["subtype"] == "thread_broadcast"]
        if where.kind in {"im", "mpim"}:
            return len(new), len(new)
        return len(new), sum(me.id in mentioned(str(entry.body.get("text", ""))) for entry in new)

    def _row(self, where: Conversation, sight: Sight) -> Json:
        unread, count = self._unread(where, sight.me)
        current = where is sight.where
        return {
            "id": where.id,
            "name": self._title(where, sight.me),
            "href": f"/u/{sight.me.name}/{where.id}",
            "private": where.is_private,
            "avatar": f"/avatar/{self._other(where, sight.me)}.svg" if where.kind in {"im", "mpim"} else "",
            "current": current,
            "unread": 0 if current else unread,
            "count": 0 if current else count,
        }

    def _joinable(self, me: Person) -> list[Json]:
        if me.is_restricted:
            return []
        found = (entry for entry in self.slack.conversations.values() if entry.kind == "channel" and not entry.archived)
        return [{"id": entry.id, "name": entry.name} for entry in found if me.id not in entry.members]

    @staticmethod
    def _other(where: Conversation, me: Person) -> str:
        return next((member for member in where.members if member != me.id), me.id)

    def _title(self, where: Conversation, me: Person) -> str:
        if where.kind in {"channel", "group"}:
            return where.name
        return ", ".join(name_of(self.slack, member) for member in where.members if member != me.id)

    # -- the middle ----------------------------------------------------------------------------------

    def _where(self, where: Conversation, me: Person) -> Json:
        direct = where.kind in {"im", "mpim"}
        begun = f"This is the very beginning of {'your messages with' if direct else '#'}"
        return {
            "id": where.id,
            "name": self._title(where, me),
            "private": where.is_private,
            "avatar": f"/avatar/{self._other(where, me)}.svg" if direct else "",
            "topic": where.topic.get("value", ""),
            "bookmarks": where.bookmarks,
            "intro": where.purpose.get("value") or f"{begun}{' ' if direct else ''}{self._title(where, me)}.",
        }

    def _box(self, where: Conversation, me: Person) -> Json:
        name = self._title(where, me)
        member = me.id in where.members
        closed = "This channel is archived." if where.archived else "" if member else f"You are not in #{name}."
        hint = f"Message {'' if where.kind in {'im', 'mpim'} else '#'}{name}"
        joinable = not member and not where.archived and where.kind == "channel"
        return {
            "id": "composer",
            "channel": where.id,
            "thread": "",
            "hint": hint,
            "closed": closed,
            "joinable": joinable,
        }

    def _modal(self, me: Person) -> Json | None:
        stack = self.slack.stacks.get(me.id, [])
        if not stack:
            return None
        view = self.slack.views[stack[-1]]
        return {"view": view.body, "errors": view.errors, "depth": len(stack)}
