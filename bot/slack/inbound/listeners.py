"""Inbound: acknowledge, open the form if something is missing, and hand the rest to a worker.

A listener does nothing slow: Slack waits three seconds, and clicks and commands are never sent twice. The work happens
on threads of our own, so that a slow Slack cannot keep the next click from being acknowledged.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt import Ack, App

from bot.core.model.fleet import Fleet
from bot.engine.commands.commands import Commands
from bot.slack import blocks, ids
from bot.slack.access import Access
from bot.slack.blocks.home import home_view
from bot.slack.blocks.parts import Drawn
from bot.slack.client.sli_charts import SliCharts
from bot.slack.client.web_api import SlackClient, SlackError, call
from bot.slack.commands.dispatch import act
from bot.slack.commands.help_text import typed
from bot.slack.commands.parser import Unclear, parse, problem
from bot.slack.commands.roots import ROOTS, verb
from bot.slack.commands.verbs import Invocation, ParsedCommand
from bot.slack.inbound import modals, replies
from bot.slack.inbound.actions import ACTIONS, clicked
from bot.slack.inbound.capture import Capture
from bot.slack.inbound.modals import FormPlace
from bot.slack.text import slack_id, unescape

WORKERS = 8
FORMS = 4
"""Threads that open forms and do nothing else: a trigger lives three seconds."""
Body = Mapping[str, Any]

ANYWHERE: Mapping[str, tuple[str, str]] = {
    ids.DECLARE_ANYWHERE: ("incident", "declare"),
    ids.LOWER_ANYWHERE: ("autonomy", "to"),
}
"""Global shortcut -> the verb whose form it opens."""

log = structlog.get_logger("stepdown.slack")


@dataclass(frozen=True, slots=True)
class CommandScope:
    """Who answers: the commands, who is who there, its fleet, and what stands before every answer."""

    commands: Commands
    access: Access
    fleet: Callable[[], Fleet]
    mark: str = ""


Route = Callable[[ParsedCommand, FormPlace], tuple[CommandScope | None, ParsedCommand]]
"""The commands of an exercise, where what was said is for one (else None), and what was said in its words."""


class Inbound:
    """What people type and click, turned into calls of the engine's commands."""

    def __init__(
        self,
        commands: Commands,
        access: Access,
        client: SlackClient,
        fleet: Callable[[], Fleet],
        prefix: str = "",
        own_user: Callable[[], str] = str,
    ) -> None:
        self._home = CommandScope(commands, access, fleet)
        self._access = access
        self._client = client
        self._fleet = fleet
        self._prefix = prefix
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="slack-work")
        self._forms = ThreadPoolExecutor(FORMS, thread_name_prefix="slack-forms")
        self._capture = Capture(commands, access, client, own_user, self._whisper)
        self.sli_charts: SliCharts | None = None
        """Who draws charts for those who ask; without one there are words only."""
        self.route: Route = lambda said, _: (None, said)
        self.more: Mapping[type, object] = {}
        """What roots of other floors ask for, by type."""

    def register(self, app: App) -> None:
        """Add a listener for every command, button, form, shortcut and event there is."""
        for root in ROOTS:
            app.command(f"/{self._prefix}{root}")(self._command(root))
        for action_id in ACTIONS:
            app.action(action_id)(self.on_click)
        app.view(modals.CALLBACK)(self.on_form)
        app.action(re.compile(r""))(self.on_click)  # after ours: what an older or newer version left on a card
        app.shortcut(ids.DECLARE_SHORTCUT)(self.on_declare_shortcut)
        for callback in ANYWHERE:
            app.shortcut(callback)(self.on_shortcut)
        app.event("app_home_opened")(self.on_home)
        app.event("reaction_added")(self._taken(self._capture.on_reaction))
        app.event("pin_added")(self._taken(self._capture.on_pin))
        app.event("subteam_members_changed")(self.on_members_changed)
        app.event("app_mention")(self.on_mention)

    def drain(self) -> None:
        """Wait for what is under way. Nothing that was acknowledged is dropped at shutdown."""
        self._forms.shutdown(wait=True)
        self._workers.shutdown(wait=True)

    # One function a kind of payload. The actor is the payload's own user, never Bolt's context.

    def _command(self, root: str) -> Callable[[Ack, Body], None]:
        def on_command(ack: Ack, command: Body) -> None:
            ack()
            place = FormPlace(
                command["user_id"],
                command.get("team_id") or "",
                command.get("channel_id") or "",
                command.get("response_url") or "",
                command.get("trigger_id") or "",
            )
            self._heard(root, command.get("text") or "", place)

        return on_command

    def on_click(self, ack: Ack, body: Body, action: Body) -> None:
        """A button or a menu."""
        ack()
        place = _place(body)
        try:
            said = clicked(action)
        except (ValueError, KeyError):
            log.warning(
                "a click is none of ours; the person is told",
                action=repr(action.get("action_id")),
                value=repr(action.get("value")),
            )
            self._workers.submit(self._tell, place, replies.refused(self._outdated("button")))
            return
        self._said(said, place)

    def _outdated(self, what: str) -> str:
        return (
            f"This {what} is of another version of Stepdown and does nothing any more; nothing changed. "
            f"Type /{self._prefix}incident for what can be done now."
        )

    def on_form(self, ack: Ack, body: Body, view: Body) -> None:
        """A form sent off: the same as the command typed in full."""
        try:
            said, place = modals.submitted(dict(view), body["user"]["id"], _team(body))
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("a form is none of ours; the person is told", form=repr(view.get("callback_id")))
            ack()
            place = FormPlace(body["user"]["id"], _team(body), "")
            self._workers.submit(self._tell, place, replies.refused(self._outdated("form")))
            return
        wrong = {one.name: why for one in said.verb.arguments if (why := problem(one, said.value(one.name)))}
        if wrong:
            ack(response_action="errors", errors=wrong)
            return
        ack()
        self._workers.submit(self._work, said, place)

    def on_declare_shortcut(self, ack: Ack, body: Body) -> None:
        """The message shortcut: declare an incident with the message as its title."""
        ack()
        text = unescape((body.get("message") or {}).get("text") or "")
        self._said(ParsedCommand(verb("incident", "declare"), "", (("title", text[:300]),)), _place(body))

    def on_shortcut(self, ack: Ack, body: Body) -> None:
        """A global shortcut: a form, from wherever somebody is."""
        ack()
        root, name = ANYWHERE[body["callback_id"]]
        self._said(ParsedCommand(verb(root, name)), _place(body))

    def on_home(self, event: Body) -> None:
        """Somebody looks at the home tab."""
        if event.get("tab") == "home":
            self._workers.submit(self._show_home, str(event["user"]), "")

    def _show_home(self, user: str, team: str) -> None:
        """Publish a person's home tab as it is now. A failure is logged: whoever opens it again asks again."""
        try:
            caller = self._access.caller(user, team)
            if not caller.stranger:
                view = home_view(self._home.commands.queries.home(caller.actor))
                call(self._client.views_publish, user_id=user, view=view)
        except SlackError as error:
            log.warning("Slack did not take a home tab", user=slack_id(user), why=str(error))
        except Exception:  # the thread's outer edge: nobody waits for this
            log.exception("a home tab could not be drawn", user=slack_id(user))

    def _taken(self, take: Callable[[Body], None]) -> Callable[[Body], None]:
        """Events of pins and reactions go to the workers; one that fails is logged and leaves no receipt."""

        def work(event: Body) -> None:
            try:
                take(event)
            except Exception:  # the thread's outer edge: the next event must work
                log.exception("a message could not be taken over into the timeline", item=repr(event.get("item")))

        def on_event(event: Body) -> None:
            self._workers.submit(work, event)

        return on_event

    def _whisper(self, user: str, channel: str, words: str) -> None:
        self._tell(FormPlace(user, "", channel), blocks.line(words))

    def on_members_changed(self) -> None:
        """A user group changed: look everybody up again."""
        self._access.forget()

    def on_mention(self, event: Body) -> None:
        """Slash commands do not work in threads; the words after a mention do."""
        text = str(event.get("text") or "").partition(">")[2].strip()
        root, _, rest = text.partition(" ")
        known = next((name for name in ROOTS if name == root.strip("/").casefold()), None)
        place = FormPlace(str(event["user"]), str(event.get("team") or ""), str(event["channel"]))
        self._heard(known or "incident", rest if known else text, place)

    # What follows is the same for all of them.

    def _heard(self, root: str, text: str, place: FormPlace) -> None:
        try:
            said = parse(root, text)
        except Unclear as why:
            self._workers.submit(self._tell, place, replies.unclear(root, str(why), self._prefix, self._fleet()))
            return
        self._said(said, place)

    def _said(self, said: ParsedCommand, place: FormPlace) -> None:
        """Open the form first where something is missing (a trigger lives three seconds), else go to work."""
        if said.missing and place.trigger_id:
            self._forms.submit(self._ask, said, place)
        else:
            self._workers.submit(self._work, said, place)

    def _ask(self, said: ParsedCommand, place: FormPlace) -> None:
        words = f"The form did not open. Say it in full: {self._typed(said)}"
        try:
            call(self._client.views_open, trigger_id=place.trigger_id, view=self._form(said, place))
        except SlackError as error:
            log.warning(
                "Slack did not open a form; the person is told what to type", verb=said.verb.name, why=str(error)
            )
            self._tell(place, replies.refused(words))
        except Exception:  # the thread's outer edge: the person must hear of it
            log.exception("a form could not be made; the person is told what to type", verb=said.verb.name)
            self._tell(place, replies.refused(words))

    def _form(self, said: ParsedCommand, place: FormPlace) -> Mapping[str, Any]:
        routed, said = self.route(said, place)
        scope = routed or self._home
        return modals.form(said, place, scope.fleet(), _open_steps(scope, said, place))

    def _work(self, said: ParsedCommand, place: FormPlace) -> None:
        try:
            drawn = self._done(said, place)
            if drawn is not None:
                self._tell(place, drawn)
            if place.home:
                self._show_home(place.user, place.team)
        except Exception:  # the thread's outer edge: the person must hear of it, and the next click must work
            log.exception("a command failed; the person is told", root=said.verb.root, verb=said.verb.name)
            self._tell(place, replies.failed(said))

    def _done(self, said: ParsedCommand, place: FormPlace) -> Drawn | None:
        """Do it; None where the card that was tapped says all there is to say."""
        if said.verb.name == "help":
            return replies.unclear(said.verb.root, "", self._prefix, self._fleet())
        if said.missing:
            asked = ", ".join(one.name for one in said.missing)
            return replies.refused(f"Missing: {asked}. {self._typed(said)}")
        routed, said = self.route(said, place)
        scope = routed or self._home
        caller = scope.access.caller(place.user, place.team)
        if caller.stranger:
            why = f"Only full members of this workspace may use Stepdown, and {caller.barred}. Nothing changed."
            number = int(said.subject) if said.verb.about == "incident" and said.subject else None
            return replies.refused(scope.commands.acts.refuse(caller.actor, why, number or _here(scope, place)).text)
        answer = act(Invocation(scope.commands, caller.actor, said, place.channel, more=self.more))
        if answer.chart is not None and self.sli_charts is not None:
            self._workers.submit(self.sli_charts.show, place, *answer.chart)
        if answer.ok and said.verb.said_by_card and place.tapped:
            return None
        return replies.marked(scope.mark, replies.reply(said, answer, scope.commands, place.channel))

    def _typed(self, said: ParsedCommand) -> str:
        return typed(ROOTS[said.verb.root], said.verb, self._prefix)

    def _tell(self, place: FormPlace, drawn: Drawn) -> None:
        """Answer whoever asked, and nobody else: where they asked, or else directly."""
        shown = {"text": drawn.text, "blocks": list(drawn.blocks)}
        if place.response_url and self._answered(place.response_url, shown):
            return
        try:
            if place.channel:
                call(self._client.chat_postEphemeral, channel=place.channel, user=place.user, **shown)
                return
        except SlackError as error:
            log.info(
                "no ephemeral answer is possible; it goes as a direct message",
                channel=slack_id(place.channel),
                why=str(error),
            )
        try:
            room = call(self._client.conversations_open, users=place.user)["channel"]["id"]
            call(self._client.chat_postMessage, channel=room, unfurl_links=False, unfurl_media=False, **shown)
        except SlackError as error:
            log.warning("a person could not be answered", user=slack_id(place.user), why=str(error))

    def _answered(self, url: str, shown: Mapping[str, object]) -> bool:
        try:
            self._client.reply(url, {**shown, "response_type": "ephemeral", "replace_original": False})
        except SlackError as error:
            log.info("the response URL is used up; another way is taken", why=str(error))
            return False
        return True


def _here(scope: CommandScope, place: FormPlace) -> int | None:
    """The incident whose channel this is."""
    return scope.commands.queries.incident_in(place.channel) if place.channel else None


def _open_steps(scope: CommandScope, said: ParsedCommand, place: FormPlace) -> Sequence[tuple[str, str]]:
    """(id, title) of the steps to choose from, for a form that asks for one; none where they cannot be told.

    Read from our own database, which is quick: the trigger lives three seconds.
    """
    if not any(one.sort == "step" for one in said.verb.arguments):
        return ()
    try:
        number = int(said.subject) if said.subject else scope.commands.queries.incident_in(place.channel)
        return scope.commands.queries.open_steps(number) if number is not None else ()
    except Exception:  # the form matters more than its list: it then asks for the step in words
        log.exception("the open steps could not be listed; the form asks in words")
        return ()


def _team(body: Body) -> str:
    """The workspace of the person, not of the channel: they differ in shared channels."""
    user, team = body.get("user") or {}, body.get("team") or {}
    return str(user.get("team_id") or team.get("id") or "")


def _place(body: Body) -> FormPlace:
    channel = body.get("channel") or {}
    return FormPlace(
        body["user"]["id"],
        _team(body),
        str(channel.get("id") or (body.get("container") or {}).get("channel_id") or ""),
        str(body.get("response_url") or ""),
        str(body.get("trigger_id") or ""),
        tapped=True,
        home=(body.get("view") or {}).get("type") == "home",
    )
