"""The workspace the tests stand on, and a small client of the control API."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import httpx
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.localslack.server import LocalSlack
from bot.localslack.state.manifest import DEFAULT_SCOPES
from tests.support.patience import PATIENCE

Json = dict[str, Any]

LACKING = ("chat:write.public", "chat:write.customize")
MANIFEST: Json = {
    "display_information": {"name": "Probe"},
    "features": {
        "bot_user": {"display_name": "Probe"},
        "slash_commands": [
            {"command": "/probe", "description": "Look closer", "usage_hint": "[what]"},
            {"command": "/named", "description": "With names", "should_escape": True},
        ],
        "shortcuts": [
            {"name": "Look", "callback_id": "look", "type": "global"},
            {"name": "Keep", "callback_id": "keep", "type": "message"},
        ],
    },
    "oauth_config": {"scopes": {"bot": [scope for scope in DEFAULT_SCOPES if scope not in LACKING]}},
    "settings": {
        "event_subscriptions": {
            "bot_events": [
                *("app_mention", "app_home_opened", "message.channels", "message.groups", "message.im"),
                *("reaction_added", "reaction_removed", "pin_added", "pin_removed", "member_joined_channel"),
                *("member_left_channel", "channel_archive", "channel_created", "file_shared", "channel_rename"),
            ]
        }
    },
}
WORKSPACE: Json = {
    "users": [
        {"name": "ana", "real_name": "Ana Silva", "email": "ana@example.com", "tz": "Europe/Lisbon"},
        {"name": "ben", "real_name": "Ben Okafor", "email": "ben@example.com"},
        {"name": "cleo", "real_name": "Cleo Left", "email": "cleo@example.com", "deleted": True},
        {"name": "gus", "real_name": "Gus Guest", "is_restricted": True},
    ],
    "usergroups": [{"id": "S0RESP", "handle": "responders", "users": ["ana", "ben"]}],
    "channels": [
        {"id": "C0GEN", "name": "general", "members": ["ana", "ben", "@app"]},
        {"id": "C0OUT", "name": "elsewhere", "members": ["ana"]},
        {"id": "C0SEC", "name": "secret", "members": ["ana"], "is_private": True},
    ],
    "app": {"manifest": MANIFEST},
}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str = "hello", **more: object) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str, text: str = "Go", **more: object) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


def actions(*elements: Json, block_id: str = "act") -> Json:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def entry(block_id: str, action_id: str, element: Json | None = None, **more: object) -> Json:
    element = {"type": "plain_text_input", "action_id": action_id} | (element or {})
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element, **more}


def modal(*blocks: Json, **more: object) -> Json:
    made = {"type": "modal", "callback_id": "modal", "title": plain("Title"), "blocks": list(blocks)}
    return {**made, "submit": plain("Send"), **more}


# One client for all: making one costs more than most calls.
HTTP = httpx.Client(trust_env=False, verify=False, timeout=2 * PATIENCE)  # noqa: S501  plain HTTP on loopback


class Control:
    """The control API. A refusal comes back as its answer; the tests look at it."""

    def __init__(self, url: str) -> None:
        self.url = f"{url}/_control"

    def post(self, name: str, /, **body: object) -> Json:
        answer: Json = HTTP.post(f"{self.url}/{name}", json=body).json()
        return answer

    def get(self, name: str, /, **query: object) -> Json:
        params = {key: str(value) for key, value in query.items()}
        answer: Json = HTTP.get(f"{self.url}/{name}", params=params).json()
        return answer

    def messages(self, channel: str, user: str | None = None) -> list[Json]:
        found: list[Json] = self.get("messages", channel=channel, **({"user": user} if user else {}))["messages"]
        return found

    def texts(self, channel: str, user: str | None = None) -> list[str]:
        return [message["text"] for message in self.messages(channel, user)]

    def wait(self, channel: str, contains: str, **query: object) -> Json:
        answer = self.get("wait", **{"channel": channel, "contains": contains, "timeout": PATIENCE, **query})
        assert answer["ok"], answer
        return dict(answer["message"])

    def deliveries(self, what: str | None = None) -> list[Json]:
        found: list[Json] = self.get("deliveries")["deliveries"]
        return [one for one in found if what in {None, one["what"]}]

    def trigger(self, user: str = "ana") -> str:
        """A fresh trigger id: that of a command nobody acknowledges."""
        self.post("slash", user=user, channel="general", command="/probe")
        return str(self.deliveries("/probe")[-1]["payload"]["trigger_id"])


class Ground:
    """What rows of the contract tables may name with a dollar sign, made when it is first named."""

    general = "C0GEN"
    ana_id = "U0ANA"

    def __init__(self, slack: LocalSlack, client: WebClient, control: Control) -> None:
        self.slack = slack
        self.client = client
        self.control = control

    @cached_property
    def ts(self) -> str:
        """A message of the app in #general."""
        metadata = {"event_type": "effect", "event_payload": {"effect": "e-1"}}
        posted = self.client.chat_postMessage(channel=self.general, text="first", metadata=metadata)
        return str(posted["ts"])

    @cached_property
    def theirs(self) -> str:
        """A message of Ana in #general."""
        return str(self.control.post("say", user="ana", channel="general", text="mine")["ts"])

    @cached_property
    def thread(self) -> str:
        """A message of the app with two replies."""
        parent = str(self.client.chat_postMessage(channel=self.general, text="parent")["ts"])
        for text in ("one", "two"):
            self.client.chat_postMessage(channel=self.general, text=text, thread_ts=parent)
        return parent

    @cached_property
    def reply(self) -> str:
        return str(self.client.chat_postMessage(channel=self.general, text="reply", thread_ts=self.ts)["ts"])

    @cached_property
    def own(self) -> str:
        """A channel the app made."""
        return str(self.client.conversations_create(name="inc-0001")["channel"]["id"])

    @cached_property
    def shared(self) -> str:
        """The same with Ana in it."""
        self.client.conversations_invite(channel=self.own, users=self.ana_id)
        return self.own

    @cached_property
    def closed(self) -> str:
        """An archived channel the app made."""
        made = str(self.client.conversations_create(name="inc-0000")["channel"]["id"])
        self.client.conversations_archive(channel=made)
        return made

    @cached_property
    def private(self) -> str:
        return str(self.client.conversations_create(name="quiet", is_private=True)["channel"]["id"])

    @cached_property
    def dm(self) -> str:
        return str(self.client.conversations_open(users=self.ana_id)["channel"]["id"])

    @property
    def trigger(self) -> str:
        return self.control.trigger()

    @cached_property
    def used_trigger(self) -> str:
        trigger = self.control.trigger()
        self.client.views_open(trigger_id=trigger, view=modal(section()))
        return trigger

    @cached_property
    def old_trigger(self) -> str:
        trigger = self.control.trigger()
        self.control.post("clock/advance", seconds=3.5)
        return trigger

    @cached_property
    def view(self) -> str:
        """A modal that is open for Ana."""
        opened = self.client.views_open(
            trigger_id=self.trigger, view=modal(actions(button("deeper")), external_id="ext")
        )
        return str(opened["view"]["id"])

    @cached_property
    def ext(self) -> str:
        """The same modal by the app's own name for it."""
        return "ext" if self.view else ""

    @property
    def push_trigger(self) -> str:
        """The trigger of a click inside Ana's open modal."""
        self.control.post("click", user="ana", view_id=self.view, action_id="deeper")
        return str(self.control.deliveries("button deeper")[-1]["payload"]["trigger_id"])

    @cached_property
    def full_stack_trigger(self) -> str:
        """A trigger of Ana's modal with two more on top."""
        for _ in range(2):
            self.client.views_push(trigger_id=self.push_trigger, view=modal(section()))
        return self.push_trigger

    @cached_property
    def pinned(self) -> str:
        self.client.pins_add(channel=self.general, timestamp=self.ts)
        return self.ts

    @cached_property
    def reacted(self) -> str:
        self.client.reactions_add(channel=self.general, timestamp=self.ts, name="eyes")
        return self.ts

    @cached_property
    def bookmark(self) -> str:
        made = self.client.bookmarks_add(
            channel_id=self.general, title="Runbook", type="link", link="https://example.com"
        )
        return str(made["bookmark"]["id"])

    @cached_property
    def file(self) -> str:
        """An upload that is shared."""
        return str(self.client.files_upload_v2(channel=self.general, content="abc", filename="a.txt")["file"]["id"])

    @cached_property
    def announced(self) -> str:
        """An upload whose bytes have not come."""
        return str(self.client.files_getUploadURLExternal(filename="b.txt", length=3)["file_id"])

    @cached_property
    def uploaded(self) -> str:
        """An upload whose bytes have come and that is not shared."""
        made = self.client.files_getUploadURLExternal(filename="c.txt", length=3)
        HTTP.post(made["upload_url"], content=b"abc").raise_for_status()
        return str(made["file_id"])

    @cached_property
    def canvas(self) -> str:
        content = {"type": "markdown", "markdown": "# Head\n\nbody"}
        made = self.client.conversations_canvases_create(channel_id=self.general, document_content=content)
        return str(made["canvas_id"])

    @cached_property
    def canvas_section(self) -> str:
        found = self.client.canvases_sections_lookup(canvas_id=self.canvas, criteria={"contains_text": "body"})
        return str(found["sections"][0]["id"])

    @cached_property
    def scheduled(self) -> str:
        later = self.later
        return str(
            self.client.chat_scheduleMessage(channel=self.general, text="x", post_at=later)["scheduled_message_id"]
        )

    @property
    def later(self) -> int:
        return int(self.control.get("clock")["now"]) + 600

    @property
    def earlier(self) -> int:
        return int(self.control.get("clock")["now"]) - 600

    @property
    def much_later(self) -> int:
        return int(self.control.get("clock")["now"]) + 121 * 24 * 3600

    @cached_property
    def url(self) -> str:
        return self.slack.url

    def fill(self, value: object) -> Any:  # noqa: ANN401  whatever stands in the row
        """A row's arguments with `$name` replaced by what this has of that name."""
        if isinstance(value, str) and value.startswith("$"):
            return getattr(self, value[1:])
        if isinstance(value, dict):
            return {name: self.fill(content) for name, content in value.items()}
        return [self.fill(content) for content in value] if isinstance(value, list) else value


def dig(answer: Any, path: str) -> Any:  # noqa: ANN401  any JSON
    """What stands at `a.0.b`; `#` is the length."""
    for part in path.split("."):
        if part == "#":
            return len(answer)
        answer = answer[int(part)] if isinstance(answer, list) else answer.get(part)
    return answer


class Heard:
    """What a Bolt app heard, to be waited for."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self._changed = threading.Condition()

    def note(self, entry: object) -> None:
        with self._changed:
            self.entries.append(json.loads(json.dumps(entry)))
            self._changed.notify_all()

    def wait(self, count: int = 1, timeout: float = PATIENCE) -> list[Any]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.entries) >= count, timeout), self.entries
            return list(self.entries)


@contextmanager
def bolt(slack: LocalSlack, prepare: Callable[[App], object]) -> Iterator[SocketModeHandler]:
    """A Bolt app on a socket, with what `prepare` registers on it."""
    app = App(client=WebClient(slack.bot_token, base_url=slack.api_url), signing_secret=slack.signing_secret)
    prepare(app)
    app.event({"type": "message"})(lambda: None)
    with socket(slack, app) as made:
        yield made


@contextmanager
def socket(slack: LocalSlack, app: App, ping_interval: float = 0.3) -> Iterator[SocketModeHandler]:
    made = SocketModeHandler(app, slack.app_token, ping_interval=ping_interval, web_client=app.client)
    made.client.connect()
    try:
        yield made
    finally:
        hang_up(slack, made.client)


def hang_up(slack: LocalSlack, client: SocketModeClient) -> None:
    """Close a client whose connections were cut first: closing one that reads takes it up to three seconds."""
    client.auto_reconnect_enabled = client.default_auto_reconnect_enabled = False
    Control(slack.url).post("faults", fault="drop_socket")
    client.close()


class Robot:
    """An app on a bare socket of the SDK: notes every payload, acknowledges with what `answer` gives.

    `answer` maps a payload to the body of the acknowledgement, None for none at all.
    """

    def __init__(self, slack: LocalSlack) -> None:
        web_client = WebClient(base_url=slack.api_url)
        self.client = SocketModeClient(slack.app_token, web_client=web_client, ping_interval=1)
        self.client.socket_mode_request_listeners.append(self._heard)
        self.forget()
        self.client.connect()

    def forget(self) -> None:
        self.heard: dict[str, Heard] = {}
        self.answer: Callable[[Json], Json | None] = lambda _payload: {}

    def _heard(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        payload = request.payload
        event = payload.get("type") == "event_callback"
        kind = payload["event"]["type"] if event else payload.get("type", "command")
        self.heard.setdefault(kind, Heard()).note(payload)
        answer = {} if event else self.answer(payload)
        if answer is not None:
            client.send_socket_mode_response(SocketModeResponse(request.envelope_id, answer or None))

    def wait(self, kind: str, count: int = 1) -> Json:
        """The last of `count` payloads of a kind."""
        return dict(self.heard.setdefault(kind, Heard()).wait(count)[count - 1])
