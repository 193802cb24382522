"""The responder of an unattended demo: taps the same buttons a person would, in the local Slack, over HTTP.

It sees only what Slack shows. Each tap waits until its button is there; one that never comes ends the story.
"""

import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import httpx

from bot.core.model.people import Actor
from bot.demo.setup import DemoSetup
from bot.simulation import demo_fleet
from bot.slack import ids

OWNER, SECOND = "U0ANA", "U0BO"
LOOK_EVERY = 0.25
PATIENCE = 3.0
"""Seconds after which a restore that was asked for and is not there has been refused."""
CAUSE = (
    "cause schema the payments tool began to require `currency` tonight, and the agent repeats what it refuses",
    "ruleout prompt the same version in every trace for days",
    "ruleout model the same version in every trace for days",
)
"""What the owner types once the colleague has spoken."""
AT_THE_END = ("clock", "restore", "follow-ups")
"""Steps of the last phase that are done only when the rung is restored."""
UPDATES = timedelta(minutes=20)
"""Scenario time between two updates; people are reminded after 30 minutes."""
Message = Mapping[str, Any]
T = TypeVar("T")


def _any(_: str) -> bool:
    return True


class StoryStoppedError(Exception):
    """What was waited for did not come; the sentence says what."""


class Phone:
    """One person's Slack."""

    def __init__(self, url: str, user: str, deadline: float) -> None:
        # A kept connection may be closed at the other end just when a late tap goes out; on a busy machine it was.
        once = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(base_url=url, timeout=10, trust_env=False, limits=once)
        self._user = user
        self._deadline = deadline

    def messages(self, channel: str) -> list[Message]:
        """What this person sees in a channel, oldest first."""
        found = self._ask("messages", {"channel": channel, "user": self._user})
        return list(found.get("messages", []))

    def tap(self, channel: str, action: str, wanted: Callable[[str], bool] = _any, card: str = "") -> None:
        """Tap the newest button of that action as soon as it is there; again if the card changed under the thumb.

        `card`: how the block ids of the card begin that it has to be on.
        """
        wait_for(
            f"a button {action} for {self._user}", lambda: self._tap(channel, action, wanted, card), self._deadline
        )

    def sees(self, channel: str, action: str, wanted: Callable[[str], bool]) -> bool:
        """Whether such a button is on screen now."""
        return self._button(channel, action, wanted, "") is not None

    def _tap(self, channel: str, action: str, wanted: Callable[[str], bool], card: str) -> bool:
        found = self._button(channel, action, wanted, card)
        if found is None:
            return False
        message, element = found
        body = {"user": self._user, "channel": message["channel"], "ts": message["ts"], "action_id": action}
        which = {"block_id": element["block_id"], "value": element.get("value", "")}
        answer = self._do("click", {**body, **which})
        if not answer.get("ok") and answer.get("error") != "no_such_action":
            raise StoryStoppedError(f"{self._user} tapped {action}: {answer}")
        return bool(answer.get("ok"))

    def command(self, channel: str, command: str, text: str) -> None:
        """Type a slash command."""
        body = {"user": self._user, "channel": channel, "command": command, "text": text}
        answer = self._do("slash", body)
        if not answer.get("ok"):
            raise StoryStoppedError(f"{self._user} typed {command} {text}: {answer}")

    def fill(self, text: str) -> None:
        """Write the text into the fields of the form that opens, and send it."""
        view = wait_for(f"a form for {self._user}", self._view, self._deadline)
        inputs = [block for block in view["blocks"] if block.get("type") == "input" and not block.get("optional")]
        values = {block["block_id"]: {block["element"]["action_id"]: text} for block in inputs}
        body = {"user": self._user, "view_id": view["id"], "values": values}
        answer = self._do("submit", body)
        if not answer.get("ok"):
            raise StoryStoppedError(f"{self._user} sent a form: {answer}")

    def _view(self) -> Message | None:
        views = self._ask("views", {"user": self._user}).get("views", [])
        return views[-1] if views else None

    def _ask(self, what: str, about: Mapping[str, str]) -> Message:
        return self._answered(what, lambda: self._client.get(f"/_control/{what}", params=about))

    def _do(self, what: str, body: Mapping[str, object]) -> Message:
        return self._answered(what, lambda: self._client.post(f"/_control/{what}", json=body))

    def _answered(self, what: str, call: Callable[[], httpx.Response]) -> Message:
        """The answer. Raises StoryStoppedError, in a sentence, where there is none."""
        try:
            found: Message = call().json()
        except (httpx.HTTPError, ValueError) as error:
            raise StoryStoppedError(f"the local Slack did not answer {self._user}'s {what}: {error}") from error
        return found

    def _button(
        self, channel: str, action: str, wanted: Callable[[str], bool], card: str
    ) -> tuple[Message, Mapping[str, Any]] | None:
        for message in reversed(self.messages(channel)):
            for element in _elements(message):
                fits = element["block_id"].startswith(card) and wanted(str(element.get("value", "")))
                if element.get("action_id") == action and fits:
                    return {**message, "channel": message.get("channel", channel)}, element
        return None


def _is_approval(value: str) -> bool:
    return "|approval" in value


def _is_about(step_id: str, value: str) -> bool:
    return f"|{step_id}|" in f"{value}|"


def _elements(message: Message) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for block in message.get("blocks", []):
        inside = block.get("elements", []) if block.get("type") == "actions" else []
        inside = [*inside, block["accessory"]] if block.get("accessory") else inside
        found += [{**element, "block_id": block.get("block_id", "")} for element in inside]
    return found


def wait_for(what: str, look: Callable[[], T | None], deadline: float) -> T:
    """Look until there is something. Raises StoryStoppedError at the deadline (seconds, monotonic)."""
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise StoryStoppedError(f"waited in vain for {what}")
        time.sleep(LOOK_EVERY)


def take_the_lead(stage: DemoSetup) -> None:
    """Make the owner lead what they acknowledged: a newcomer is not to be reminded of a role they never heard of."""
    ana = demo_fleet.PEOPLE[0]
    for incident in stage.app.store.open_incidents(demo_fleet.FAILING):
        if incident.acked_by == ana.key and not incident.roles.get("lead"):
            stage.app.commands.teamwork.take_role(
                Actor(ana.key, ana.name, ana.slack, responder=True), incident.id, "lead"
            )


class ScriptedResponder:
    """Plays Ana, who owns the agent, and Bo, who is the second person."""

    def __init__(self, stage: DemoSetup, deadline: float) -> None:
        self._stage = stage
        self._deadline = deadline
        self._ana = Phone(stage.slack.url, OWNER, deadline)
        self._bo = Phone(stage.slack.url, SECOND, deadline)

    def play(self) -> None:
        """The whole story, tap by tap."""
        self._until("the page to be written down as sent", self._paged)  # a person is never so quick
        self._ana.tap(f"@{OWNER}", ids.ACK)
        channel = wait_for("the incident's channel", lambda: self._incident().channel, self._deadline)
        self._ana.command(channel, "/incident", "role lead")
        over = threading.Event()
        updates = threading.Thread(target=self._keep_informed, args=(channel, over), name="updates", daemon=True)
        updates.start()
        try:
            self._respond(channel)
        finally:
            over.set()
            updates.join()

    def _respond(self, channel: str) -> None:
        """From the step down to the postmortem draft."""
        self._contain(channel)
        self._until("the step down to be confirmed", lambda: self._incident().rungs.state == "confirmed")
        for phase in ("detection", "attribution", "containment"):
            self._walk(channel, phase)
        self._until("the cause to be mended", lambda: self._stage.telling and self._stage.telling.told.is_set())
        self._walk(channel, "recovery", leave=AT_THE_END)  # first: the numbers come back within a minute
        for words in CAUSE:
            self._ana.command(channel, "/incident", words)
        while self._incident().rungs.rung != self._incident().rungs.normal:
            self._restore(channel)
        self._walk(channel, "recovery", leave=())
        self._until("the last 30 minutes to hold", lambda: self._incident().state == "recovered")
        self._ana.tap(channel, ids.RESOLVE)
        self._until("the postmortem draft", lambda: self._incident().postmortem)
        name = f"{self._incident().number.lower()}-{demo_fleet.FAILING}-postmortem.md"
        self._until("the draft in the channel", lambda: self._file_there(channel, name))

    def _contain(self, channel: str) -> None:
        """Step down to the rung this story is about; by name where a slow start let the cards propose a lower one."""
        self._until("a way down", lambda: self._ana.sees(channel, ids.LOWER, _any))
        if self._ana.sees(channel, ids.LOWER, _is_approval):
            self._ana.tap(channel, ids.LOWER, _is_approval)
        else:
            self._ana.command(channel, "/autonomy", f"{demo_fleet.FAILING} approval the loop writes")

    def _incident(self) -> Any:  # noqa: ANN401 - Incident; the demo has exactly one
        found = self._stage.app.store.incidents(10)
        if not found:
            raise StoryStoppedError("there is no incident")
        return next(incident for incident in reversed(found) if incident.agent == demo_fleet.FAILING)

    def _paged(self) -> bool:
        store = self._stage.app.store
        found = [one.id for one in store.incidents(10) if one.agent == demo_fleet.FAILING]
        return any(sealed.entry.kind == "page_settled" for number in found for sealed in store.entries(number))

    def _until(self, what: str, look: Callable[[], object]) -> None:
        wait_for(what, look, self._deadline)

    def _walk(self, channel: str, phase: str, leave: tuple[str, ...] = ()) -> None:
        """Mark the steps of a phase done, in order: the optional ones too, or their time boxes bring reminders."""
        for step in self._incident().plan.of(phase):
            if step.id not in leave and not self._marked(step.id):
                self._ana.tap(channel, ids.STEP_DONE, partial(_is_about, step.id))
                self._until(f"{step.id} to be marked", partial(self._marked, step.id))

    def _keep_informed(self, channel: str, over: threading.Event) -> None:
        """Tell people how it stands before they have to be reminded to."""
        clock = self._stage.clock
        told = clock.now()
        while not over.wait(LOOK_EVERY):
            if clock.now() - told >= UPDATES:
                told = clock.now()
                incident = self._incident()
                if not incident.open:
                    return
                words = f"refunds is on {incident.rungs.rung}, the incident is {incident.state}."
                self._ana.command(channel, "/incident", f"update {words} More in {UPDATES.seconds // 60} minutes.")

    def _marked(self, step_id: str) -> bool:
        return step_id in self._incident().marks

    def _restore(self, channel: str) -> None:
        """Ask for one rung up as Ana, approve it as Bo."""
        before = self._incident().rungs.rung
        asked = False
        while not asked:
            self._ana.tap(channel, ids.RESTORE, card="recovery")
            self._ana.fill("the tool schema is rolled back and the numbers have held")
            asked = self._asked_for()
        self._bo.tap(channel, ids.APPROVE)
        self._until("the restore", lambda: self._incident().rungs.rung != before)

    def _asked_for(self) -> bool:
        """Whether a restore waits for Bo. One that is refused, as the numbers moved under the thumb, is asked again."""
        soon = min(self._deadline, time.monotonic() + PATIENCE)
        try:
            return bool(wait_for("the restore", lambda: self._incident().rungs.restore_to, soon))
        except StoryStoppedError:
            return False

    def _file_there(self, channel: str, name: str) -> bool:
        return any(
            file.get("name") == name for message in self._ana.messages(channel) for file in message.get("files", [])
        )
