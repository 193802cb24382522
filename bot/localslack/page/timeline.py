"""Messages as HTML. What was drawn of a message is kept until it changes."""

from dataclasses import dataclass
from datetime import datetime

from jinja2 import Environment
from markupsafe import Markup

from bot.localslack.page.drawing import local, name_of, zone_of
from bot.localslack.state.records import Conversation, Message, Person
from bot.localslack.state.slack import Slack

TOGETHER = 300  # seconds within which one author's messages share a head
MOST_KEPT = 5_000


@dataclass(frozen=True)
class Look:
    """How a list of messages is drawn: for whom, where its acts go, and where threads open (none inside one)."""

    me: Person
    acts: str
    path: str
    prefix: str
    threads: bool


class Timeline:
    """Draws conversations."""

    def __init__(self, slack: Slack, templates: Environment) -> None:
        self.slack = slack
        self._message = templates.get_template("message.j2")
        self._kept: dict[tuple[object, ...], Markup] = {}

    def draw(self, where: Conversation, messages: list[Message], look: Look) -> list[Markup]:
        """The messages in order, days between them."""
        drawn: list[Markup] = []
        zone = zone_of(look.me)
        before: Message | None = None
        last: datetime | None = None
        for message in messages:
            moment = local(message.ts, zone)
            if last is None or moment.date() != last.date():
                drawn.append(self._day(moment, look))
                before = None
            drawn.append(self._one(where, message, look, moment, compact=_follows(before, message)))
            before, last = message, moment
        return drawn

    @staticmethod
    def _day(moment: datetime, look: Look) -> Markup:
        words = f"{moment:%A}, {moment.day} {moment:%B %Y}"
        part = f"{look.prefix}day-{moment:%Y%m%d}"
        return Markup('<h2 class="day" data-part="{}"><span>{}</span></h2>').format(part, words)

    def _one(self, where: Conversation, message: Message, look: Look, moment: datetime, *, compact: bool) -> Markup:
        key = (where.id, message.ts, id(message), message.revision, look, compact)
        if (kept := self._kept.get(key)) is not None:
            return kept
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        it = self._facts(where, message, look, moment) | {"compact": compact}
        made = Markup(self._message.render(it=it, body=message.body))  # noqa: S704  the template escapes
        self._kept[key] = made
        return made

    def _facts(self, where: Conversation, message: Message, look: Look, moment: datetime) -> dict[str, object]:
        body, me = message.body, look.me
        subtype = str(body.get("subtype", ""))
        author = str(body.get("user", ""))
        hidden = Markup('<input type="hidden" name="channel" value="{}"><input type="hidden" name="ts" value="{}">')
        open_thread = look.threads and message.only_for is None
        return {
            "id": f"{look.prefix}{message.ts.replace('.', '-')}",
            "system": subtype.startswith(("channel_", "group_")),
            "tomb": subtype == "tombstone",
            "broadcast": subtype == "thread_broadcast" and look.threads,
            "ephemeral": message.only_for is not None,
            "pinned": bool(body.get("pinned_to")),
            "plain": message.plain or not body.get("blocks"),
            "author": body.get("username") or name_of(self.slack, author),
            "is_app": "bot_id" in body,
            "own": author == me.id,
            "avatar": f"/avatar/{author}.svg",
            "time": f"{moment:%H:%M}",
            "me": me.id,
            "acts": look.acts,
            "hidden": hidden.format(where.id, message.ts),
            "thread_url": f"{look.path}?thread={message.thread or message.ts}" if open_thread else "",
        }


def _follows(before: Message | None, message: Message) -> bool:
    """Whether a message stands under the head of the one before."""
    if before is None or before.only_for != message.only_for or "subtype" in message.body or "subtype" in before.body:
        return False
    if before.body.get("pinned_to") or message.body.get("pinned_to") or message.only_for:
        return False
    same = before.body.get("user") == message.body.get("user")
    return same and float(message.ts) - float(before.ts) < TOGETHER
