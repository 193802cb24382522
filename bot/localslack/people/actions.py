"""What people do: write, use buttons, fill in modals. The page and the control API both come here.

Every function waits for the app's acknowledgement and says in its answer whether there was one.
"""

from bot.localslack.methods import pins, reactions
from bot.localslack.people import checks, interaction
from bot.localslack.state import payloads, posts
from bot.localslack.state.mrkdwn import with_mentions
from bot.localslack.state.objects import file_object
from bot.localslack.state.posts import Draft
from bot.localslack.state.records import Conversation, Message, StoredFile, View
from bot.localslack.state.refusal import Json, Refusal
from bot.localslack.state.slack import Slack
from bot.localslack.transport.delivery import Deliveries, Outcome
from bot.localslack.transport.responses import answer_command

SLACKBOT = "USLACKBOT"


class Acts:
    """People's hands."""

    def __init__(self, slack: Slack, deliveries: Deliveries) -> None:
        self.slack = slack
        self.deliveries = deliveries

    # -- finding -----------------------------------------------------------------------------------

    def place(self, name: str, user: str | None = None) -> Conversation:
        """A conversation by id, name or `@user` (that person's direct message with the app)."""
        slack = self.slack
        if name.startswith("@"):
            return slack.direct([slack.person_called(name).id, slack.bot_user])
        found = slack.conversations.get(name) or slack.channel_named(name)
        if found is None:
            names = ", ".join(other.name or other.id for other in slack.conversations.values())
            raise Refusal("channel_not_found", detail=f"no channel {name!r}; there are: {names}")
        if user is not None and found.is_private and user not in found.members:
            raise Refusal("channel_not_found", detail=f"{user} cannot see {found.name or found.id}")
        return found

    def compose(self, text: str, *, escaped: bool = True) -> str:
        """What a person typed, with `@name` and `#name` as tokens and the rest escaped (if it is to be)."""

        def token(sigil: str, name: str) -> str | None:
            if sigil == "#":
                channel = self.slack.channel_named(name)
                return f"<#{channel.id}|{channel.name}>" if channel else None
            return self._mention(name)

        return with_mentions(text, token) if escaped else text

    def _mention(self, name: str) -> str | None:
        if name in {"here", "channel", "everyone"}:
            return f"<!{name}>"
        for person in self.slack.people.values():
            if person.name == name:
                return f"<@{person.id}>"
        group = next((group for group in self.slack.groups.values() if group.handle == name), None)
        return f"<!subteam^{group.id}|@{group.handle}>" if group else None

    # -- writing -----------------------------------------------------------------------------------

    def say(self, user: str, where: Conversation, text: str, thread_ts: str | None = None) -> Message:
        """Write a message as a person."""
        if where.archived:
            raise Refusal("is_archived")
        if user not in where.members:
            raise Refusal("not_in_channel", detail=f"{user} is not in {where.name or where.id}")
        if not text.strip():
            raise Refusal("no_text")
        if thread_ts is not None:
            parent = posts.find(where, thread_ts, user)
            thread_ts = parent.thread or parent.ts
        return posts.post(self.slack, where, Draft(user, text, thread_ts=thread_ts))

    def keep_file(self, user: str, name: str, content: bytes) -> Json:
        """Take a person's upload without showing it yet; the file object."""
        slack = self.slack
        file = StoredFile(slack.next_id("F"), name.replace("/", "_"), len(content), user, slack.now(), content=content)
        file.shared = True
        slack.files[file.id] = file
        return file_object(slack, file)

    def upload(
        self, user: str, where: Conversation, name: str, content: bytes, text: str = "", thread_ts: str | None = None
    ) -> Message:
        """Share a file as a person."""
        if user not in where.members or where.archived:
            raise Refusal("is_archived" if where.archived else "not_in_channel")
        if not content:
            raise Refusal("file_upload_size_zero", detail=f"{name} is empty")
        kept = self.keep_file(user, name, content)
        self.slack.files[kept["id"]].channels.append(where.id)
        extra: Json = {"files": [kept | {"channels": [where.id]}], "subtype": "file_share", "upload": True}
        message = posts.post(self.slack, where, Draft(user, text, thread_ts=thread_ts, extra=extra))
        if self.slack.bot_user in where.members:
            self.slack.emit({"type": "file_shared", "file_id": kept["id"], "user_id": user, "channel_id": where.id})
        return message

    async def slash(self, user: str, where: Conversation, command: str, text: str) -> Json:
        """Run a slash command; what the app answers is shown, and so is Slack's own complaint."""
        declared = self.slack.workspace.app.manifest.command(command)
        if declared is None:
            words = f"`{command}` is not a valid command."
            self._complain(where, user, words)
            raise Refusal("unknown_command", detail=words)
        sent = self._escaped(text) if declared.should_escape else text
        payload = payloads.slash_command(self.slack, user, where, command, sent)
        outcome = await self.deliveries.ask("slash_commands", command, payload)
        if not outcome.acked:
            words = f"`{command}` failed with the error “{_named(outcome)}”"
            self._complain(where, user, words)
            return _told(outcome)
        if outcome.answer:
            answer_command(self.slack, where, user, outcome.answer)
        return _told(outcome) | {"response": outcome.answer or None}

    def _escaped(self, text: str) -> str:
        """Names as `<@U…|name>` and `<#C…|name>`, the form that `should_escape` promises."""

        def token(sigil: str, name: str) -> str | None:
            if sigil == "#":
                channel = self.slack.channel_named(name)
                return f"<#{channel.id}|{channel.name}>" if channel else None
            person = next((entry for entry in self.slack.people.values() if entry.name == name), None)
            return f"<@{person.id}|{person.name}>" if person else self._mention(name)

        return with_mentions(text, token)

    def _complain(self, where: Conversation, user: str, words: str) -> None:
        """What Slackbot shows to one person when something of theirs went wrong."""
        posts.post_ephemeral(self.slack, where, Draft(SLACKBOT, words), user)

    # -- using elements ------------------------------------------------------------------------------

    async def click(self, user: str, where: Conversation, ts: str, chosen: Json) -> Json:
        """Use an element of a message. `chosen`: action_id, block_id?, value?, values? (other inputs' state)."""
        message = posts.find(where, ts, user)
        blocks = message.body.get("blocks") or []
        block, element = interaction.find(blocks, str(chosen["action_id"]), chosen.get("block_id"), user)
        typed = _typed(blocks, chosen.get("values") or {})
        action = interaction.action(block, element, chosen.get("value"), self.slack.next_ts())
        _keep(typed, block, element, chosen.get("value"))
        values = interaction.state_values(blocks, typed)
        payload = payloads.message_actions(self.slack, user, where, message, [action], values)
        return _told(await self.deliveries.ask("interactive", _what(action), payload))

    async def click_view(self, user: str, view: View, chosen: Json) -> Json:
        """Use an element of a modal or an App Home."""
        blocks = view.body["blocks"]
        block, element = interaction.find(blocks, str(chosen["action_id"]), chosen.get("block_id"), user)
        self.type_in(view, chosen.get("values") or {})
        action = interaction.action(block, element, chosen.get("value"), self.slack.next_ts())
        _keep(view.typed, block, element, chosen.get("value"))
        view.body["state"] = {"values": interaction.state_values(blocks, view.typed)}
        payload = payloads.view_actions(self.slack, user, view, [action])
        return _told(await self.deliveries.ask("interactive", _what(action), payload))

    async def suggest(self, user: str, place: Json, blocks: list[Json], action_id: str, typed: str) -> Json:
        """Ask the app for the options of an external select."""
        block, element = interaction.find(blocks, action_id, None, user)
        payload = payloads.block_suggestion(self.slack, user, place, block, element, typed)
        outcome = await self.deliveries.ask("interactive", f"suggestion {action_id}", payload)
        groups = outcome.answer.get("option_groups") or [outcome.answer]
        options = [option for group in groups for option in group.get("options") or []]
        return _told(outcome) | {"options": options}

    # -- modals --------------------------------------------------------------------------------------

    def view_of(self, user: str, view_id: str) -> View:
        """A modal or App Home of this user, or a refusal that lists those open."""
        view = self.slack.views.get(view_id)
        if view is None or view.user != user:
            there = ", ".join(self.slack.stacks.get(user, [])) or "none"
            raise Refusal("view_not_found", detail=f"{user} has no view {view_id!r}; open modals: {there}")
        return view

    def type_in(self, view: View, values: Json) -> None:
        """Fill in elements of a view: `{block_id: {action_id: value}}`."""
        for block_id, actions in _typed(view.body["blocks"], values).items():
            view.typed.setdefault(block_id, {}).update(actions)
        view.body["state"] = {"values": interaction.state_values(view.body["blocks"], view.typed)}

    # -- shortcuts and the rest ------------------------------------------------------------------------

    async def shortcut(self, user: str, callback_id: str) -> Json:
        """Use a global shortcut."""
        payload = payloads.shortcut(self.slack, user, callback_id)
        return _told(await self.deliveries.ask("interactive", f"shortcut {callback_id}", payload))

    async def message_action(self, user: str, where: Conversation, ts: str, callback_id: str) -> Json:
        """Use a shortcut in a message's menu."""
        message = posts.find(where, ts, user)
        payload = payloads.message_action(self.slack, user, where, message, callback_id)
        return _told(await self.deliveries.ask("interactive", f"message action {callback_id}", payload))

    def react(self, user: str, where: Conversation, ts: str, name: str, *, add: bool) -> None:
        """Add or take away a reaction."""
        change = reactions.react if add else reactions.unreact
        change(self.slack, where, posts.find(where, ts), user, name.strip(":"))

    def pin(self, user: str, where: Conversation, ts: str, *, add: bool) -> None:
        """Pin a message, or take the pin out."""
        change = pins.pin if add else pins.unpin
        change(self.slack, where, posts.find(where, ts), user)

    def home(self, user: str, tab: str = "home") -> View | None:
        """Open the app's Home; the view that is published there now."""
        where = self.slack.direct([user, self.slack.bot_user])
        view = self.slack.views.get(self.slack.homes.get(user, ""))
        event: Json = {"type": "app_home_opened", "user": user, "channel": where.id, "tab": tab}
        if view is not None and tab == "home":
            event["view"] = view.body
        self.slack.emit(event)
        return view


def _typed(blocks: list[Json], values: Json) -> Json:
    """States from plain values; an unknown place is a refusal that lists those there are."""
    made: Json = {}
    for block_id, actions in values.items():
        if not isinstance(actions, dict):
            raise Refusal("invalid_arguments", detail=f"values.{block_id} must be a mapping of action_id to value")
        for action_id, value in actions.items():
            _, element = interaction.find(blocks, action_id, block_id, None)
            made.setdefault(block_id, {})[action_id] = interaction.filled(element, value)
    return made


def _keep(typed: Json, block: Json, element: Json, value: object) -> None:
    if element["type"] not in interaction.NO_STATE and value is not None:
        typed.setdefault(block["block_id"], {})[element["action_id"]] = interaction.filled(element, value)


def _what(action: Json) -> str:
    return f"{action['type']} {action['action_id']}"


def _named(outcome: Outcome) -> str:
    """The name Slack gives to what went wrong, as a user reads it."""
    return "operation_timeout" if "timeout" in outcome.error else "dispatch_failed"


def _told(outcome: Outcome) -> Json:
    return {"ok": True, "acked": outcome.acked} | ({} if outcome.acked else {"error": _named(outcome)})


def client_problems(view: View) -> dict[str, str]:
    """What Slack's client would not let a user send."""
    return checks.problems(view.body["blocks"], view.body["state"]["values"])
