"""What opens beside a conversation: a thread, its pins, files, members or canvas."""

from collections.abc import Callable

from bot.localslack.page.timeline import Look, Timeline
from bot.localslack.state.records import Conversation, Message
from bot.localslack.state.refusal import Json
from bot.localslack.state.slack import Slack


class Panels:
    """Builds the right-hand panel."""

    def __init__(self, slack: Slack, timeline: Timeline) -> None:
        self.slack = slack
        self.timeline = timeline

    def tabs(self, url: Callable[..., str], current: str, where: Conversation) -> list[Json]:
        """The buttons in the conversation's head."""
        counts: list[tuple[str, str, str, int | None]] = [
            ("pins", "Pins", "pin", len(where.pins)),
            ("files", "Files", "doc", len(self._with_files(where))),
            ("members", "Members", "people", len(where.members)),
        ]
        if where.canvas_id:
            counts.append(("canvas", "Canvas", "doc", None))
        return [
            {
                "name": name,
                "icon": icon,
                "count": count,
                "current": key == current,
                "href": url(panel="" if key == current else key, thread=""),
            }
            for key, name, icon, count in counts
        ]

    @staticmethod
    def _with_files(where: Conversation) -> list[Message]:
        return [message for message in where.seen_by(None) if message.body.get("files")]

    def panel(self, where: Conversation, look: Look, thread: str, name: str) -> Json | None:
        """The panel that is asked for, if there is such a one."""
        place = "" if where.kind in {"im", "mpim"} else f"#{where.name}"
        if thread and (parent := where.messages.get(thread)) is not None:
            return self._thread(where, look, parent, place)
        shown: dict[str, Callable[[], Json]] = {
            "pins": lambda: self._listed(where, look, self._pinned(where), "Pins", "Nothing is pinned here yet."),
            "files": lambda: self._listed(where, look, self._with_files(where), "Files", "No files here yet."),
            "members": lambda: self._members(where),
            "canvas": lambda: self._canvas(where),
        }
        return (
            {"subtitle": place, "messages": [], "people": [], "markdown": "", "empty": ""} | shown[name]()
            if name in shown
            else None
        )

    def _thread(self, where: Conversation, look: Look, parent: Message, place: str) -> Json:
        inside = Look(look.me, look.acts, look.path, "t-", threads=False)
        messages = [parent, *where.replies(parent.ts, look.me.id)]
        box = {"id": "reply", "channel": where.id, "thread": parent.ts, "hint": "Reply…", "joinable": False}
        box["closed"] = "This channel is archived." if where.archived else ""
        drawn = self.timeline.draw(where, messages, inside)
        return {"kind": "thread", "title": "Thread", "subtitle": place, "messages": drawn, "box": box}

    def _listed(self, where: Conversation, look: Look, messages: list[Message], title: str, empty: str) -> Json:
        apart = Look(look.me, look.acts, look.path, "p-", threads=True)
        drawn = self.timeline.draw(where, messages, apart)
        return {"kind": "list", "title": title, "messages": drawn, "empty": "" if messages else empty}

    @staticmethod
    def _pinned(where: Conversation) -> list[Message]:
        return [where.messages[pin["ts"]] for pin in reversed(where.pins)]

    def _members(self, where: Conversation) -> Json:
        people = [self.slack.people[member] for member in where.members]
        return {"kind": "list", "title": "Members", "people": people}

    def _canvas(self, where: Conversation) -> Json:
        canvas = self.slack.canvases.get(where.canvas_id or "")
        text = "\n\n".join(section["markdown"] for section in canvas.sections) if canvas else ""
        title = canvas.title if canvas else "Canvas"
        return {"kind": "list", "title": title, "markdown": text, "empty": "" if text else "The canvas is empty."}
